"""Meets a server and looks at its host key, without logging in and without pinning anything. Loads paramiko."""

from contextlib import closing
from dataclasses import dataclass

from gdp.storage.host_keys import check_host_key, known_keys
from gdp.storage.known_hosts import make_fingerprint
from gdp.storage.sftp_settings import SftpSettings
from gdp.storage.ssh_config import find_route
from gdp.storage.ssh_connect import PACKET_BYTES, WINDOW_BYTES, agree
from gdp.storage.ssh_login import ClientTransport
from gdp.storage.ssh_socket import open_line


@dataclass(frozen=True, slots=True)
class Greeting:
    """What a server said of itself."""

    host: str
    """as in a known_hosts file"""
    user: str
    """as whom we would log in"""
    key_type: str
    fingerprint: str
    """``SHA256:...``"""
    is_known: bool
    """the key is pinned, or believed by ``~/.ssh``"""


def greet(settings: SftpSettings) -> Greeting:
    """Return what the server shows.

    Raises:
        StorageUnreachable: no connection, or no SSH.
        HostKeyMismatch: another key than the one that is known.
        StorageDenied: it speaks only what is outdated.
        BadInput: ``~/.ssh/config`` cannot be understood.
    """
    route = find_route(settings)
    with closing(open_line(route, connect_seconds=settings.connect_seconds, stall_seconds=settings.answer_seconds)) as line:
        transport = ClientTransport(line, default_window_size=WINDOW_BYTES, default_max_packet_size=PACKET_BYTES)
        transport.daemon = True
        with closing(transport):
            key = agree(transport, settings, route)
    is_known = bool(known_keys(settings, route))
    if is_known:
        check_host_key(settings, route, key.get_name(), key.asbytes())
    return Greeting(route.known_as, route.user, key.get_name(), make_fingerprint(key.asbytes()), is_known)
