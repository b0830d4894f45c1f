"""The app over a database of each kind, and browsers that are logged in."""

import pytest
from flask import Flask

from server.web.app import WebSettings, create_app
from tests.server.family import NOW, Family
from tests.server.web.visitor import Visitors


@pytest.fixture
def app(family: Family) -> Flask:
    """The app over a family of parties, at the moment at which they were made."""
    del family
    return create_app(WebSettings(secret_key=b"k" * 32), clock=lambda: NOW)


@pytest.fixture
def visitors(app: Flask, family: Family) -> Visitors:
    """Whoever visits the app."""
    return Visitors(app, family)
