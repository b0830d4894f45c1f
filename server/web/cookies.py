"""The cookies: who is logged in (a token that opens a row, nothing else); which language was chosen; by whose door one came."""

import re

from flask import current_app, request
from werkzeug.wrappers import Response

from server.language import LANGUAGES

YEAR = 365 * 24 * 3600  # seconds
LONGEST_TOKEN = 200  # characters; ours are shorter, and nothing longer is looked up

HOUSE_KEY = re.compile(r"[A-Za-z0-9_-]{8,40}", re.ASCII)


def session_token() -> str:
    """Return the token of the login that the browser holds; empty where it holds none."""
    token = request.cookies.get(_session_name(), "")
    return token if len(token) <= LONGEST_TOKEN and token.isascii() else ""


def keep_session(response: Response, token: str) -> Response:
    """Let the browser hold a login until it is closed."""
    response.set_cookie(_session_name(), token, httponly=True, samesite="Lax", secure=_is_https(), path="/")
    return response


def drop_session(response: Response) -> Response:
    """Let the browser forget a login."""
    response.delete_cookie(_session_name(), httponly=True, samesite="Lax", secure=_is_https(), path="/")
    return response


def language() -> str:
    """Return the language that was chosen in this browser; empty where none was."""
    chosen = request.cookies.get("gdp_language", "")
    return chosen if chosen in LANGUAGES else ""


def keep_language(response: Response, language: str) -> Response:
    """Let the browser remember a language."""
    response.set_cookie("gdp_language", language, max_age=YEAR, httponly=True, samesite="Lax", secure=_is_https(), path="/")
    return response


def house_key() -> str:
    """Return by whose login page this browser came in; empty where it was ours."""
    key = request.cookies.get("gdp_house", "")
    return key if HOUSE_KEY.fullmatch(key) else ""


def keep_house(response: Response, key: str) -> Response:
    """Let the browser remember by whose login page it came in."""
    response.set_cookie("gdp_house", key, max_age=YEAR, httponly=True, samesite="Lax", secure=_is_https(), path="/")
    return response


def _is_https() -> bool:
    return bool(current_app.config["SESSION_COOKIE_SECURE"])


def _session_name() -> str:
    # A name with this prefix is refused by browsers unless it came by https, from this very host.
    return "__Host-gdp_session" if _is_https() else "gdp_session"
