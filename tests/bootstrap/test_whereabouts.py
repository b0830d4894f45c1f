"""What a sheet tells another computer of a repository's place."""

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp.bootstrap.access import Access, AccessSettings
from gdp.bootstrap.storages import Reaching
from gdp.bootstrap.whereabouts import find_whereabouts
from gdp.core.errors import BadInput
from gdp.model.events import Event, Note
from gdp.model.target import LocalTarget, parse_target
from tests.sshd import Sshd, make_key, run_sshd


@pytest.fixture
def server(tmp_path: Path, isolated_home: Path) -> Iterator[Sshd]:
    """A server that the user's ~/.ssh knows how to log in to."""
    with run_sshd(tmp_path / "sshd") as running:
        (isolated_home / ".ssh").mkdir(mode=0o700)
        (isolated_home / ".ssh" / "config").write_text(f"Host *\n  IdentityFile {running.client_key}\n")
        yield running


def access_to(text: str, home: Path, told: list[Event] | None = None) -> Access:
    """Return a way to a repository."""
    return Access(
        AccessSettings(parse_target(text), home, Reaching()), lambda *_: None, (told if told is not None else []).append
    )


def blob_of(public_key: Path) -> str:
    """Return the kind and the contents of a public key."""
    return " ".join(public_key.read_text().split()[:2])


def test_a_folder_is_where_it_is(tmp_path: Path) -> None:
    """And nobody shows a key there."""
    found = find_whereabouts(access_to(str(tmp_path), tmp_path), lambda *_: None, print)

    assert (found.repo, found.host_key) == (LocalTarget(tmp_path), "")


@pytest.mark.peer
def test_the_key_that_is_shown_is_told_and_not_an_old_one(server: Sshd, tmp_path: Path) -> None:
    """Files of known hosts keep what a server once had; a sheet with such a key would be refused in the hour of need."""
    (tmp_path / "srv").mkdir()
    old = make_key(tmp_path / "old", kind="ecdsa")
    home = tmp_path / "home"
    home.mkdir()
    name = f"[127.0.0.1]:{server.port}"
    pins = [f"{name} {blob_of(Path(f'{key}.pub'))}\n" for key in (old, server.host_key)]
    (home / "known_hosts").write_text("".join(pins))
    found = find_whereabouts(access_to(server.url(tmp_path / "srv"), home), lambda *_: None, print)

    assert found.host_key.startswith("ssh-ed25519 SHA256:")
    assert found.repo == parse_target(server.url(tmp_path / "srv"))
    assert base64.b64decode(found.host_key.partition(":")[2] + "=")
    assert (home / "known_hosts").read_text() == "".join(pins)
    (home / "known_hosts").write_text(pins[0])
    with pytest.raises(BadInput, match="none of the host keys"):
        find_whereabouts(access_to(server.url(tmp_path / "srv"), home), lambda *_: None, print)


def test_what_cannot_be_written_down_is_said(isolated_home: Path, tmp_path: Path) -> None:
    """A folder of the login with a port that only ~/.ssh/config knows; a program that is the way."""
    (isolated_home / ".ssh").mkdir(mode=0o700)
    (isolated_home / ".ssh" / "config").write_text("Host far\n  Port 2222\nHost near\n  ProxyCommand nc %h %p\n")
    with pytest.raises(BadInput, match="depends on the login"):
        find_whereabouts(access_to("sftp:u@far:backup", tmp_path), lambda *_: None, print)
    told: list[Event] = []
    with pytest.raises(BadInput, match="none of the host keys"):
        find_whereabouts(access_to("sftp:u@near:backup", tmp_path), lambda *_: None, told.append)

    assert any(isinstance(event, Note) and "ProxyCommand" in event.template for event in told)
