"""One request: the moment, the reader's language, and who is asking. Nobody who is not logged in gets further than the door."""

from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime
from typing import cast

from flask import Flask, current_app, g, redirect, request, url_for
from werkzeug.wrappers import Response

from server.domain.errors import LoginRefused
from server.domain.rights import Right
from server.domain.sentence import N_
from server.gateways.downloads import Downloads
from server.gateways.files import FileStore
from server.gateways.paypal.client import PayPal
from server.language import LANGUAGES, speaking
from server.services import brand, login, who
from server.services.brand import House
from server.services.scope import Actor
from server.services.who import Viewer
from server.web import cookies, navigation, phrases

Clock = Callable[[], datetime]
OUR_HOUSE = "GlobalDataProtect"
PUBLIC = frozenset({"static", "language", "login", "invitation", "appearance", "pay", "paypal_hook", "download"})
"""blueprints and endpoints that ask nobody who he is"""
WITHOUT_SECOND_FACTOR = frozenset(
    {"account.two_factor", "account.switch_on", "login.log_out", "appearance.colours", "appearance.logo"}
)
"""where somebody may go who must set up a second factor first"""


def prepare_visits(app: Flask, clock: Clock) -> None:
    """Let every request of ``app`` know its moment, language and visitor."""

    @app.before_request
    def begin() -> Response | None:
        g.now = clock()
        g.actor = None
        g.viewer = None
        g.speech = ExitStack()
        g.speech.enter_context(speaking(_visitors_language()))
        if request.endpoint == "static":
            return None
        _recognise()
        return _door()

    @app.teardown_request
    def end(_error: BaseException | None) -> None:
        if (speech := g.pop("speech", None)) is not None:
            speech.close()

    @app.context_processor
    def words() -> dict[str, object]:
        known = visitor()
        house = House(known.house, known.colour, known.logo) if known is not None else brand.house_at(cookies.house_key())
        return {
            "viewer": known,
            "navigation": navigation.entries(known) if known is not None else (),
            "house": house.name or OUR_HOUSE,
            "brand_url": url_for("appearance.colours", colour=house.colour[1:]) if house.colour else "",
            "logo_url": url_for("appearance.logo", name=house.logo) if house.logo else "",
            "language": language(),
            "languages": phrases.LANGUAGE.items(),
        }


def now() -> datetime:
    """Return the moment of this request."""
    return cast(datetime, g.now)


def actor() -> Actor:
    """Return who is logged in. Raises LoginRefused where nobody is."""
    if g.actor is None:
        raise LoginRefused(N_("You are not logged in, or were logged out."), N_("Log in, then try again."))
    return cast(Actor, g.actor)


def visitor() -> Viewer | None:
    """Return the names of who is logged in; None where nobody is."""
    return cast("Viewer | None", g.get("viewer"))


def viewer() -> Viewer:
    """Return the names of who is logged in. Raises LoginRefused where nobody is."""
    actor()
    return cast(Viewer, g.viewer)


def may(right: Right) -> bool:
    """Say whether who is logged in may do something; for what a page offers, never instead of a service's own check."""
    return actor().may(right)


def address() -> str:
    """Return from where in the network the request comes."""
    return request.remote_addr or ""


def outbox() -> str:
    """Return the folder into which mails are laid; empty where they are sent."""
    return str(current_app.extensions["gdpac"].outbox or "")


def files() -> FileStore:
    """Return where files lie that belong to rows."""
    return FileStore(current_app.extensions["gdpac"].files)


def paypal() -> PayPal:
    """Return PayPal."""
    return cast(PayPal, current_app.extensions["gdpac"].paypal)


def downloads() -> Downloads:
    """Return the builds of the Backup Manager."""
    return Downloads(current_app.extensions["gdpac"].downloads)


def language() -> str:
    """Return the language of this answer."""
    return cast(str, g.language)


def speak(wanted: str) -> None:
    """Answer in another language from here on."""
    g.language = wanted
    g.speech.enter_context(speaking(wanted))


def _visitors_language() -> str:
    chosen = cookies.language()
    g.language = chosen or request.accept_languages.best_match(LANGUAGES) or LANGUAGES[0]
    return cast(str, g.language)


def _recognise() -> None:
    token = cookies.session_token()
    if token and (known := login.session_of(token, now=now())) is not None:
        g.actor = known
        g.viewer = who.viewer_of(known)
        speak(g.viewer.language)


def _door() -> Response | None:
    endpoint = request.endpoint
    if endpoint is None or endpoint in PUBLIC or request.blueprint in PUBLIC:
        return None
    if g.actor is None:
        if request.method not in {"GET", "HEAD"}:
            actor()
        return redirect(url_for("login.log_in", next=request.full_path.rstrip("?") if request.path != "/" else None))
    if g.actor.lacks_two_factor and endpoint not in WITHOUT_SECOND_FACTOR:
        return redirect(url_for("account.two_factor"))
    return None
