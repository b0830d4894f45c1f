"""Addresses of our pages in mails. Where the server is reached is said once, when the program starts."""

_public = {"url": "http://127.0.0.1:8000"}


def set_public_url(url: str) -> None:
    """Say under which address browsers reach the server, such as ``https://gdpac.example.com``."""
    _public["url"] = url.rstrip("/")


def invitation_link(token: str) -> str:
    """Return the address of the page on which a one-time link is used."""
    return f"{_public['url']}/invitation/{token}"


def login_link() -> str:
    """Return the address of the page on which one logs in."""
    return f"{_public['url']}/login"


def house_link(key: str) -> str:
    """Return the address of the page on which one logs in, with the brand that has a key."""
    return f"{_public['url']}/login/at/{key}"


def order_link(order_id: int) -> str:
    """Return the address of the page of an order."""
    return f"{_public['url']}/orders/{order_id}"


def invoice_link(invoice_id: int) -> str:
    """Return the address of the page of an invoice."""
    return f"{_public['url']}/invoices/{invoice_id}"


def download_link() -> str:
    """Return the address of the page from which the backup program is downloaded."""
    return f"{_public['url']}/download"


def pay_page_link(token: str) -> str:
    """Return the address of the page on which something is paid."""
    return f"{_public['url']}/pay/{token}"


def pay_return_link(token: str) -> str:
    """Return where PayPal sends a payer who has agreed."""
    return f"{_public['url']}/pay/{token}/return"


def pay_cancel_link(token: str) -> str:
    """Return where PayPal sends a payer who has not agreed."""
    return f"{_public['url']}/pay/{token}?cancelled=yes"


def hook_link(hook: str) -> str:
    """Return where PayPal sends messages for one seller."""
    return f"{_public['url']}/paypal/hook/{hook}"
