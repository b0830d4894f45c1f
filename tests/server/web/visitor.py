"""Browsers of tests: logged in by a session of their own, sending forms with the token that the page holds."""

import re
import secrets

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from server.domain.rights import Role
from server.models.sessions import Session
from server.services.tokens import token_hash
from tests.server.family import NOW, Family

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Visitor:
    """One browser."""

    def __init__(self, app: Flask, token: str = "") -> None:
        self.client: FlaskClient = app.test_client()
        self.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
        if token:
            self.client.set_cookie("gdp_session", token)

    def get(self, path: str) -> TestResponse:
        """Open a page."""
        return self.client.get(path)

    def text(self, path: str) -> str:
        """Open a page that must be there, and return it."""
        answer = self.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text[:2000])
        return answer.text

    def send(self, path: str, *, page: str = "", **fields: str) -> TestResponse:
        """Send a form with the token of the page that it stands on; without one named, of the account's."""
        return self.client.post(path, data=fields | {"csrf_token": self.form_token(page or path)})

    def form_token(self, page: str) -> str:
        """Return the token of a page's forms."""
        for tried in (page, "/account", "/login"):
            found = _TOKEN.search(self.get(tried).text)
            if found:
                return found[1]
        raise AssertionError(f"{page} has no form")


class Visitors:
    """Makes browsers for the users of a family."""

    def __init__(self, app: Flask, family: Family) -> None:
        self._app, self._family = app, family

    def anybody(self) -> Visitor:
        """Return a browser in which nobody is logged in."""
        return Visitor(self._app)

    def of(self, party: str, role: Role = Role.OWNER, *, on_behalf_of: str = "") -> Visitor:
        """Return a browser in which somebody is logged in: as the own party, or as one below."""
        token = secrets.token_urlsafe()
        Session.create(
            token_hash=token_hash(token),
            user=self._family.user(party, role),
            party=self._family[party],
            on_behalf_of=self._family[on_behalf_of] if on_behalf_of else None,
            created_at=NOW,
            last_seen_at=NOW,
            address="127.0.0.1",
            agent="test",
        )
        return Visitor(self._app, token)
