"""The way to a real SSH server: who it is, who we are, and what happens when the line fails."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gdp.core.errors import (
    HostKeyMismatch,
    LoginRefused,
    StorageDenied,
    StorageFull,
    StorageUnreachable,
)
from gdp.model.files import FileKind, StoredFile
from gdp.model.target import SftpTarget
from gdp.storage.retry import Retrying
from gdp.storage.sftp import SftpStorage
from gdp.storage.sftp_settings import NewHostKey, SecretKind, SecretRequest, SftpSettings
from tests.sshd import Sshd, free_port, make_key, run_sshd, settings_for
from tests.storage.password_server import PASSWORD, USER, run_password_server
from tests.storage.relay import Relay, run_relay

DATA = os.urandom(6_000_000)
FILE = StoredFile(FileKind.DATA, "ab" * 32)


@pytest.fixture
def settings(sshd: Sshd, tmp_path: Path) -> SftpSettings:
    return settings_for(sshd, tmp_path, connections=1)


@pytest.fixture
def relay(sshd: Sshd) -> Iterator[Relay]:
    with run_relay(sshd.port) as running:
        yield running


def through(relay: Relay, settings: SftpSettings) -> SftpSettings:
    return replace(settings, target=msgspec.structs.replace(settings.target, port=relay.port))


def try_to_connect(settings: SftpSettings, **options: object) -> None:
    storage = SftpStorage(settings, **options)  # type: ignore[arg-type]  # each test gives what it tests
    try:
        storage.create_folders()
    finally:
        storage.close()


def test_the_first_contact_pins_the_real_key(sshd: Sshd, settings: SftpSettings) -> None:
    """The fingerprint is the one `ssh-keygen -l` shows on the server."""
    news: list[NewHostKey] = []
    try_to_connect(settings, on_new_host=news.append)
    try_to_connect(settings, on_new_host=news.append)
    shown = subprocess.run(["ssh-keygen", "-l", "-f", sshd.host_key], capture_output=True, text=True, check=True).stdout

    assert [(new.host, new.fingerprint) for new in news] == [(f"[127.0.0.1]:{sshd.port}", shown.split()[1])]


def test_a_server_with_another_key_is_not_spoken_to(sshd: Sshd, settings: SftpSettings, tmp_path: Path) -> None:
    """No name, no key, no password is shown to whoever it is."""
    strange = make_key(tmp_path / "strange").with_suffix(".pub").read_text()
    settings.pinned_hosts.write_text(f"[127.0.0.1]:{sshd.port} {strange}")

    with pytest.raises(HostKeyMismatch, match=r"is pinned in .*pinned_hosts, line 1"):
        try_to_connect(settings, ask=lambda _request: pytest.fail("asked for a secret"))


def test_the_known_one_of_several_host_keys_is_asked_for(tmp_path: Path) -> None:
    """Ed25519 is preferred, but this client knows the server by its ECDSA key."""
    other = make_key(tmp_path / "ecdsa", kind="ecdsa")
    with run_sshd(tmp_path / "sshd", f"HostKey {other}") as server:
        settings = settings_for(server, tmp_path)
        settings.pinned_hosts.write_text(f"[127.0.0.1]:{server.port} {other.with_suffix('.pub').read_text()}")

        try_to_connect(settings)


def test_a_server_that_only_has_sha1_keys_is_named_as_outdated(tmp_path: Path) -> None:
    """Paramiko says 'no acceptable host key', which helps nobody."""
    host_key = make_key(tmp_path / "rsa", kind="rsa")
    with run_sshd(tmp_path / "sshd", f"HostKey {host_key}", "HostKeyAlgorithms ssh-rsa") as server:
        settings = settings_for(server, tmp_path)
        with pytest.raises(StorageDenied, match="ssh-rsa") as caught:
            try_to_connect(settings)

    assert "ssh-keygen -A" in caught.value.hint


def test_an_unknown_key_is_refused_with_the_way_out(settings: SftpSettings, tmp_path: Path) -> None:
    """The most common mistake at set-up."""
    wrong = make_key(tmp_path / "wrong")
    with pytest.raises(LoginRefused) as caught:
        try_to_connect(replace(settings, key_files=(wrong,)))

    assert str(wrong) in str(caught.value)
    assert "publickey" in str(caught.value)
    assert "authorized_keys" in caught.value.hint


def test_a_key_with_a_passphrase_is_opened_by_asking(tmp_path: Path) -> None:
    """Asked for once per connection, by the key's path."""
    key = make_key(tmp_path / "sealed", passphrase="geheim")
    asked: list[SecretRequest] = []

    def answer(request: SecretRequest) -> str:
        asked.append(request)
        return "geheim"

    with run_sshd(tmp_path / "sshd") as server:
        (server.folder / "authorized_keys").write_text(key.with_suffix(".pub").read_text())
        sealed = replace(settings_for(server, tmp_path), key_files=(key,))
        try_to_connect(sealed, ask=answer)

        assert asked == [SecretRequest(SecretKind.KEY_PASSPHRASE, str(key))]
        for ask in (None, lambda _request: None, lambda _request: "wrong"):
            with pytest.raises(LoginRefused) as caught:
                try_to_connect(sealed, ask=ask)
            assert "passphrase" in caught.value.hint


def test_a_password_is_asked_for_where_the_server_wants_one(tmp_path: Path) -> None:
    """Hosted storage often knows nothing else."""
    with run_password_server(tmp_path) as server:
        target = SftpTarget("127.0.0.1", str(tmp_path / "repository"), USER, server.port)
        settings = SftpSettings(target, tmp_path / "pins", uses_agent=False, connections=1)
        asked: list[SecretRequest] = []

        def answer(request: SecretRequest) -> str:
            asked.append(request)
            return PASSWORD

        storage = SftpStorage(settings, ask=answer)
        storage.create_folders()
        storage.write(FILE, [DATA])

        assert storage.read(FILE) == DATA
        assert asked == [SecretRequest(SecretKind.PASSWORD, f"{USER}@[127.0.0.1]:{server.port}")]
        for ask in (None, lambda _request: None, lambda _request: "wrong"):
            with pytest.raises(LoginRefused) as caught:
                try_to_connect(settings, ask=ask)
            assert "wrong" not in str(caught.value)
        storage.close()


def test_a_server_without_sftp_is_named(tmp_path: Path) -> None:
    """The login works, so the user would look for the mistake in the wrong place."""
    with run_password_server(tmp_path, has_sftp=False) as server:
        settings = SftpSettings(SftpTarget("127.0.0.1", "/srv", USER, server.port), tmp_path / "pins", uses_agent=False)

        with pytest.raises(StorageDenied, match="no SFTP") as caught:
            try_to_connect(settings, ask=lambda _request: PASSWORD)
        assert "Subsystem sftp" in caught.value.hint


def test_nobody_listening_is_unreachable(settings: SftpSettings) -> None:
    """A server that restarts is worth a retry."""
    with pytest.raises(StorageUnreachable, match="cannot be reached"):
        try_to_connect(replace(settings, target=msgspec.structs.replace(settings.target, port=free_port())))


def test_an_alias_of_the_users_ssh_config_works(sshd: Sshd, settings: SftpSettings, tmp_path: Path) -> None:
    """Including the program that makes the line, here one that copies bytes."""
    (tmp_path / "config").write_text(
        f"Host shelf\n HostName 127.0.0.1\n User {sshd.user}\n Port {sshd.port}\n IdentityFile {sshd.client_key}\n"
        f"Host bridge\n HostName 127.0.0.1\n Port {sshd.port}\n IdentityFile {sshd.client_key}\n"
        f" ProxyCommand {sys.executable} {Path(__file__).with_name('bridge.py')} %h %p\n"
    )
    for name in ("shelf", "bridge"):
        target = SftpTarget(name, settings.target.path)
        aliased = replace(settings, target=target, key_files=(), ssh_config=tmp_path / "config")
        storage = SftpStorage(aliased)
        storage.create_folders()
        storage.write(FILE, [DATA])

        assert storage.read(FILE) == DATA
        storage.close()


def test_a_proxy_command_that_fails_is_unreachable_at_once(settings: SftpSettings, tmp_path: Path) -> None:
    """Its end is the line's end; waiting for a time-out would only hide it."""
    (tmp_path / "config").write_text("Host *\n ProxyCommand false\n")

    with pytest.raises(StorageUnreachable):
        try_to_connect(replace(settings, ssh_config=tmp_path / "config"))


@pytest.mark.parametrize("cut_after", [3_000_000, 50_000])
def test_a_line_cut_in_the_middle_of_an_upload_costs_only_a_retry(relay: Relay, settings: SftpSettings, cut_after: int) -> None:
    """This happens every night at some customer."""
    waits: list[float] = []
    storage = SftpStorage(through(relay, settings))
    storage.create_folders()
    relay.cut_after(cut_after)
    Retrying(storage, sleep=waits.append).write(FILE, [DATA[:1_000_000], DATA[1_000_000:]])

    assert len(waits) == 1
    assert relay.connections == 2
    assert storage.read(FILE) == DATA
    assert list(storage.list(FileKind.DATA)) == [(FILE.name, len(DATA))]
    storage.close()


def test_a_line_cut_in_the_middle_of_a_download_costs_only_a_retry(relay: Relay, settings: SftpSettings) -> None:
    """A restore of days must survive it, too."""
    waits: list[float] = []
    storage = SftpStorage(through(relay, settings))
    storage.create_folders()
    storage.write(FILE, [DATA])
    relay.cut_after(3_000_000)

    assert Retrying(storage, sleep=waits.append).read(FILE) == DATA
    assert len(waits) == 1
    storage.close()


def test_a_line_that_falls_silent_is_given_up_within_a_bound(relay: Relay, settings: SftpSettings) -> None:
    """No reset, no end of file: a router that forgot us. Upload and download each end by themselves."""
    storage = SftpStorage(through(relay, replace(settings, answer_seconds=0.5)))
    storage.create_folders()
    storage.write(FILE, [DATA])
    relay.is_open.clear()
    with pytest.raises(StorageUnreachable):
        storage.read(FILE)
    relay.is_open.set()
    assert storage.read(FILE) == DATA
    relay.is_open.clear()
    with pytest.raises(StorageUnreachable):
        storage.write(StoredFile(FileKind.DATA, "cd" * 32), [DATA] * 4)
    relay.is_open.set()

    assert storage.read(FILE) == DATA
    storage.close()


def test_an_idle_connection_that_died_costs_at_most_a_retry(relay: Relay, settings: SftpSettings) -> None:
    """Servers hang up on idle clients between two backups of the same daemon."""
    storage = SftpStorage(through(relay, settings))
    storage.create_folders()
    storage.write(FILE, [DATA])
    relay.cut()
    Retrying(storage, sleep=lambda _seconds: None).size(FILE)

    assert storage.read(FILE) == DATA
    storage.close()


def test_a_forked_process_opens_its_own_connection(settings: SftpSettings) -> None:
    """Workers are forked with the storage in hand, before anything is connected."""
    storage = SftpStorage(settings)
    child = os.fork()
    if child == 0:
        status = 1
        try:
            storage.create_folders()
            storage.write(FILE, [DATA])
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert storage.read(FILE) == DATA
    storage.close()


def test_folders_and_files_on_the_server_are_private(settings: SftpSettings) -> None:
    """As the local storage makes them, and as restic does."""
    storage = SftpStorage(settings)
    storage.create_folders()
    storage.write(FILE, [DATA])
    root = Path(settings.target.path)

    assert (root / FILE.path).stat().st_mode & 0o777 == 0o400
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / "data/ab").stat().st_mode & 0o777 == 0o700
    storage.close()


@pytest.mark.root
def test_a_full_disk_of_a_real_server_says_so(sshd: Sshd, settings: SftpSettings, tmp_path: Path) -> None:
    """OpenSSH answers FAILURE and nothing else; its statvfs makes it clear."""
    if os.getuid() != 0:
        pytest.skip("only root may mount a file system")
    place = Path(settings.target.path)
    place.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(place)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        storage = SftpStorage(settings)
        storage.create_folders()
        with pytest.raises(StorageFull):
            storage.write(FILE, [DATA])
        storage.write(FILE, [DATA[:1_000_000]])

        assert storage.read(FILE) == DATA[:1_000_000]
        storage.close()
    finally:
        subprocess.run(["umount", "--lazy", place], check=True)  # the server may take a moment to let go


def test_keys_of_the_agent_are_tried(settings: SftpSettings, sshd: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    """Administrators keep them there, and never in a file without a passphrase."""
    socket_path = sshd.folder / "agent"
    agent = subprocess.Popen(["ssh-agent", "-D", "-a", socket_path], stdout=subprocess.PIPE)
    try:
        assert agent.stdout is not None
        agent.stdout.readline()  # it is listening
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket_path))
        subprocess.run(["ssh-add", "-q", sshd.client_key], check=True)
        try_to_connect(replace(settings, key_files=(), uses_agent=True))
    finally:
        agent.terminate()
        agent.communicate()


def test_too_many_keys_are_told_from_a_wrong_one(tmp_path: Path) -> None:
    """The right key is there, but the server hangs up before it is its turn."""
    with run_sshd(tmp_path / "sshd", "MaxAuthTries 2") as server:
        keys = tuple(make_key(tmp_path / f"key{number}") for number in range(3))
        settings = settings_for(server, tmp_path)
        with pytest.raises(LoginRefused) as caught:
            try_to_connect(replace(settings, key_files=(*keys, server.client_key)))

    assert "fewer attempts" in caught.value.hint


def test_a_file_that_is_no_key_is_named(settings: SftpSettings, tmp_path: Path) -> None:
    """The public key instead of the private one: everybody's mistake once."""
    public = make_key(tmp_path / "key").with_suffix(".pub")
    with pytest.raises(LoginRefused) as caught:
        try_to_connect(replace(settings, key_files=(public, tmp_path / "missing")))

    assert f"{public} (no private key)" in caught.value.hint
    assert "missing" in caught.value.hint


def test_the_users_own_keys_are_tried_when_none_is_named(settings: SftpSettings, sshd: Sshd) -> None:
    """What works with ssh works with us."""
    try_to_connect(replace(settings, key_files=(), default_keys=(Path("/missing"), sshd.client_key)))


def test_a_key_and_then_a_password_may_both_be_wanted(tmp_path: Path) -> None:
    """Servers with a second factor."""
    with run_password_server(tmp_path, wants_key=True) as server:
        key = make_key(tmp_path / "key")
        target = SftpTarget("127.0.0.1", str(tmp_path / "repository"), USER, server.port)
        settings = SftpSettings(target, tmp_path / "pins", key_files=(key,), uses_agent=False)

        try_to_connect(settings, ask=lambda _request: PASSWORD)
        with pytest.raises(LoginRefused):
            try_to_connect(settings)
