"""Where the socket of a home folder is, and the lock that says whether its daemon lives. Linux.

The system takes no more than 107 bytes as the address of a socket. So it is reached by way of the folder, which is opened first.
"""

import fcntl
import os
import socket
import stat
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gdp.core.errors import BadInput
from gdp.core.language import N_

SOCKET_NAME = "daemon.sock"
LOCK_NAME = "daemon.lock"
_CREDENTIALS = struct.Struct("iII")  # process, user, group


@contextmanager
def short_path(home: Path) -> Iterator[str]:
    """Give the socket a path that is never too long, while the block runs. Raises OSError when there is no such folder."""
    folder = os.open(home, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{SOCKET_NAME}"
    finally:
        os.close(folder)


@contextmanager
def only_daemon(home: Path) -> Iterator[None]:
    """Be the only daemon of a home folder while the block runs. Raises BadInput when there is one, or others can write there.

    The system gives the lock back when the process dies, however it dies.
    """
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    _refuse_if_others_write(home)
    lock = os.open(home / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadInput(
                N_("a daemon for {home} is running already"), N_("'gdp status' shows what it does."), home=home
            ) from error
        yield
    finally:
        os.close(lock)


def peer_user(connection: socket.socket) -> int:
    """Return the number of the user at the other end."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    user: int = _CREDENTIALS.unpack(credentials)[1]
    return user


def _refuse_if_others_write(home: Path) -> None:
    """Whoever can write there could put another socket in the place of ours, or sets with commands."""
    facts = os.stat(home)
    if facts.st_uid not in {os.geteuid(), 0}:
        raise BadInput(N_("the home folder {home} belongs to somebody else"), N_("Name another one with --home."), home=home)
    if stat.S_IMODE(facts.st_mode) & 0o022:
        raise BadInput(N_("the home folder {home} can be changed by other users"), N_("Run: chmod 700 {home}"), home=home)
