"""What a prune does to a repository: nothing that a snapshot needs may be gone at any moment."""

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gdp.core.compress import Compression
from gdp.core.errors import DamagedData
from gdp.core.ids import PackId
from gdp.core.packformat import BlobKind, encode_header, length_field
from gdp.engine.check import CheckOptions, check_repository
from gdp.engine.check.options import ALL_PACKS
from gdp.engine.forget import forget_snapshots
from gdp.engine.prune import PruneOptions, PrunePlan, UnusedLimit, prepare_prune, prune
from gdp.model.events import ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.model.snapshot import SnapshotId
from gdp.repo.index_files import decode_index, encode_index
from gdp.repo.opening import open_repository
from gdp.repo.repository import Repository
from gdp.repo.sealer import BlobSealer
from gdp.storage.local import LocalStorage
from tests.repo.builder import Builder, files_of, names_of, new_repository, noise, read_snapshot, reopened
from tests.storage.memory import MemoryStorage

THOROUGH = PruneOptions(max_unused=UnusedLimit(bytes=0), repack_small=False)


def changed(step: int) -> dict[str, bytes | dict[str, bytes]]:
    """Return a folder of which a third is different in each step."""
    return {f"{number:02d}": noise(step * 100 if number % 3 == step % 3 else number, 1500 + number) for number in range(24)} | {
        "deep": {"same": b"same" * 600, f"only-{step}": noise(1000 + step, 700)}
    }


def build(tmp_path: Path, *, version: int = 2, snapshots: int = 4) -> tuple[Repository, list[SnapshotId]]:
    """Return a repository and its snapshots, the first two of them forgotten already."""
    repo = new_repository(tmp_path, version=version)
    builder = Builder(repo)
    names = [builder.snapshot(changed(step), hostname=f"host{step}") for step in range(snapshots)]
    forget_snapshots(repo, names[:2], ignore_events)
    return repo, names[2:]


def run_prune(repo: Repository, options: PruneOptions = THOROUGH) -> PrunePlan:
    repo = reopened(repo)
    plan = prepare_prune(repo, options, ignore_events)
    prune(repo, plan, options, ignore_events)
    return plan


def require_sound(repo: Repository) -> None:
    result = check_repository(reopened(repo), CheckOptions(ALL_PACKS), ignore_events)
    assert result.errors == ()


@pytest.mark.parametrize("version", [1, 2])
def test_after_a_prune_every_snapshot_is_whole_and_nothing_else_is_left(tmp_path: Path, version: int) -> None:
    """Both halves of the promise, in both formats."""
    repo, kept = build(tmp_path, version=version)
    before = {name: read_snapshot(reopened(repo), name) for name in kept}
    plan = run_prune(repo)

    assert plan.repack
    assert {name: read_snapshot(reopened(repo), name) for name in kept} == before
    require_sound(repo)
    after = prepare_prune(reopened(repo), THOROUGH, ignore_events)
    assert (after.remove, after.repack, after.stats.unused.blobs, after.stats.duplicate.blobs) == ((), (), 0, 0)
    assert after.is_empty


def test_a_copied_block_is_sealed_anew(tmp_path: Path) -> None:
    """Nobody who watches the server can tell which old block became which new one."""
    repo, _ = build(tmp_path)
    old = b"".join(data for file, data in files_of(repo).items() if file.kind is FileKind.DATA)
    plan = run_prune(repo)
    assert plan.repack
    new_packs = [data for file, data in files_of(repo).items() if file.kind is FileKind.DATA and data not in old]

    assert new_packs
    for data in new_packs:
        assert data[:16] not in old  # the first block's IV
        assert data[16:48] not in old


def test_packs_in_no_index_go(tmp_path: Path) -> None:
    """What interrupted backups left is room on the server."""
    repo, _ = build(tmp_path)
    repo.storage.write(StoredFile(FileKind.DATA, "ab" * 32), [b"left over"])
    run_prune(repo)

    assert "ab" * 32 not in names_of(repo, FileKind.DATA)


def test_an_uncompressed_directory_is_compressed(tmp_path: Path) -> None:
    """As restic does with repositories that were migrated from format 1."""
    repo = new_repository(tmp_path)
    builder = Builder(repo)
    builder._sealer = BlobSealer(repo.key, Compression.AUTO, format_version=1)
    name = builder.snapshot(changed(1))
    before = read_snapshot(reopened(repo), name)
    run_prune(repo, PruneOptions())

    assert all(blob.plain_length for _, blob in reopened(repo).index if blob.kind == BlobKind.TREE)
    assert read_snapshot(reopened(repo), name) == before


def damage(repo: Repository, pack: bytes, offset: int) -> None:
    file = StoredFile(FileKind.DATA, pack.hex())
    data = files_of(repo)[file]
    files_of(repo)[file] = data[:offset] + bytes((data[offset] ^ 1,)) + data[offset + 1 :]


def test_a_block_that_cannot_be_copied_stops_the_prune_before_anything_needed_goes(tmp_path: Path) -> None:
    """A damaged pack may still hold other good blocks, and perhaps the damage is only on the way."""
    repo, kept = build(tmp_path)
    plan = prepare_prune(reopened(repo), THOROUGH, ignore_events)
    fresh = reopened(repo)
    victim = next(
        (pack, blob)
        for pack, blob in fresh.index
        if pack in plan.repack and blob.kind == BlobKind.DATA and plan.marks.get(blob.kind, blob.id) == 1
    )
    damage(repo, victim[0], victim[1].offset + 20)
    before = set(names_of(repo, FileKind.DATA))
    with pytest.raises(DamagedData):
        run_prune(repo)

    assert before <= set(names_of(repo, FileKind.DATA))
    assert set(kept) == set(repo.snapshots().snapshots)


def test_an_index_that_lies_about_a_pack_stops_the_prune(tmp_path: Path) -> None:
    """The needed block is not in the pack in which the index has it; nothing may go but what is in no index."""
    repo, _ = build(tmp_path)
    wanted = noise(99, 1000)
    builder = Builder(repo)
    builder.lie(BlobKind.DATA, noise(98, 1000), wanted)
    builder.blob(BlobKind.DATA, noise(97, 1000))
    builder.snapshot({"wanted": wanted})
    _swap_names_in_pack(repo, hashlib.sha256(wanted).digest())
    before = set(names_of(repo, FileKind.DATA))
    with pytest.raises(DamagedData, match="in none of the packs"):
        run_prune(repo)

    assert before <= set(names_of(repo, FileKind.DATA))


def _swap_names_in_pack(repo: Repository, blob_id: bytes) -> None:
    """Write the pack with this blob anew with a table of contents that has another id in its place."""
    for index in names_of(repo, FileKind.INDEX):
        packs = decode_index(repo.load_json(FileKind.INDEX, index), index).packs
        for number, (pack, blobs) in enumerate(packs):
            if all(blob.id != blob_id for blob in blobs):
                continue
            old = StoredFile(FileKind.DATA, pack.hex())
            body = files_of(repo)[old][: sum(blob.length for blob in blobs)]
            told = [blob._replace(id=b"z" * 32) if blob.id == blob_id else blob for blob in blobs]
            header = bytes(repo.key.seal(encode_header(told)))
            whole = body + header + length_field(header)
            new = PackId(hashlib.sha256(whole).digest())
            files_of(repo)[StoredFile(FileKind.DATA, new.hex())] = whole
            packs[number] = (new, blobs)
            repo.storage.remove(old)
            repo.save_json(FileKind.INDEX, encode_index(packs))
            repo.storage.remove(StoredFile(FileKind.INDEX, index))


def test_a_block_is_copied_from_another_pack_when_the_first_copy_is_damaged(tmp_path: Path) -> None:
    """Duplicates are good for something."""
    repo = new_repository(tmp_path)
    builder = Builder(repo, pack_bytes=100_000)
    precious = noise(7, 900)
    builder.blob(BlobKind.DATA, precious)
    builder.blob(BlobKind.DATA, noise(8, 900))
    builder.flush()
    builder.blob(BlobKind.DATA, precious, again=True)
    builder.blob(BlobKind.DATA, noise(9, 900))
    name = builder.snapshot({"precious": precious})
    fresh = reopened(repo)
    first = fresh.index.find_all(BlobKind.DATA, bytes.fromhex(builder.blob(BlobKind.DATA, precious)))[0]
    damage(repo, first.pack, first.offset + 20)
    run_prune(repo)

    assert read_snapshot(reopened(repo), name) == {"/precious": precious}


def test_stopped_at_any_write_or_removal_everything_is_still_there(tmp_path: Path) -> None:
    """Power fails when it likes. Every step is tried; the next prune then finishes the work."""
    repo, kept = build(tmp_path)
    whole = {name: read_snapshot(reopened(repo), name) for name in kept}
    start = dict(files_of(repo))
    steps = 0
    while True:
        storage = MemoryStorage(_stop_after(steps))
        storage.files = dict(start)
        try:
            run_prune(reopened(repo, storage))
            break
        except KeyboardInterrupt:
            pass
        storage.before = None
        stopped = reopened(repo, storage)
        assert {name: read_snapshot(stopped, name) for name in kept} == whole, f"stopped after {steps} steps"
        require_sound(stopped)
        run_prune(stopped)
        require_sound(stopped)
        assert prepare_prune(reopened(stopped), THOROUGH, ignore_events).stats.duplicate.blobs == 0
        steps += 1

    assert steps > 8


def _stop_after(steps: int) -> Callable[[str, StoredFile | None], None]:
    left = [steps]

    def before(operation: str, file: StoredFile | None) -> None:
        if operation in ("write", "remove"):
            if left[0] == 0:
                raise KeyboardInterrupt
            left[0] -= 1

    return before


def restic(program: Path, repository: Path, *arguments: str) -> str:
    """Run restic on a repository made by it."""
    run = subprocess.run(
        [program, "--repo", repository, "--no-cache", *arguments],
        env={**os.environ, "RESTIC_PASSWORD": "geheim"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.mark.slow
@pytest.mark.peer
@pytest.mark.parametrize("version", ["1", "2"])
def test_restic_is_content_with_what_we_pruned(peer_restic: Path, tmp_path: Path, version: str) -> None:
    """The other program's judgement counts more than ours."""
    repository, source = tmp_path / "repository", tmp_path / "source"
    restic(peer_restic, repository, "init", "--repository-version", version)
    for step in range(3):
        for number in range(30):
            path = source / str(number % 5) / str(number)
            path.parent.mkdir(parents=True, exist_ok=True)
            if number % 3 == step or step == 0:
                path.write_bytes(noise(step * 100 + number, 20_000))
        restic(peer_restic, repository, "backup", str(source), "--host", f"host{step}")
    repo = open_repository(LocalStorage(repository), b"geheim", tmp_path / "home")
    names = list(repo.snapshots().snapshots)
    forget_snapshots(repo, names[:2], ignore_events)
    plan = run_prune(repo, PruneOptions(max_unused=UnusedLimit(bytes=0)))

    assert plan.repack
    restic(peer_restic, repository, "check", "--read-data")
    restic(peer_restic, repository, "restore", "latest", "--target", str(tmp_path / "restored"))
    assert subprocess.run(["diff", "-r", source, f"{tmp_path}/restored{source}"], check=False).returncode == 0
    assert "0 B" in restic(peer_restic, repository, "prune", "--dry-run").split("unused size after prune")[-1]


def test_the_journal_of_packs_is_cleared_with_the_packs(tmp_path: Path) -> None:
    """What a killed backup noted is gone now; the next one must not look for it."""
    repo, _ = build(tmp_path)
    journal = repo.pack_journal
    builder = Builder(repo)
    builder.blob(BlobKind.DATA, b"unfinished")
    (pack,) = builder._packers[BlobKind.DATA].flush()
    journal.note(pack)
    journal.close()
    repo.storage.write(StoredFile(FileKind.DATA, pack.id.hex()), pack.parts)
    assert list(repo.pack_journal.noted())
    run_prune(repo)

    assert list(repo.pack_journal.noted()) == []
