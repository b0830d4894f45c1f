"""What restic wrote, in our hands: an existing user must be able to come over with everything."""

import json
import os
import random
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from gdp.core.packformat import BlobKind
from gdp.repo.opening import open_repository
from gdp.repo.repository import Repository
from gdp.storage.local import LocalStorage
from tests.cli.command_line import here
from tests.conftest import require_program
from tests.engine.archive.running import HOST, PASSWORD, Archive
from tests.interop.restic import Restic
from tests.manifest import differences, manifest

pytestmark = [pytest.mark.peer, pytest.mark.slow]

SOUND = (
    "v2-restic-0.14.0",
    "v2-restic-0.19.1",
    "small-repo",
    "repo-same-timestamps",
    "repo-obsolete-index",
    "repo-unreferenced-data",
    "repo-mixed",
    "repo-duplicates",
)


def _files(repo: Repository, tree: str, above: str = "") -> dict[str, tuple[int, bytes]]:
    """Return path -> size and contents of every file of a tree; names as restic's JSON shows them."""
    found: dict[str, tuple[int, bytes]] = {}
    for node in repo.load_tree(bytes.fromhex(tree)):
        path = f"{above}/{node.raw_name.decode('utf-8', 'replace')}"
        if node.type == "dir" and node.subtree:
            found |= _files(repo, node.subtree, path)
        elif node.type == "file":
            content = b"".join(repo.load_blob(BlobKind.DATA, bytes.fromhex(blob)) for blob in node.content or ())
            found[path] = node.size, content
    return found


@pytest.mark.parametrize("name", SOUND)
def test_every_snapshot_of_every_fixture_is_read_as_restic_reads_it(shared_fixtures: Path, tmp_path: Path, name: str) -> None:
    """Format 1 and 2, mixed packs, old indexes, duplicates: the same snapshots, the same paths, and whole files."""
    with tarfile.open(shared_fixtures / f"{name}.tar.gz") as packed:
        packed.extractall(tmp_path, filter="fully_trusted")
    for path in (tmp_path / "repo").rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    restic = Restic(require_program("restic"), str(tmp_path / "repo"))
    theirs = {snapshot["id"]: snapshot for snapshot in json.loads(restic("--json", "snapshots"))}
    repo = open_repository(LocalStorage(tmp_path / "repo"), PASSWORD, tmp_path / "home")
    repo.load_index()
    ours = repo.snapshots().snapshots

    assert set(ours) == set(theirs)
    for identity, snapshot in ours.items():
        listed = [json.loads(line) for line in restic("--json", "ls", identity).splitlines()]
        wanted = sorted((node["path"], node.get("size", 0)) for node in listed if node.get("type") == "file")
        found = _files(repo, snapshot.tree)
        assert sorted((path, size) for path, (size, _) in found.items()) == wanted
        assert all(size == len(content) for size, content in found.values())


def test_a_repository_of_restics_is_taken_over(
    restic: Restic, tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Large files are cut elsewhere by us: unchanged ones stay as they are, changed ones are stored anew, both restore."""
    folder = tmp_path / "source"
    folder.mkdir()
    chance = random.Random(11)
    for name in ("stays", "changes"):
        (folder / name).write_bytes(chance.randbytes(6_000_000))
    (folder / "small").write_bytes(chance.randbytes(100_000))
    restic("init")
    restic.backup(".", cwd=folder)
    blobs = archive.open().index.blob_count
    monkeypatch.chdir(folder)
    with (folder / "changes").open("r+b") as file:
        file.write(b"changed at the beginning")
    ran = archive.backup(".", accept_foreign_chunking=True)
    restic.check()
    restic("restore", "latest", "--target", tmp_path / "theirs")

    assert (ran.summary.files_new, ran.summary.files_changed, ran.summary.files_unmodified) == (0, 1, 2)
    assert archive.open().index.blob_count - blobs < 14
    assert archive.check() == ()
    assert not differences(manifest(folder), manifest(tmp_path / "theirs"))
    assert archive.nodes(ran.tree)["small"].content
    summary = restic.backup(".", cwd=folder)
    assert (summary["files_new"], summary["files_changed"]) == (0, 0)


def test_we_restore_large_files_of_restics(restic: Restic, tmp_path: Path) -> None:
    """Of many chunks, with holes; through the command line, verified."""
    folder = tmp_path / "source"
    folder.mkdir()
    chance = random.Random(12)
    (folder / "noise").write_bytes(chance.randbytes(20_000_000))
    (folder / "holes").write_bytes(bytes(5_000_000) + b"x" + bytes(5_000_000))
    restic("init")
    restic.backup(".", cwd=folder)
    (tmp_path / "password").write_bytes(PASSWORD)
    options = ["--repo", restic.repository, "--password-file", str(tmp_path / "password")]
    done = here([*options, "restore", "latest", "--target", str(tmp_path / "out"), "--verify", "--sparse"])

    assert done.code == 0, done.err
    assert not differences(manifest(folder), manifest(tmp_path / "out"))
    assert (tmp_path / "out" / "holes").stat().st_blocks * 512 < 5_000_000


def test_a_running_restic_and_we_respect_each_others_locks(restic: Restic, archive: Archive, tmp_path: Path) -> None:
    """A shared lock of restic's lets us back up; its exclusive one keeps us out, with restic's exit code."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file").touch()
    archive.init()
    (tmp_path / "password").write_bytes(PASSWORD)
    options = ["--repo", restic.repository, "--password-file", str(tmp_path / "password")]
    reader, writer = os.pipe()
    command = [str(restic.program), "--repo", restic.repository, "--no-cache", "backup", "--stdin", "--host", HOST]
    environment: dict[str, Any] = {**os.environ, "RESTIC_PASSWORD": PASSWORD.decode()}
    with subprocess.Popen(command, stdin=reader, env=environment, stdout=subprocess.DEVNULL) as running:
        os.close(reader)
        while not list((tmp_path / "repository" / "locks").iterdir()):
            assert running.poll() is None
        backup = here([*options, "backup", str(tmp_path / "source")])
        forget = here([*options, "forget", "--keep-last", "1"])
        os.write(writer, b"the end of the stream")
        os.close(writer)
        assert running.wait(60) == 0

    assert backup.code == 0, backup.err
    assert forget.code == 11, forget.err
    assert here([*options, "forget", "--keep-last", "1"]).code == 0
