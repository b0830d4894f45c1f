"""From a target to the storage that reaches it, under the rate limits that were asked for.

What belongs to SSH is imported for a server only.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gdp.model.events import Emit
from gdp.model.target import LocalTarget, SftpTarget, Target
from gdp.model.timing.bandwidth import Bandwidth, Limits
from gdp.storage.contract import Storage
from gdp.storage.local import LocalStorage

if TYPE_CHECKING:
    from gdp.bootstrap.server import ServerStorages
    from gdp.storage.shared_rate import SharedRate

Ask = Callable[[str, Mapping[str, object]], str | None]
"""Shows a question (a template and its facts) and returns the answer, which is not shown; None: there is no terminal."""


class Login(msgspec.Struct, frozen=True):
    """What lets us into a server, besides what lies in ``~/.ssh``. Names of files, never a secret."""

    key_file: str = ""
    """a private key, tried before all others"""
    password_file: str = ""
    """a file with mode 0600 that holds the password of the user on the server, or ``$CREDENTIALS_DIRECTORY/NAME``"""


class Reaching(msgspec.Struct, frozen=True):
    """How to reach a target."""

    connections: int | None = None
    """None: as many as suit the storage"""
    upload_bytes_per_second: int | None = None
    download_bytes_per_second: int | None = None
    limits: Bandwidth = Bandwidth()
    """by time of day; what is given above counts more"""
    host_key: str = ""
    """``[ssh-ed25519 ]SHA256:...`` that the server must show; empty: the one that is known, or any"""
    login: Login = Login()


class StorageMaker:
    """Makes storages for one target. Made before a fork, so that all processes share one rate limit.

    Args:
        pinned_hosts: our own known_hosts file.
        ask: asks the user for a secret, once each.
        emit: is told of new host keys and of repeated operations.
    """

    def __init__(self, target: Target, reaching: Reaching, pinned_hosts: Path, ask: Ask, emit: Emit) -> None:
        self._folder = target.path if isinstance(target, LocalTarget) else None
        self._server = _reach(target, reaching, pinned_hosts, ask, emit) if isinstance(target, SftpTarget) else None
        self._upload = _rate(reaching.upload_bytes_per_second, reaching.limits, lambda limits: limits.up)
        self._download = _rate(reaching.download_bytes_per_second, reaching.limits, lambda limits: limits.down)

    @property
    def secrets(self) -> dict[str, str]:
        """What the user was asked for so far, to be handed to worker processes, which cannot ask. Never log it."""
        return self._server.secrets if self._server is not None else {}

    def __call__(self, secrets: Mapping[str, str] | None = None) -> Storage:
        """Return a storage that connects when it is first used, with the secrets that another process was told."""
        if self._server is not None:
            return self._server.make(secrets or {}, self._throttled)
        assert self._folder is not None
        return self._throttled(LocalStorage(self._folder))

    def _throttled(self, storage: Storage) -> Storage:
        if self._upload is None and self._download is None:
            return storage
        from gdp.storage.throttle import Throttled  # start-up time

        return Throttled(storage, upload=self._upload, download=self._download)


def _reach(target: SftpTarget, reaching: Reaching, pinned_hosts: Path, ask: Ask, emit: Emit) -> "ServerStorages":
    from gdp.bootstrap.server import ServerStorages  # start-up time

    return ServerStorages(target, reaching, pinned_hosts, ask, emit)


def _rate(bytes_per_second: int | None, limits: Bandwidth, way: Callable[[Limits], int]) -> "SharedRate | None":
    if not bytes_per_second and not any(way(row) for _span, row in limits.rows):
        return None
    from gdp.storage.shared_rate import SharedRate  # start-up time

    if bytes_per_second:
        return SharedRate(bytes_per_second)
    return SharedRate(by_time=lambda: way(_limits_now(limits)))


def _limits_now(limits: Bandwidth) -> Limits:
    now = datetime.now().astimezone()
    assert now.tzinfo is not None
    return limits.limits_at(now, now.tzinfo)
