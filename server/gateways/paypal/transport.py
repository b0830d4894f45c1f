"""Speaks with PayPal: who we are, how long we wait, what is tried again. Knows no orders and no money.

Tried again, with the same ``PayPal-Request-Id``, is what may succeed then and cannot happen twice: a broken line,
409 (the same request is at work), 429 and 5xx. Whatever else PayPal says is an answer. Neither secrets nor what payers are called
are ever in a message or in the log.
"""

import json
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Final

import urllib3

from server.domain.errors import ServerError
from server.domain.sentence import N_

CONNECT_SECONDS: Final = 5.0
READ_SECONDS: Final = 20.0  # a capture takes PayPal up to ten
TRIES: Final = 3
PAUSE_SECONDS: Final = 0.3  # doubled after each try
_LARGEST_ANSWER: Final = 4 * 1024 * 1024  # bytes
_TOKEN_SPARE_SECONDS: Final = 60.0
_UNAUTHORISED = 401
_AGAIN = {409, 429}  # the same request is at work at this moment; too many


class PayPalError(ServerError):
    """PayPal could not be asked, or said no."""

    http_status = 502


class PayPalAway(PayPalError):
    """There was no answer that means anything: the work may be done, or not. Ask again later."""


class PayPalRefused(PayPalError):
    """PayPal said no, for good; ``issue`` is its word for why, such as ``INSTRUMENT_DECLINED``."""

    def __init__(self, issue: str, status: int) -> None:
        super().__init__(N_("PayPal refused this: {issue}."), N_("Look it up in PayPal's documentation of errors."), issue=issue)
        self.issue = issue
        self.status = status


class PayPalLoginWrong(PayPalError):
    """PayPal does not know this client id with this secret."""

    http_status = 422


@dataclass(frozen=True, slots=True)
class Credentials:
    """Who we are to PayPal."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(slots=True)
class _Token:
    text: str = field(repr=False)
    until: float


class Transport:
    """Asks PayPal under one address. May be shared by threads; keeps tokens in memory only."""

    def __init__(self, url: str, *, read_seconds: float = READ_SECONDS, pause_seconds: float = PAUSE_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._pause_seconds = pause_seconds
        self._http = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=read_seconds), retries=False, maxsize=8
        )
        self._tokens: dict[Credentials, _Token] = {}
        self._lock = threading.Lock()

    def get(self, who: Credentials, path: str) -> Any:
        """Return what lies under a path. Raises PayPalAway, PayPalRefused, PayPalLoginWrong."""
        return self._ask(who, "GET", path, None, {})

    def post(self, who: Credentials, path: str, body: bytes, *, key: str = "") -> Any:
        """Send JSON, and return the answer; ``key`` lets PayPal know the request again. Raises as ``get``."""
        headers = {"Content-Type": "application/json", "Prefer": "return=representation"}
        return self._ask(who, "POST", path, body, headers | ({"PayPal-Request-Id": key} if key else {}))

    def check(self, who: Credentials) -> None:
        """Raise PayPalLoginWrong unless PayPal knows the credentials; PayPalAway where it cannot be asked."""
        self._fresh_token(who)

    def _ask(self, who: Credentials, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        status, answer = self._send(method, path, body, headers | self._bearer(who))
        if status == _UNAUTHORISED:  # a token ends when PayPal says so
            with self._lock:
                self._tokens.pop(who, None)
            status, answer = self._send(method, path, body, headers | self._bearer(who))
        if status == _UNAUTHORISED:
            raise _login_wrong()
        if not 200 <= status < 300:
            raise PayPalRefused(_issue(answer), status)
        return answer

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, Any]:
        reason = ""
        for attempt in range(TRIES):
            if attempt:
                time.sleep(self._pause_seconds * 2 ** (attempt - 1))
            try:
                status, content = self._send_once(method, path, body, headers)
                if status not in _AGAIN and status < 500:
                    return status, json.loads(content) if content else {}
                reason = str(status)
            except (urllib3.exceptions.HTTPError, ValueError) as error:
                reason = type(error).__name__
        raise PayPalAway(
            N_("PayPal does not answer ({reason})."), N_("Nothing is lost. Try again in a few minutes."), reason=reason
        )

    def _send_once(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> tuple[int, bytes]:
        answer = self._http.request(method, self._url + path, body=body, headers=headers, redirect=False, preload_content=False)
        try:
            return answer.status, answer.read(_LARGEST_ANSWER, decode_content=True)
        finally:
            answer.release_conn()

    def _bearer(self, who: Credentials) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token(who)}", "Accept": "application/json"}

    def _token(self, who: Credentials) -> str:
        with self._lock:
            known = self._tokens.get(who)
        return known.text if known is not None and known.until > time.monotonic() else self._fresh_token(who)

    def _fresh_token(self, who: Credentials) -> str:
        headers = urllib3.make_headers(basic_auth=f"{who.client_id}:{who.secret}")
        headers |= {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
        status, answer = self._send("POST", "/v1/oauth2/token", b"grant_type=client_credentials", dict(headers))
        if status != 200 or not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
            raise _login_wrong()
        token = _Token(answer["access_token"], time.monotonic() + float(answer.get("expires_in", 0)) - _TOKEN_SPARE_SECONDS)
        with self._lock:
            self._tokens[who] = token
        return token.text


def _login_wrong() -> PayPalLoginWrong:
    return PayPalLoginWrong(
        N_("PayPal does not know this client id with this secret."),
        N_("Copy both anew from PayPal's developer page: the live ones, not those of the sandbox."),
        field="client_id",
    )


def _issue(answer: Any) -> str:
    """Return PayPal's word for what is wrong, of letters only, so that nothing else of the answer gets anywhere."""
    details = answer.get("details") if isinstance(answer, dict) else None
    first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
    word = first.get("issue") or (answer.get("name") if isinstance(answer, dict) else None) or "UNKNOWN"
    return "".join(letter for letter in str(word) if letter.isascii() and (letter.isalnum() or letter == "_"))[:80]
