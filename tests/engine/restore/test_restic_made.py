"""Repositories written by restic come back exactly."""

import json
import os
import stat
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest

from gdp.engine.restore import Overwrite
from tests.engine.crafted import by_restic, latest, opened
from tests.engine.restore.conftest import run_restore
from tests.manifest import differences, manifest


def restic_version(restic: Path) -> tuple[int, ...]:
    """Return restic's version."""
    text = subprocess.run([restic, "version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return tuple(map(int, text.split("-", maxsplit=1)[0].split(".")))


@pytest.mark.peer
def test_awkward_tree_comes_back_wholly(peer_restic: Path, built_awkward_tree: Path, tmp_path: Path, isolated_home: Path) -> None:
    """Contents, names, owners, modes, times, links, attributes, ACLs and devices: a backup is worth what comes back."""
    by_restic(peer_restic, tmp_path / "repo", ["backup", "."], cwd=built_awkward_tree)
    repo = opened(tmp_path / "repo", isolated_home)

    restored = run_restore(repo, latest(repo), tmp_path / "target", verify=True)

    lost = {"links/not-utf8", "attributes/link"} if restic_version(peer_restic) < (0, 16) else set()
    wanted = manifest(built_awkward_tree, without={"socket", *lost})
    assert restored.problems == []
    assert not differences(wanted, manifest(restored.target, without=lost))
    assert restored.result.files_verified == restored.result.files_restored + restored.result.links_restored


@pytest.mark.peer
def test_second_restore_finds_everything_done(
    peer_restic: Path, built_awkward_tree: Path, tmp_path: Path, isolated_home: Path
) -> None:
    """A restore that was cut off is run again; what is there already costs nothing and stays right."""
    by_restic(peer_restic, tmp_path / "repo", ["backup", "."], cwd=built_awkward_tree)
    repo = opened(tmp_path / "repo", isolated_home)
    first = run_restore(repo, latest(repo), tmp_path / "target")
    before = manifest(first.target)
    (first.target / "names" / "Case").unlink()
    (first.target / "sizes" / "524289").write_bytes(b"changed")

    again = run_restore(repo, latest(repo), tmp_path / "target", overwrite=Overwrite.IF_CHANGED)

    assert again.problems == []
    assert again.result.files_restored == 2
    assert not differences(before, manifest(again.target))


@pytest.mark.peer
@pytest.mark.parametrize("archive", ["v2-restic-0.14.0", "v2-restic-0.19.1"])
@pytest.mark.parametrize(("which", "number"), [("first", 0), ("second", 1)])
def test_fixtures_restore_to_their_manifest(
    shared_fixtures: Path, archive: str, which: str, number: int, tmp_path: Path, isolated_home: Path
) -> None:
    """Old and new restics write differently; what users have must be readable."""
    with tarfile.open(shared_fixtures / f"{archive}.tar.gz") as packed:
        packed.extractall(tmp_path / "fixture", filter="fully_trusted")
    repo = opened(tmp_path / "fixture" / "repo", isolated_home)
    snapshot = list(repo.snapshots().snapshots.values())[number]
    folder = snapshot.paths[0].encode()

    restored = run_restore(repo, snapshot, tmp_path / "target", folder=folder, verify=True)

    lines = (tmp_path / "fixture" / f"{which}.manifest.jsonl").read_text().splitlines()
    wanted = {line["path"]: line for line in map(json.loads, lines)}
    assert restored.problems == []
    found = _described(restored.target, wanted)
    if "0.14" in archive:
        assert "\ufffd" in found.pop("badlink")["target"]  # it wrote targets that are not UTF-8 wrongly; nobody can tell any more
        del wanted["badlink"]
    assert found == wanted


def _described(top: Path, like: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Describe a tree in the fixtures' own form, with the fields that they have."""
    described = {}
    for entry in manifest(top):
        path = os.fsencode(top) + b"/" + entry["path"].encode().decode("unicode_escape").encode("latin-1")
        key = os.fsdecode(os.path.relpath(path, os.fsencode(top))).encode("utf-8", "backslashreplace").decode()
        status = os.lstat(path)
        fields = {
            "path": key,
            "mode": oct(status.st_mode),
            "uid": status.st_uid,
            "gid": status.st_gid,
            "mtime_ns": status.st_mtime_ns,
            "size": status.st_size,
            "sha256": entry.get("sha256"),
            "links": status.st_nlink,
            "xattrs": entry.get("xattrs"),
            "target": entry.get("target", "").replace("\\x", "\\udc"),
            "rdev": status.st_rdev,
        }
        wanted = like.get(key, {"path": key})
        described[key] = {name: fields[name] for name in wanted if name in fields} | (
            {"xattrs": fields["xattrs"]} if fields["xattrs"] and "xattrs" not in wanted and stat.S_ISREG(status.st_mode) else {}
        )
    return described
