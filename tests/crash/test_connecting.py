"""The line is cut, or falls silent, at any moment of connecting. It is never taken for a refusal, which is not repeated."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gdp.core.errors import StorageUnreachable
from gdp.storage.sftp import SftpStorage
from gdp.storage.sftp_settings import SftpSettings
from tests.sshd import Sshd, run_sshd, settings_for
from tests.storage.relay import Relay

pytestmark = pytest.mark.peer

STEP_BYTES = 300  # shorter than most messages of key exchange and login
MOST_BYTES = 20_000


class SilentRelay(Relay):
    """Falls silent where the other one cuts."""

    is_ending = False

    def cut(self) -> None:
        if self.is_ending:
            super().cut()
        else:
            self.is_open.clear()

    def close(self) -> None:
        self.is_ending = True
        super().close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with run_sshd(tmp_path_factory.mktemp("sshd")) as running:
        yield running


def connect(settings: SftpSettings, relay: Relay) -> bool:
    """Connect and do a little; say whether that worked. Raises whatever is not the line's fault."""
    storage = SftpStorage(replace(settings, target=msgspec.structs.replace(settings.target, port=relay.port)))
    try:
        storage.create_folders()
    except StorageUnreachable:
        return False
    finally:
        storage.close()
    return True


@pytest.mark.slow
@pytest.mark.parametrize("kind", [Relay, SilentRelay], ids=["cut", "silent"])
def test_a_line_that_fails_while_connecting_is_tried_again(server: Sshd, tmp_path: Path, kind: type[Relay]) -> None:
    """A server under load is silent, a router that starts anew cuts; both are over in a minute."""
    settings = replace(settings_for(server, tmp_path, connections=1), connect_seconds=0.3, answer_seconds=0.3)
    patient = replace(settings, connect_seconds=10.0, answer_seconds=10.0)
    relay = Relay(server.port)
    assert connect(patient, relay)
    relay.close()
    failed = 0
    for count in range(1, MOST_BYTES, STEP_BYTES if kind is Relay else 2 * STEP_BYTES):
        relay = kind(server.port)
        relay.cut_after(count)
        try:
            if connect(patient if kind is Relay else settings, relay):
                break
        finally:
            relay.close()
        failed += 1

    assert failed > 4
