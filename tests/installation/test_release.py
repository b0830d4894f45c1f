"""Releases: who has signed them, whether they fit, and archives that mean harm."""

import http.server
import io
import json
import tarfile
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import msgspec
import pytest

from gdp.core.errors import BadInput, DamagedData, GdpError, HostileData
from gdp.installation.archive import unpack
from gdp.installation.fetch import CannotFetch, fetch, fetch_small
from gdp.installation.packed import fingerprint, packed_in, pieces_of
from gdp.installation.release import is_newer, read_release
from gdp.installation.update import Offer, ask, ask_files, obtain, release_keys
from gdp.model.release_address import is_safe
from tests.cli.command_line import here
from tests.installation.releases import RELEASE, SCRIPT, make_key, public, release_of, signed
from tests.installation.world import make_program
from tests.mail.smtp_server import Authority

KEY = make_key()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address under which this computer serves it."""
    folder = tmp_path / "served"
    folder.mkdir()

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_what_was_signed_is_read_and_nothing_else() -> None:
    """Any of the keys may have signed it, so that a key can be replaced."""
    raw = signed(RELEASE, KEY)
    assert read_release(raw, public(make_key()) + "\n" + public(KEY)) == RELEASE
    envelope = json.loads(raw)
    changed = {**envelope, "description": envelope["description"].replace("1.2.0", "1.2.1")}

    for forged in (signed(RELEASE, make_key()), json.dumps(changed).encode()):
        with pytest.raises(HostileData):
            read_release(forged, public(KEY))
    with pytest.raises(HostileData):
        read_release(raw, "")


@pytest.mark.parametrize(
    "changes",
    [
        {"archive": "../gdp.tar.gz"},
        {"archive": "a/b"},
        {"version": "1.0-evil"},
        {"size": 1 << 40},
        {"size": 0},
        {"sha256": "abc"},
        {"format": 2},
    ],
)
def test_a_description_that_is_signed_must_make_sense_all_the_same(changes: dict[str, object]) -> None:
    raw = signed(msgspec.structs.replace(RELEASE, **changes), KEY)

    with pytest.raises(DamagedData):
        read_release(raw, public(KEY))


@pytest.mark.parametrize("raw", [b"", b"{}", b"\xff", b'{"description": "{}", "signature": "no"}'])
def test_what_is_no_description_is_called_so(raw: bytes) -> None:
    with pytest.raises(DamagedData):
        read_release(raw, public(KEY))


@pytest.mark.parametrize(
    ("version", "newer"), [("1.1.9", True), ("1.2", False), ("1.2.0", False), ("0.9", True), ("1.2.0.0", False)]
)
def test_only_a_newer_release_replaces(version: str, newer: bool) -> None:
    assert is_newer(RELEASE, version, "linux-x86_64") is newer


def test_older_and_foreign_releases_are_refused() -> None:
    """Ten is more than nine, and an old release with a known hole must not come back."""
    with pytest.raises(BadInput, match="older"):
        is_newer(RELEASE, "1.10.0", "linux-x86_64")
    with pytest.raises(BadInput, match="linux-aarch64"):
        is_newer(RELEASE, "1.0.0", "linux-aarch64")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://example.com/gdp", True),
        ("https://example.com:8443/gdp", True),
        ("http://example.com/gdp", False),
        ("http://127.0.0.1.example.com/", False),
        ("http://localhost:8000/x", True),
        ("http://[::1]:8000/x", True),
        ("file:///srv/gdp", True),
        ("file://host/srv", False),
        ("https://user:secret@example.com/", False),
        ("https:///gdp", False),
        ("ftp://example.com/", False),
        ("gdp", False),
        ("https://[x/", False),
    ],
)
def test_nobody_may_listen_in(address: str, expected: bool) -> None:
    assert is_safe(address) is expected


def test_a_wrong_address_is_refused_without_showing_it(isolated_home: Path) -> None:
    """It may hold a password."""
    refused = here(["config", "set", "update.url", "https://user:secret@example.com/"])

    assert refused.code == 1
    assert "secret" not in refused.err
    assert here(["config", "set", "update.url", "https://example.com/gdp"]).code == 0
    assert here(["config", "get", "update.url"]).out == "https://example.com/gdp\n"


def test_a_release_travels_over_http_and_is_the_same_program(tmp_path: Path, served: tuple[Path, str]) -> None:
    folder, address = served
    SCRIPT.make_key(tmp_path / "key", "a passphrase")
    SCRIPT.make_release(tmp_path / "key", "a passphrase", make_program(tmp_path / "program", "1.5"), folder)
    keys = release_keys(tmp_path / "key.pub")
    release = json.loads(json.loads(next(folder.glob("*.json")).read_text())["description"])
    (tmp_path / "work").mkdir()
    got = obtain(ask(address, release["platform"], keys), tmp_path / "work")

    assert release["version"] == "1.5"
    assert fingerprint(pieces_of(packed_in(got))) == fingerprint(pieces_of(packed_in(tmp_path / "program")))
    assert "ENCRYPTED" in (tmp_path / "key").read_text()
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_an_archive_that_is_not_the_signed_one_is_refused(tmp_path: Path) -> None:
    """Cut off, longer, or another one of the same length: of a program nothing stays."""
    SCRIPT.make_key(tmp_path / "key", None)
    description = release_of(make_program(tmp_path / "program", "1.5"), tmp_path / "key", tmp_path / "release")
    offer = ask_files([description], release_keys(tmp_path / "key.pub"))
    archive = next((tmp_path / "release").glob("*.tar.gz"))
    right = archive.read_bytes()
    for number, wrong in enumerate((right[:-1], right + b"x", right[:-1] + bytes([right[-1] ^ 1]), b"")):
        archive.write_bytes(wrong)
        folder = tmp_path / f"work{number}"
        folder.mkdir()
        with pytest.raises(DamagedData):
            obtain(offer, folder)
        assert not (folder / "program").exists()
    archive.unlink()
    with pytest.raises(CannotFetch, match="No such file"):
        obtain(Offer(offer.release, offer.archive), tmp_path)


def test_no_more_is_fetched_than_is_wanted(served: tuple[Path, str], tmp_path: Path) -> None:
    """A server that never stops sending must not fill the disk."""
    folder, address = served
    (folder / "large").write_bytes(bytes(3 << 20))
    with pytest.raises(DamagedData):
        fetch_small(f"{address}/large", 1000)
    with pytest.raises(DamagedData):
        fetch(f"{address}/large", tmp_path / "got", 1000)

    assert (tmp_path / "got").stat().st_size < 1 << 20
    with pytest.raises(CannotFetch, match="HTTP 404"):
        fetch_small(f"{address}/none", 1000)


def test_a_server_cannot_send_us_into_our_files(tmp_path: Path) -> None:
    """Or to an address that somebody could listen in on."""
    for elsewhere in (f"file://{tmp_path}/secret", "http://example.com/x"):

        class Redirecting(http.server.BaseHTTPRequestHandler):
            to = elsewhere

            def do_GET(self) -> None:
                self.send_response(302)
                self.send_header("Location", self.to)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            with pytest.raises(CannotFetch):
                fetch_small(f"http://127.0.0.1:{server.server_port}/x", 1000)
            server.shutdown()


def test_a_server_that_nobody_vouches_for_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one whose issuer this computer trusts is believed, by its own name only."""
    (tmp_path / "ca").mkdir()
    authority = Authority(tmp_path / "ca")
    (tmp_path / "release.json").write_text("x")
    handler = partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.socket = authority.context("127.0.0.1").wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"https://127.0.0.1:{server.server_port}/release.json"
        with pytest.raises(CannotFetch, match=r"self-signed certificate|unable to get local issuer"):
            fetch_small(address, 10)
        monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
        assert fetch_small(address, 10) == b"x"
        with pytest.raises(CannotFetch, match=r"[Hh]ostname mismatch"):
            fetch_small(address.replace("127.0.0.1", "localhost"), 10)
        server.shutdown()


def test_a_build_without_a_key_says_so(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot update itself"):
        release_keys(tmp_path / "none")


Members = Callable[[tarfile.TarFile], None]


def archive_with(tmp_path: Path, *members: tuple[str, str, str]) -> Path:
    """Write an archive with a program and more members: kind, name, and where a link leads."""
    path = tmp_path / "a.tar.gz"
    with tarfile.open(path, "w:gz") as stream:
        for kind, name, link in (("file", "top/gdp", ""), ("file", "top/_internal/x", ""), *members):
            member = tarfile.TarInfo(name)
            member.type = {"file": tarfile.REGTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE, "pipe": tarfile.FIFOTYPE}[
                kind
            ]
            member.linkname = link
            member.size = 1 if kind == "file" else 0
            stream.addfile(member, io.BytesIO(b"x"))
    return path


@pytest.mark.parametrize(
    "members",
    [
        [("file", "top/../../evil", "")],
        [("file", "/evil", "")],
        [("link", "top/l", "/etc")],
        [("link", "top/_internal/l", "../../..")],
        [("link", "top/_internal/l", "x/../../..")],
        [("link", "top/a/up", ".."), ("link", "top/a/up/out", "..")],
        [("hard", "top/h", "/etc/passwd")],
        [("pipe", "top/p", "")],
    ],
)
def test_nothing_comes_to_lie_elsewhere(tmp_path: Path, members: list[tuple[str, str, str]]) -> None:
    (tmp_path / "in").mkdir()
    archive = archive_with(tmp_path, *members)
    with pytest.raises(HostileData):
        unpack(archive, tmp_path / "in" / "program")

    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.tar.gz", "in"]
    assert list((tmp_path / "in").iterdir()) == []


def test_a_file_is_not_written_through_a_link(tmp_path: Path) -> None:
    """Links are made when all files are there, so the file's folder is a real one, and the link has no room."""
    (tmp_path / "in").mkdir()
    archive = archive_with(tmp_path, ("link", "top/l", "_internal"), ("file", "top/l/x2", ""))
    with pytest.raises((GdpError, OSError)):
        unpack(archive, tmp_path / "in" / "program")

    assert list((tmp_path / "in").iterdir()) == []


def test_an_archive_that_is_cut_off_is_damaged(tmp_path: Path) -> None:
    archive = archive_with(tmp_path)
    archive.write_bytes(archive.read_bytes()[:60])
    with pytest.raises(DamagedData):
        unpack(archive, tmp_path / "program")

    assert not (tmp_path / "program").exists()
