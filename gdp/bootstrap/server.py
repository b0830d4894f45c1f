"""From an SSH server to the storage there: connections, retries, secrets.

Imported for such a target only: SSH takes longer to import than the rest of a short run takes.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from gdp.bootstrap.login import answering, with_key
from gdp.bootstrap.storages import Ask, Reaching
from gdp.core.language import N_
from gdp.model.events import Emit, Note
from gdp.model.target import SftpTarget
from gdp.storage.contract import Storage
from gdp.storage.retry import Retry, Retrying
from gdp.storage.sftp import SftpStorage, load_client
from gdp.storage.sftp_settings import NewHostKey, SecretRequest, settings_of_user


class ServerStorages:
    """Makes storages on one server, and asks for each secret once. Made before a fork, so that processes share the SSH library.

    Args:
        reaching: connections, host key and login of it.
        pinned_hosts: our own known_hosts file.
        ask: asks the user for a secret.
        emit: is told of new host keys and of repeated operations.
    """

    def __init__(self, target: SftpTarget, reaching: Reaching, pinned_hosts: Path, ask: Ask, emit: Emit) -> None:
        self._target, self._reaching, self._pinned_hosts = target, reaching, pinned_hosts
        self._ask, self._emit = answering(reaching.login, ask), emit
        self._answers: dict[str, str | None] = {}
        load_client()

    @property
    def secrets(self) -> dict[str, str]:
        """What was asked for so far. Never log it."""
        return {name: answer for name, answer in self._answers.items() if answer is not None}

    def make(self, secrets: Mapping[str, str], slowed: Callable[[Storage], Storage]) -> Storage:
        """Return a storage that connects when it is first used; ``slowed`` puts it under the rate limit, if there is one."""
        self._answers.update(secrets)
        self._pinned_hosts.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        reaching = self._reaching
        settings = with_key(settings_of_user(self._target, self._pinned_hosts, Path.home()), reaching.login)
        if reaching.connections:
            settings = replace(settings, connections=reaching.connections)
        if reaching.host_key:
            key_type, _, fingerprint = reaching.host_key.rpartition(" ")
            settings = replace(settings, expected_fingerprint=fingerprint, expected_key_type=key_type or None)
        storage = SftpStorage(settings, ask=self._answer, on_new_host=self._tell_new_host)
        return Retrying(slowed(storage), on_retry=self._tell_retry)

    def _answer(self, request: SecretRequest) -> str | None:
        name = f"{request.kind} {request.about}"
        if name not in self._answers:
            self._answers[name] = self._ask(request)
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
