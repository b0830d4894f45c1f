"""Where releases may be fetched from: over HTTPS, from a folder, over plain HTTP from this very computer alone. Pure."""

from gdp.core.errors import BadInput
from gdp.core.language import N_

_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_HOW = N_("Write https://host/folder, or file:///folder.")


def check_address(address: str) -> str:
    """Return an address that may be fetched from. Raises BadInput, without showing what may be a password."""
    if not is_safe(address):
        raise BadInput(N_("this is no address to fetch releases from"), _HOW)
    return address


def is_safe(address: str) -> bool:
    """Say whether nobody on the way can listen in, or change what comes."""
    import urllib.parse  # start-up time

    try:
        parts = urllib.parse.urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return False
    if parts.query or parts.fragment or parts.username is not None or any(map(str.isspace, address)):
        return False
    match parts.scheme:
        case "https":
            return bool(host)
        case "http":
            return host in _LOOPBACK
        case "file":
            return host in {None, "", "localhost"} and parts.path.startswith("/")
    return False
