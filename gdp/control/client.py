"""A front end's end of the socket."""

import contextlib
import os
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from gdp.control.address import SOCKET_NAME, peer_user, short_path
from gdp.control.lines import ANSWER_BYTES, BadMessage, LineReader, encode, error_of
from gdp.control.server import ALIVE_SECONDS, WATCH
from gdp.core.errors import GdpError
from gdp.core.language import N_

ANSWER_SECONDS = 30.0  # a daemon that takes longer hangs


class NoDaemon(GdpError):
    """No daemon runs for this home folder, or it went away."""


class Client:
    """A connection. Raises NoDaemon, wherever the daemon goes away, and what it refuses as the error it names."""

    def __init__(self, home: Path, connection: socket.socket) -> None:
        self._home = home
        self._connection = connection
        self._reader = LineReader(connection, ANSWER_BYTES)

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Give it back. A thread that listens hears that it is gone."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._connection.close()

    def ask(self, request: str, **fields: object) -> dict[str, Any]:
        """Return the answer to a request."""
        try:
            self._connection.settimeout(ANSWER_SECONDS)
            self._connection.sendall(encode({"request": request, **fields}))
        except OSError as error:
            raise _went_away(self._home) from error
        message = self._read()
        answer = message.get("answer")
        if not isinstance(answer, dict):
            raise BadMessage(N_("the other end of the daemon's socket speaks another language"))
        return answer

    def watch(self) -> Iterator[dict[str, Any]]:
        """Yield the answer to ``watch``, then every event as it happens, without end. Nothing else can be asked any more."""
        yield self.ask(WATCH)
        self._connection.settimeout(2 * ALIVE_SECONDS)
        while True:
            message = self._read()
            if message.get("event") != "alive":
                yield message

    def _read(self) -> dict[str, Any]:
        try:
            message = self._reader.read()
        except OSError as error:
            raise _went_away(self._home) from error
        if message is None:
            raise _went_away(self._home)
        if isinstance(refusal := message.get("error"), Mapping):
            raise error_of(refusal)
        return message


def connect(home: Path) -> Client:
    """Return a connection to the daemon of a home folder. Raises NoDaemon."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(ANSWER_SECONDS)
        with short_path(home) as path:
            connection.connect(path)
        if os.geteuid() != 0 and peer_user(connection) not in {os.geteuid(), 0}:
            raise GdpError(N_("the socket {path} belongs to somebody else"), path=home / SOCKET_NAME)
    except OSError as error:
        connection.close()
        raise NoDaemon(
            N_("no daemon is running for {home}"),
            N_("An installed one: 'systemctl start gdp' ('systemctl --user start gdp' for a user's); else: 'gdp daemon'."),
            home=home,
        ) from error
    except BaseException:
        connection.close()
        raise
    return Client(home, connection)


def _went_away(home: Path) -> NoDaemon:
    return NoDaemon(
        N_("the daemon for {home} went away or does not answer"), N_("See what it said last, and start it again."), home=home
    )
