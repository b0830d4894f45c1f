"""The pages, a file each."""

from flask import Blueprint

from server.web.pages import (
    account,
    appearance,
    audit,
    books,
    brand,
    customer_affairs,
    customer_files,
    customers,
    dashboard,
    invitation,
    language,
    login,
    outbox,
    packages,
    parties,
    pay,
    paypal,
    paypal_hook,
    prices,
    support,
    team,
    terms,
)

_MODULES = (
    account,
    appearance,
    audit,
    books,
    brand,
    customer_affairs,
    customer_files,
    customers,
    dashboard,
    invitation,
    language,
    login,
    outbox,
    packages,
    parties,
    pay,
    paypal,
    paypal_hook,
    prices,
    support,
    team,
    terms,
)
BLUEPRINTS: tuple[Blueprint, ...] = tuple(module.pages for module in _MODULES)
