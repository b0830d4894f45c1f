"""The web of the server: builds the Flask app. Knows no business; every page calls one service."""

import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import IntegerConverter

from server.gateways.paypal.client import PayPal
from server.gateways.paypal.transport import Transport
from server.gateways.sealing import Sealer
from server.models.base import database
from server.web import errors, security, vocabulary
from server.web.pages import BLUEPRINTS, paypal_hook
from server.web.visit import Clock, prepare_visits

LARGEST_REQUEST = 8 * 1024 * 1024  # bytes; a list of customers is the largest thing anybody sends
LARGEST_SCANS = 64 * 1024 * 1024  # bytes, of signed sheets that are brought back at once
LARGEST_FORM = 512 * 1024  # bytes, of a form that carries no files
LARGEST_ID = 2**31 - 1  # what a database's integer holds; beyond it nothing exists


@dataclass(frozen=True, slots=True)
class WebSettings:
    """What the web has to know of its surroundings."""

    secret_key: bytes
    """signs the cookie that holds a form's secret; at least 32 bytes"""
    base_url: str = "http://127.0.0.1:8000"
    """how browsers reach it; https switches on what only https allows"""
    proxies: int = 0
    """how many proxies stand in front of it, whose word on the visitor's address is taken"""
    files: Path = Path("files")
    """the folder in which files lie that belong to rows"""
    downloads: Path = Path("downloads")
    """the folder with builds of the Backup Manager"""
    outbox: Path | None = None
    """the folder into which mails are laid where no mail server is set up"""
    paypal: PayPal = field(default_factory=lambda: PayPal(Transport("https://api-m.paypal.com"), Sealer(Path("sealing-key"))))
    """whom sellers' accounts at PayPal are asked through"""

    @property
    def is_https(self) -> bool:
        """Whether browsers come by https."""
        return self.base_url.startswith("https://")


class IdConverter(IntegerConverter):
    """A row's number in an address; what no database can hold is no address."""

    def __init__(self, map: Any) -> None:
        super().__init__(map, max=LARGEST_ID)


def create_app(settings: WebSettings, clock: Clock = lambda: datetime.now(UTC)) -> Flask:
    """Return the app. The database must be bound (models/base.py); each request opens and closes its connection."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="gdp_form",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_https,
        MAX_CONTENT_LENGTH=LARGEST_REQUEST,
        MAX_FORM_MEMORY_SIZE=LARGEST_FORM,
        WTF_CSRF_TIME_LIMIT=None,  # a form that was left open over lunch still works
        WTF_CSRF_SSL_STRICT=settings.is_https,
    )
    app.extensions["gdpac"] = settings
    app.url_map.converters["id"] = IdConverter
    app.jinja_options = {"undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True}
    if settings.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=settings.proxies)  # type: ignore[method-assign]
    logging.getLogger("flask_wtf.csrf").setLevel(logging.ERROR)
    _open_and_close(app)
    prepare_visits(app, clock)
    CSRFProtect(app).exempt(paypal_hook.pages)  # PayPal signs what it sends, and holds no form
    security.guard(app, is_https=settings.is_https)
    vocabulary.teach(app)
    app.jinja_env.globals["css_version"] = _fingerprint(Path(__file__).parent / "static" / "gdpac.css")
    errors.explain(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app


def _open_and_close(app: Flask) -> None:
    @app.before_request
    def connect() -> Response | None:
        if request.mimetype != "multipart/form-data":
            request.max_content_length = LARGEST_FORM  # such a form is read into memory whole
        elif request.endpoint in {"scans.upload", "bank.take_in"}:
            request.max_content_length = LARGEST_SCANS
        database.connect(reuse_if_open=True)
        return None

    @app.teardown_request
    def close(_error: BaseException | None) -> None:
        if not database.is_closed():
            database.close()


def _fingerprint(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]
