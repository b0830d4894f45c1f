"""A browser that keeps cookies and fills in forms, over real connections."""

import re
from html import unescape
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, Request, build_opener


class Browser:
    """One visitor."""

    def __init__(self, url: str) -> None:
        self._opener = build_opener(HTTPCookieProcessor(CookieJar()))
        self._url = url
        self.status = 0
        self.place = ""
        self.page = ""

    def open(self, path: str, fields: dict[str, str] | None = None) -> str:
        """Get a page, or send a form to it with its hidden token; follow where it leads, and return the page."""
        data = None
        if fields is not None:
            token = re.search(r'name="csrf_token" value="([^"]+)"', self.page)
            assert token, self.page
            data = urlencode({"csrf_token": unescape(token[1]), **fields}).encode()
        request = Request(urljoin(self._url, path), data=data, headers={"Accept-Language": "en"})
        try:
            with self._opener.open(request, timeout=30) as answer:
                self.status, self.place, self.page = answer.status, answer.url, answer.read().decode()
        except HTTPError as error:
            self.status, self.place, self.page = error.code, error.url or "", error.read().decode()
        return self.page
