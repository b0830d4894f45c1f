"""From a target to the storage that reaches it: connections, retries, rate limits, secrets."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gdp.core.language import N_
from gdp.model.events import Emit, Note
from gdp.model.target import LocalTarget, SftpTarget, Target
from gdp.storage.contract import Storage
from gdp.storage.local import LocalStorage
from gdp.storage.retry import Retry, Retrying
from gdp.storage.sftp import SftpStorage
from gdp.storage.sftp_settings import NewHostKey, SecretKind, SecretRequest, SftpSettings, settings_of_user
from gdp.storage.shared_rate import SharedRate
from gdp.storage.throttle import Throttled

Ask = Callable[[str, Mapping[str, object]], str | None]
"""Shows a question (a template and its facts) and returns the answer, which is not shown; None: there is no terminal."""

_QUESTIONS = {
    SecretKind.PASSWORD: N_("Password of {about}: "),
    SecretKind.KEY_PASSPHRASE: N_("Passphrase of the key {about}: "),
}


@dataclass(frozen=True, slots=True)
class Reaching:
    """How to reach a target."""

    connections: int | None = None
    """None: as many as suit the storage"""
    upload_bytes_per_second: int | None = None
    download_bytes_per_second: int | None = None


class StorageMaker:
    """Makes storages for one target. Made before a fork, so that all processes share one rate limit.

    Args:
        pinned_hosts: our own known_hosts file.
        ask: asks the user for a secret, once each.
        emit: is told of new host keys and of repeated operations.
    """

    def __init__(self, target: Target, reaching: Reaching, pinned_hosts: Path, ask: Ask, emit: Emit) -> None:
        self._target, self._reaching, self._pinned_hosts = target, reaching, pinned_hosts
        self._ask, self._emit = ask, emit
        self._upload = _rate(reaching.upload_bytes_per_second)
        self._download = _rate(reaching.download_bytes_per_second)
        self._answers: dict[str, str | None] = {}

    @property
    def secrets(self) -> dict[str, str]:
        """What the user was asked for so far, to be handed to worker processes, which cannot ask. Never log it."""
        return {name: answer for name, answer in self._answers.items() if answer is not None}

    def __call__(self, secrets: Mapping[str, str] | None = None) -> Storage:
        """Return a storage that connects when it is first used, with the secrets that another process was told."""
        self._answers.update(secrets or {})
        if isinstance(self._target, LocalTarget):
            return self._throttled(LocalStorage(self._target.path))
        storage = SftpStorage(self._settings(self._target), ask=self._answer, on_new_host=self._tell_new_host)
        return Retrying(self._throttled(storage), on_retry=self._tell_retry)

    def _settings(self, target: SftpTarget) -> SftpSettings:
        self._pinned_hosts.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        settings = settings_of_user(target, self._pinned_hosts, Path.home())
        connections = self._reaching.connections
        return replace(settings, connections=connections) if connections else settings

    def _throttled(self, storage: Storage) -> Storage:
        if self._upload is None and self._download is None:
            return storage
        return Throttled(storage, upload=self._upload, download=self._download)

    def _answer(self, request: SecretRequest) -> str | None:
        name = f"{request.kind} {request.about}"
        if name not in self._answers:
            self._answers[name] = self._ask(_QUESTIONS[request.kind], {"about": request.about})
        return self._answers[name]

    def _tell_new_host(self, new: NewHostKey) -> None:
        facts: dict[str, object] = {"host": new.host, "kind": new.key_type, "fingerprint": new.fingerprint}
        self._emit(Note(N_("met {host} for the first time; its key {kind} {fingerprint} is remembered from now on"), facts))

    def _tell_retry(self, retry: Retry) -> None:
        facts: dict[str, object] = {
            "reason": retry.error,
            "seconds": round(retry.wait_seconds, 1),
            "attempt": retry.attempt,
        }
        self._emit(Note(N_("{reason}; attempt {attempt} failed, the next one is in {seconds} s"), facts))


def _rate(bytes_per_second: int | None) -> SharedRate | None:
    return SharedRate(bytes_per_second) if bytes_per_second else None
