"""Open an SSH connection with a channel that speaks SFTP. Loads paramiko, so it is imported when it is needed."""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from paramiko import PKey, SSHException, Transport
from paramiko.ssh_exception import ChannelException, IncompatiblePeer

from gdp.core.errors import StorageDenied, StorageError, StorageUnreachable
from gdp.core.language import N_
from gdp.storage.host_keys import check_host_key, known_keys, order_algorithms
from gdp.storage.sftp_session import Line, SftpSession
from gdp.storage.sftp_settings import AskSecret, OnNewHostKey, SftpSettings
from gdp.storage.ssh_channel import line_over
from gdp.storage.ssh_config import Route, find_route
from gdp.storage.ssh_login import ClientTransport, log_in
from gdp.storage.ssh_packetizer import QuickPacketizer
from gdp.storage.ssh_socket import WatchedSocket, open_line

WINDOW_BYTES = 32 << 20  # what may be on its way to us: all requests in flight, twice
PACKET_BYTES = 256 << 10
KEEPALIVE_SECONDS = 20.0  # below the minute after which routers forget a connection
_FAST_CIPHERS = ("aes256-gcm@openssh.com", "aes128-gcm@openssh.com")  # paramiko likes them least, processors most

logging.getLogger("paramiko").setLevel(logging.CRITICAL)  # it prints tracebacks; every error reaches us as an exception


def open_session(settings: SftpSettings, ask: AskSecret | None = None, on_new_host: OnNewHostKey | None = None) -> SftpSession:
    """Connect, check the host key, log in and begin an SFTP conversation on a connection of its own.

    Raises:
        StorageUnreachable: no connection, or it broke.
        HostKeyMismatch: another server than last time.
        LoginRefused: the server does not know us.
        StorageDenied: the server speaks only what is outdated, or no SFTP.
        BadInput: ``~/.ssh/config`` cannot be understood.
    """
    route = find_route(settings)
    line = open_line(route, connect_seconds=settings.connect_seconds, stall_seconds=settings.answer_seconds)
    try:
        transport = ClientTransport(
            line, default_window_size=WINDOW_BYTES, default_max_packet_size=PACKET_BYTES, packetizer_class=QuickPacketizer
        )
    except BaseException:
        line.close()
        raise
    transport.daemon = True
    try:
        key = agree(transport, settings, route)
        check_host_key(settings, route, key.get_name(), key.asbytes(), on_new_host)
        log_in(transport, route, settings, ask)
        with _ending_after(settings.connect_seconds, line):
            channel = _open_channel(transport, settings, route)
        return _ConnectedSession(transport, line, channel, str(settings.target))
    except BaseException:
        transport.close()
        line.close()
        raise


class _ConnectedSession(SftpSession):
    """A session that takes its connection with it when it ends."""

    def __init__(self, transport: Transport, line: WatchedSocket, channel: Line, location: str) -> None:
        self._transport = transport
        self._socket = line
        self._channel = channel
        super().__init__(channel, location)
        line.is_greeting = False

    @property
    def is_idle(self) -> bool:
        return super().is_idle and self._transport.is_active() and self._is_alive()

    def close(self) -> None:
        """Hang up without a goodbye: closing the channel first would send on a line that may be dead."""
        self.is_broken = True
        with suppress(EOFError, OSError):
            self._transport.close()
        self._socket.close()  # paramiko leaves it open when its own thread has ended before

    def _is_alive(self) -> bool:
        try:
            self._channel.look()
        except (OSError, EOFError):
            return False
        return True


def agree(transport: Transport, settings: SftpSettings, route: Route) -> PKey:
    """Exchange keys, with the fastest ciphers and those host keys first that we know. Return the server's."""
    transport.banner_timeout = settings.connect_seconds
    transport.handshake_timeout = settings.connect_seconds
    transport.auth_timeout = settings.connect_seconds
    transport.channel_timeout = settings.connect_seconds
    options = transport.get_security_options()
    options.ciphers = (*_FAST_CIPHERS, *(name for name in options.ciphers if name not in _FAST_CIPHERS))
    options.key_types = tuple(order_algorithms(known_keys(settings, route), options.key_types, settings.expected_key_type))
    try:
        transport.start_client(timeout=settings.connect_seconds)
        key = transport.get_remote_server_key()  # fails when the time was up: start_client does not say so
    except IncompatiblePeer as error:
        raise _outdated(route, str(error)) from error
    except (SSHException, EOFError, OSError) as error:
        raise StorageUnreachable(
            N_("{host} does not answer as an SSH server should: {reason}"),
            N_("Check host and port; a server under load may need another attempt."),
            host=route.known_as, reason=str(error) or type(error).__name__,
        ) from error  # fmt: skip
    transport.set_keepalive(KEEPALIVE_SECONDS)
    return key


@contextmanager
def _ending_after(seconds: float, line: WatchedSocket) -> Iterator[None]:
    """Hang up when the block takes longer: paramiko waits for the answer to a subsystem's request without a bound."""
    timer = threading.Timer(seconds, line.close)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _open_channel(transport: Transport, settings: SftpSettings, route: Route) -> Line:
    try:
        channel = transport.open_session(timeout=settings.connect_seconds)
        channel.settimeout(settings.answer_seconds)
        line = line_over(transport, channel)
        channel.invoke_subsystem("sftp")
    except ChannelException as error:
        raise _without_sftp(route, error.text) from error
    except (SSHException, EOFError, OSError) as error:
        if transport.is_active() and not str(error).startswith("Timeout"):  # paramiko has no type of its own for it
            raise _without_sftp(route, str(error)) from error
        raise StorageUnreachable(
            N_("{host} broke the connection off after the login: {reason}"),
            N_("The server's log says why."),
            host=route.known_as, reason=str(error) or type(error).__name__,
        ) from error  # fmt: skip
    return line


def _outdated(route: Route, reason: str) -> StorageError:
    if "host key" in reason:
        return StorageDenied(
            N_("{host} offers only host keys of the kind ssh-rsa with SHA-1, which can be forged and are not accepted"),
            N_("Update the server, or run `ssh-keygen -A` there so that it gets an ed25519 host key."),
            host=route.known_as,
        )
    return StorageDenied(
        N_("{host} and we have no common encryption: {reason}"),
        N_("Update the SSH server."),
        host=route.known_as, reason=reason,
    )  # fmt: skip


def _without_sftp(route: Route, reason: str) -> StorageDenied:
    return StorageDenied(
        N_("{host} lets us in but offers no SFTP: {reason}"),
        N_("On the server, sshd_config needs a line `Subsystem sftp internal-sftp`."),
        host=route.known_as, reason=reason,
    )  # fmt: skip
