"""The daemon's end of the socket. A thread for each client, so that none can keep another, or the daemon, waiting."""

import os
import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gdp.control.address import SOCKET_NAME, peer_user, short_path
from gdp.control.lines import REQUEST_BYTES, BadMessage, LineReader, encode, error_fields
from gdp.control.watchers import Watchers
from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_

WATCH = "watch"
MOST_CLIENTS = 32
SEND_SECONDS = 10.0  # a client that takes nothing for so long is gone
SILENT_SECONDS = 600.0  # one that asks nothing for so long may come again
ALIVE_SECONDS = 15.0  # after so long without an event a watching client is told that we live
_PAUSE_SECONDS = 1.0  # after the system refused a connection, such as for want of descriptors

Answer = Callable[[str, Mapping[str, Any]], Mapping[str, object]]
"""Answers a request with its fields. Called by many threads; raises GdpError to refuse."""


class ControlServer:
    """Listens as soon as it is made. The caller is the only daemon of the home folder (``only_daemon``).

    Args:
        answer: is asked every request; for ``watch`` too, and its answer is sent before the events that follow.
        allowed_users: user numbers; others are let go without a word.
    """

    def __init__(self, home: Path, answer: Answer, allowed_users: frozenset[int] | None = None) -> None:
        self._home = home
        self._answer = answer
        self._allowed = allowed_users if allowed_users is not None else frozenset({os.geteuid(), 0})
        self._watchers = Watchers()
        self._has_closed = threading.Event()
        self._lock = threading.Lock()
        self._clients: set[socket.socket] = set()
        self._listener = _listen(home)
        self._thread = threading.Thread(target=self._accept, name="control", daemon=True)
        self._thread.start()

    def tell(self, event: str, fields: Mapping[str, object], *, may_be_lost: bool = False) -> None:
        """Tell every client that watches. Never waits."""
        self._watchers.tell(event, fields, may_be_lost=may_be_lost)

    def close(self) -> None:
        """Listen no more, let clients that watch have what waits for them, and remove the socket."""
        self._has_closed.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes accept
        self._listener.close()
        (self._home / SOCKET_NAME).unlink(missing_ok=True)
        self._watchers.end()
        with self._lock:
            for client in self._clients:
                with suppress(OSError):
                    client.shutdown(socket.SHUT_RD)  # wakes recv

    def _accept(self) -> None:
        while not self._has_closed.is_set():
            try:
                client, _address = self._listener.accept()
            except OSError:
                self._has_closed.wait(_PAUSE_SECONDS)
                continue
            with self._lock:
                is_welcome = len(self._clients) < MOST_CLIENTS and peer_user(client) in self._allowed
                if is_welcome:
                    self._clients.add(client)
            if is_welcome:
                threading.Thread(target=self._serve, args=(client,), name="control client", daemon=True).start()
            else:
                client.close()

    def _serve(self, client: socket.socket) -> None:
        try:
            with client, suppress(OSError):
                self._converse(client)
        finally:
            with self._lock:
                self._clients.discard(client)

    def _converse(self, client: socket.socket) -> None:
        reader = LineReader(client, REQUEST_BYTES)
        while not self._has_closed.is_set():
            client.settimeout(SILENT_SECONDS)
            try:
                message = reader.read()
            except BadMessage as error:
                client.settimeout(SEND_SECONDS)
                client.sendall(encode({"error": error_fields(error)}))
                return
            if message is None:
                return
            client.settimeout(SEND_SECONDS)
            if message.get("request") == WATCH:
                self._watch(client, message)
                return
            client.sendall(self._answer_to(message))

    def _watch(self, client: socket.socket, message: Mapping[str, Any]) -> None:
        watcher = self._watchers.add(lambda: _break_off(client))
        try:
            client.sendall(self._answer_to(message))
            while True:
                line = watcher.take(ALIVE_SECONDS)
                if line:
                    client.sendall(line)
                elif watcher.has_ended.is_set():
                    return
                else:
                    client.sendall(encode({"event": "alive"}))
        finally:
            self._watchers.remove(watcher)

    def _answer_to(self, message: Mapping[str, Any]) -> bytes:
        fields = {name: value for name, value in message.items() if name not in {"version", "request"}}
        name = message.get("request")
        try:
            if not isinstance(name, str):
                raise BadInput(N_("the daemon was asked nothing"))
            return encode({"answer": self._answer(name, fields)})
        except GdpError as error:
            return encode({"error": error_fields(error)})


def _break_off(client: socket.socket) -> None:
    with suppress(OSError):
        client.shutdown(socket.SHUT_RDWR)


def _listen(home: Path) -> socket.socket:
    """Return the listening socket, 0600 from its first moment. One that a killed daemon left behind is replaced."""
    (home / SOCKET_NAME).unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)  # before there are threads that make files
    try:
        with short_path(home) as path:
            listener.bind(path)
    except BaseException:
        listener.close()
        raise
    finally:
        os.umask(mask)
    listener.listen(MOST_CLIENTS)
    return listener
