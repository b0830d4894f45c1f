"""Whoever sits between us and the server must be noticed; whoever merely got a new server must be told what to do."""

import base64
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from gdp.core.errors import HostKeyMismatch
from gdp.model.target import SftpTarget
from gdp.storage.host_keys import check_host_key, known_keys, order_algorithms
from gdp.storage.known_hosts import append_known_key, find_known_keys, make_fingerprint
from gdp.storage.sftp_settings import NewHostKey, SftpSettings
from gdp.storage.ssh_config import Route
from tests.sshd import make_key

KEY, OTHER = b"the server's key", b"somebody else's key"


@pytest.fixture
def settings(tmp_path: Path) -> SftpSettings:
    return SftpSettings(
        SftpTarget("backup.example", "/srv"), tmp_path / "gdp" / "known_hosts", known_hosts=(tmp_path / "ssh_known_hosts",)
    )


ROUTE = Route("backup.example", 22, "me", "backup.example")


def line(name: str, blob: bytes, kind: str = "ssh-ed25519") -> str:
    return f"{name} {kind} {base64.b64encode(blob).decode()} a comment\n"


def test_the_first_key_is_pinned_and_reported(settings: SftpSettings) -> None:
    """The user compares the fingerprint once; from then on we do."""
    news: list[NewHostKey] = []
    check_host_key(settings, ROUTE, "ssh-ed25519", KEY, news.append)
    check_host_key(settings, ROUTE, "ssh-ed25519", KEY, news.append)

    assert news == [NewHostKey("backup.example", "ssh-ed25519", make_fingerprint(KEY))]
    assert settings.pinned_hosts.stat().st_mode & 0o777 == 0o600


def test_another_key_is_refused_with_everything_needed_to_judge(settings: SftpSettings) -> None:
    """Both fingerprints, the file, the line, and how to accept a legitimate change."""
    settings.pinned_hosts.parent.mkdir()
    settings.pinned_hosts.write_text("# a comment\n" + line("backup.example", KEY))
    with pytest.raises(HostKeyMismatch) as caught:
        check_host_key(settings, ROUTE, "ssh-ed25519", OTHER)

    assert make_fingerprint(KEY) in str(caught.value)
    assert make_fingerprint(OTHER) in str(caught.value)
    assert f"{settings.pinned_hosts}, line 2" in str(caught.value)
    assert "remove line 2" in caught.value.hint


def test_a_key_of_another_kind_does_not_slip_through(settings: SftpSettings) -> None:
    """An attacker without the ed25519 key could offer an RSA key of his own."""
    check_host_key(settings, ROUTE, "ssh-ed25519", KEY)

    with pytest.raises(HostKeyMismatch):
        check_host_key(settings, ROUTE, "ssh-rsa", OTHER)


def test_keys_known_to_ssh_are_believed(settings: SftpSettings) -> None:
    """The administrator has already compared them."""
    settings.known_hosts[0].write_text(line("backup.example", KEY))
    check_host_key(settings, ROUTE, "ssh-ed25519", KEY)

    assert not settings.pinned_hosts.exists()
    with pytest.raises(HostKeyMismatch):
        check_host_key(settings, ROUTE, "ssh-ed25519", OTHER)


def test_a_revoked_key_is_refused_even_if_it_is_pinned(settings: SftpSettings) -> None:
    """It was stolen."""
    check_host_key(settings, ROUTE, "ssh-ed25519", KEY)
    settings.known_hosts[0].write_text("@revoked " + line("*", KEY))

    with pytest.raises(HostKeyMismatch, match="revoked"):
        check_host_key(settings, ROUTE, "ssh-ed25519", KEY)


def test_the_announced_fingerprint_must_be_the_first(settings: SftpSettings, tmp_path: Path) -> None:
    """A recovery sheet names it, so that even the first contact is safe."""
    announced = SftpSettings(settings.target, tmp_path / "fresh", expected_fingerprint=make_fingerprint(KEY))

    with pytest.raises(HostKeyMismatch, match="announced"):
        check_host_key(announced, ROUTE, "ssh-ed25519", OTHER)
    check_host_key(announced, ROUTE, "ssh-ed25519", KEY)
    assert len(known_keys(announced, ROUTE)) == 1


def test_an_announced_fingerprint_counts_more_than_a_pinned_one(settings: SftpSettings) -> None:
    """The computer may have met somebody else under this name."""
    check_host_key(settings, ROUTE, "ssh-ed25519", KEY)
    announced = replace(settings, expected_fingerprint=make_fingerprint(OTHER))

    with pytest.raises(HostKeyMismatch, match="announced"):
        check_host_key(announced, ROUTE, "ssh-ed25519", KEY)
    with pytest.raises(HostKeyMismatch, match="pinned"):
        check_host_key(announced, ROUTE, "ssh-ed25519", OTHER)


def test_the_announced_kind_of_key_is_asked_for_first(settings: SftpSettings) -> None:
    """A server has several keys, and the sheet names one."""
    check_host_key(settings, ROUTE, "ssh-ed25519", KEY)
    supported = ["ssh-ed25519", "rsa-sha2-512", "ecdsa-sha2-nistp256"]

    assert order_algorithms(known_keys(settings, ROUTE), supported, "ecdsa-sha2-nistp256")[0] == "ecdsa-sha2-nistp256"
    assert order_algorithms([], supported, "ssh-rsa")[0] == "rsa-sha2-512"


def test_two_processes_that_meet_the_host_at_once_pin_one_key(tmp_path: Path) -> None:
    """Workers connect at the same moment; the second must check against the first's line."""
    append_known_key(tmp_path / "pins", "host", "ssh-ed25519", KEY)

    assert [key.blob for key in append_known_key(tmp_path / "pins", "host", "ssh-ed25519", OTHER)] == [KEY]


def test_a_line_is_added_even_to_a_file_without_a_last_newline(tmp_path: Path) -> None:
    """Editors leave it out; two keys on one line would both be lost."""
    (tmp_path / "pins").write_text(line("first", KEY).rstrip("\n"))
    append_known_key(tmp_path / "pins", "second", "ssh-ed25519", OTHER)

    assert len(find_known_keys([tmp_path / "pins"], "first")) == 1
    assert len(find_known_keys([tmp_path / "pins"], "second")) == 1


@pytest.mark.parametrize(
    ("names", "name", "is_match"),
    [
        ("host", "host", True),
        ("HOST", "host", True),
        ("other,host", "host", True),
        ("host", "host2", False),
        ("[host]:2222", "[host]:2222", True),
        ("[host]:2222", "host", False),
        ("host", "[host]:2222", False),
        ("*.example", "a.example", True),
        ("h?st", "host", True),
        ("*,!host", "host", False),
        ("*,!host", "other", True),
        ("[*.example]:22*", "[a.example]:2222", True),
        ("|1|broken", "host", False),
    ],
)
def test_names_are_matched_as_openssh_does(tmp_path: Path, names: str, name: str, is_match: bool) -> None:
    """The user's own file decides about his own server."""
    (tmp_path / "known_hosts").write_text(line(names, KEY))

    assert bool(find_known_keys([tmp_path / "known_hosts"], name)) is is_match


def test_hashed_names_made_by_openssh_are_found(tmp_path: Path) -> None:
    """Debian hashes them by default."""
    key = make_key(tmp_path / "key").with_suffix(".pub").read_text()
    file = tmp_path / "known_hosts"
    file.write_text(f"[127.0.0.1]:2222 {key}")
    subprocess.run(["ssh-keygen", "-q", "-H", "-f", file], check=True, capture_output=True)

    assert "127.0.0.1" not in file.read_text()
    assert len(find_known_keys([file], "[127.0.0.1]:2222")) == 1
    assert find_known_keys([file], "127.0.0.1") == []


def test_rubbish_lines_are_passed_over(tmp_path: Path) -> None:
    """A broken line must not make every server look new, nor stop a backup."""
    rubbish = b"\xff\xfe\nhost\nhost ssh-ed25519 %%%\n@cert-authority * x eA==\n"
    (tmp_path / "known_hosts").write_bytes(rubbish + line("host", KEY).encode())

    assert [key.line for key in find_known_keys([tmp_path / "known_hosts"], "host")] == [5]


def test_the_algorithms_of_known_keys_come_first(settings: SftpSettings) -> None:
    """A server with several keys must show the one we know, or every upgrade would look like an attack."""
    check_host_key(settings, ROUTE, "ssh-rsa", KEY)
    supported = ["ssh-ed25519", "ecdsa-sha2-nistp256", "rsa-sha2-512", "rsa-sha2-256"]

    ordered = order_algorithms(known_keys(settings, ROUTE), supported)
    assert ordered == ["rsa-sha2-512", "rsa-sha2-256", "ssh-ed25519", "ecdsa-sha2-nistp256"]
    assert order_algorithms([], supported) == supported
