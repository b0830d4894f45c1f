"""The way past the SSH library: taken wherever it can be, left where it cannot, and no less safe."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gdp.core.errors import StorageUnreachable
from gdp.model.files import FileRange
from gdp.model.target import SftpTarget
from gdp.storage import ssh_channel, ssh_connect
from gdp.storage.sftp import SftpStorage
from gdp.storage.sftp_session import SftpSession
from gdp.storage.sftp_settings import SftpSettings
from gdp.storage.ssh_channel import LibraryChannel, QuickChannel
from gdp.storage.ssh_connect import open_session
from gdp.storage.ssh_packetizer import QuickPacketizer
from gdp.storage.ssh_packets import CHANNEL_DATA, GarbledPacket
from tests.sshd import Sshd, run_sshd, settings_for
from tests.storage.one_file import DATA, FILE
from tests.storage.password_server import PASSWORD, USER, PasswordServer, run_password_server
from tests.storage.relay import run_relay

LARGE = DATA * 24


@pytest.fixture
def settings(sshd: Sshd, tmp_path: Path) -> SftpSettings:
    return settings_for(sshd, tmp_path, connections=1)


@pytest.fixture
def exchanges(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by one for each set of keys to receive with."""
    seen: list[int] = []
    set_cipher = QuickPacketizer.set_inbound_cipher

    def note(self: QuickPacketizer, *arguments: object, **options: object) -> None:
        seen.append(1)
        set_cipher(self, *arguments, **options)

    monkeypatch.setattr(QuickPacketizer, "set_inbound_cipher", note)
    return seen


def kind_of(settings: SftpSettings) -> type:
    """Return what a conversation goes over."""
    session = open_session(settings)
    session.close()
    return type(session._line)


def move(settings: SftpSettings) -> None:
    """Send a large file and fetch it, whole and in pieces."""
    storage = SftpStorage(settings)
    storage.create_folders()
    storage.write(FILE, [LARGE[:1], LARGE[1:100_000], memoryview(LARGE)[100_000:]])

    assert storage.read(FILE) == LARGE
    parts = [FileRange(FILE, at, 300_001) for at in range(0, 9_000_000, 1_000_000)]
    assert storage.read_ranges(parts) == [LARGE[part.offset : part.offset + 300_001] for part in parts]
    storage.close()


def test_the_quick_way_is_taken_with_the_library_that_is_installed(settings: SftpSettings) -> None:
    """It needs attributes that the library does not promise to keep. Without them everything still works, slowly."""
    assert kind_of(settings) is QuickChannel


@pytest.mark.parametrize("names", ["_CHANNEL_NAMES", "_TRANSPORT_NAMES"])
def test_a_library_with_other_attributes_is_used_as_it_is(
    settings: SftpSettings, names: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one, perhaps."""
    monkeypatch.setattr(ssh_channel, names, (*getattr(ssh_channel, names), "renamed"))

    assert kind_of(settings) is LibraryChannel
    move(settings)


@pytest.mark.parametrize("cipher", ["aes256-ctr", "aes128-ctr"])
def test_a_server_with_other_ciphers_only_is_served_by_the_library(tmp_path: Path, cipher: str) -> None:
    """Old ones have no AES-GCM."""
    with run_sshd(tmp_path / "sshd", f"Ciphers {cipher}") as server:
        settings = settings_for(server, tmp_path, connections=1)

        assert kind_of(settings) is LibraryChannel
        move(settings)


@pytest.mark.parametrize("cipher", ["aes256-gcm@openssh.com", "aes128-gcm@openssh.com"])
def test_both_lengths_of_key_work(tmp_path: Path, cipher: str) -> None:
    """Whichever the server has."""
    with run_sshd(tmp_path / "sshd", f"Ciphers {cipher}") as server:
        move(settings_for(server, tmp_path, connections=1))


@pytest.mark.parametrize("limit", [("REKEY_BYTES", 1 << 20), ("REKEY_PACKETS", 40)])
def test_keys_are_changed_when_we_have_used_them_enough(
    settings: SftpSettings, exchanges: list[int], monkeypatch: pytest.MonkeyPatch, limit: tuple[str, int]
) -> None:
    """In the middle of files, in both directions, with nothing lost."""
    monkeypatch.setattr(QuickPacketizer, *limit)
    move(settings)

    assert len(exchanges) > 10


def test_keys_are_changed_when_the_server_wants_it(tmp_path: Path, exchanges: list[int]) -> None:
    """Many ask for it after a gigabyte, or an hour; with a limit below eight megabytes, OpenSSH counts large packets wrongly."""
    with run_sshd(tmp_path / "sshd", "RekeyLimit 8M") as server:
        move(settings_for(server, tmp_path, connections=1))

    assert len(exchanges) > 4


def test_both_ends_may_want_new_keys_at_once(tmp_path: Path, exchanges: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The two wishes meet on the line."""
    monkeypatch.setattr(QuickPacketizer, "REKEY_BYTES", 1 << 20)
    with run_sshd(tmp_path / "sshd", "RekeyLimit 8M") as server:
        move(settings_for(server, tmp_path, connections=1))

    assert len(exchanges) > 4


def test_a_server_that_ignores_the_wish_for_new_keys_is_left(settings: SftpSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys must not be used for ever."""
    storage = SftpStorage(settings)
    storage.create_folders()
    storage.write(FILE, [LARGE])
    monkeypatch.setattr(QuickPacketizer, "REKEY_BYTES", 1 << 20)
    monkeypatch.setattr(QuickPacketizer, "REKEY_BYTES_OVERFLOW_MAX", 1 << 16)
    with pytest.raises(StorageUnreachable, match="new keys"):
        storage.read(FILE)
    storage.close()


def test_a_byte_that_changes_on_its_way_ends_the_connection(sshd: Sshd, settings: SftpSettings) -> None:
    """It is never believed."""
    with run_relay(sshd.port) as relay:
        storage = SftpStorage(replace(settings, target=msgspec.structs.replace(settings.target, port=relay.port)))
        storage.create_folders()
        storage.write(FILE, [LARGE])
        relay.damages_next = True
        with pytest.raises(StorageUnreachable):
            storage.read(FILE)

        assert storage.read(FILE) == LARGE
        assert relay.connections == 2
        storage.close()


@pytest.fixture
def password_server(tmp_path: Path) -> Iterator[PasswordServer]:
    """A server by the library itself, which can be looked into."""
    with run_password_server(tmp_path) as server:
        yield server


def connect(server: PasswordServer) -> SftpSession:
    target = SftpTarget("127.0.0.1", str(server.folder / "repository"), USER, server.port)
    session = open_session(SftpSettings(target, server.folder / "pins", uses_agent=False), lambda _request: PASSWORD)
    assert isinstance(session._line, QuickChannel)
    return session


def test_what_the_server_asks_between_two_operations_is_answered(password_server: PasswordServer) -> None:
    """Servers look that way whether their clients are still there, and end the connection where they are not."""
    session = connect(password_server)
    for _ in range(3):
        assert password_server.transports[0].global_request("keepalive@openssh.com") is None  # it came back, and says no

        assert session.is_idle
    session.close()


def test_a_connection_is_kept_alive_while_nobody_uses_it(
    password_server: PasswordServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Routers forget those that say nothing."""
    monkeypatch.setattr(ssh_connect, "KEEPALIVE_SECONDS", 0.2)
    session = connect(password_server)
    for _ in range(2):
        password_server.heard.clear()

        assert password_server.heard.wait(30)
    assert session.is_idle
    session.close()


@pytest.mark.parametrize(("allowed", "stated"), [(9, 10), (100, 11)], ids=["not allowed", "not there"])
def test_data_that_is_not_allowed_or_not_there_ends_the_connection(settings: SftpSettings, allowed: int, stated: int) -> None:
    """Else a server could fill our memory with what nobody takes."""
    session = open_session(settings)
    line = session._line
    assert isinstance(line, QuickChannel)
    line._allowed = allowed
    plain = bytes((4, CHANNEL_DATA)) + bytes(4) + stated.to_bytes(4, "big") + bytes(10)
    with pytest.raises(GarbledPacket):
        line.take(plain + bytes(4), len(plain))
    session.close()
