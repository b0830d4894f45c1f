"""The disk at the target runs full in the middle of a backup: a clear sentence, a sound repository, and the next run goes on."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from gdp.model.files import FileKind
from tests.crash.world import World, fill
from tests.sshd import run_sshd

pytestmark = pytest.mark.root


@pytest.fixture
def cramped(tmp_path: Path) -> Iterator[World]:
    """A repository on a disk with room for half of what is to be saved."""
    world = World(tmp_path / "world", tmp_path / "source")
    world.repository.mkdir(parents=True)
    answer = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", world.repository], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        pytest.skip(f"no file system can be mounted here: {answer.stderr.strip()}")
    try:
        world.init()
        fill(world.source, ["small"], 1, 1000)
        assert world.backup() == 0, world.output
        fill(world.source, [f"file-{number}" for number in range(16)], 2, 600_000)
        yield world
    finally:
        subprocess.run(["umount", "-l", world.repository], check=True)


def require_told_and_continued(world: World, repository: str) -> None:
    before = world.snapshots()
    assert world.backup(repository=repository) == 1, world.output

    assert "no room left" in world.output or "no space left" in world.output.lower()
    assert str(world.repository) in world.output or repository in world.output
    assert "Free some space" in world.output
    assert "Traceback" not in world.output
    assert world.snapshots() == before
    arrived = set(world.names(FileKind.DATA))
    world.require_sound(may_have_unlisted_packs=True)
    subprocess.run(["mount", "-o", "remount,size=40m", world.repository], check=True)
    assert world.backup(repository=repository) == 0, world.output
    world.require_sound()
    assert "of an interrupted run" in world.output
    assert arrived <= set(world.names(FileKind.DATA))


def test_a_full_local_disk_is_told_and_after_making_room_the_run_goes_on(cramped: World) -> None:
    """Whoever reads the message knows which disk it is and what to do."""
    require_told_and_continued(cramped, str(cramped.repository))


@pytest.mark.peer
def test_a_full_disk_of_a_server_is_told_and_after_making_room_the_run_goes_on(
    cramped: World, tmp_path: Path, isolated_home: Path
) -> None:
    """SFTP has no code for it: the server only says that it failed."""
    with run_sshd(tmp_path / "sshd") as server:
        trust(isolated_home, server.client_key)
        require_told_and_continued(cramped, server.url(cramped.repository))


def trust(home: Path, client_key: Path) -> None:
    """Let the user's ``~/.ssh/config`` name the key that opens the test's server."""
    (home / ".ssh").mkdir(mode=0o700)
    (home / ".ssh" / "config").write_text(f"Host *\n  IdentityFile {client_key}\n")
