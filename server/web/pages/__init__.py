"""The pages, a file each."""

from flask import Blueprint

from server.web.pages import account, appearance, audit, dashboard, invitation, language, login, outbox, parties, support, team

BLUEPRINTS: tuple[Blueprint, ...] = tuple(
    module.pages
    for module in (account, appearance, audit, dashboard, invitation, language, login, outbox, parties, support, team)
)
