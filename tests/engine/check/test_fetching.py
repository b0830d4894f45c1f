"""Over a line, what many small reads need is asked for together: each by itself would cost two round trips."""

from pathlib import Path

import pytest

from gdp.core.ids import BlobId
from gdp.core.packformat import BlobKind
from gdp.engine.archive.stored import StoredBlobs
from gdp.engine.check.indexes import survey_indexes
from gdp.engine.check.options import Finding
from gdp.model.events import ignore_events
from gdp.model.files import FileKind
from gdp.repo.cache import CachedStorage
from gdp.repo.opening import open_repository
from gdp.repo.repository import Repository
from gdp.repo.shared_ids import SharedIds
from gdp.storage.local import LocalStorage
from tests.engine.archive.running import PASSWORD, Archive, Watched

INDEX_READ, PACK_READ = ("read", FileKind.INDEX), ("read", FileKind.DATA)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    """Five index files, and several directories in each pack of them."""
    archive = Archive(tmp_path / "repository", tmp_path / "home").init()
    for number in range(5):
        folder = tmp_path / "source" / str(number) / "inner"
        folder.mkdir(parents=True)
        (folder / "file").write_text(f"contents {number}")
        archive.backup(str(tmp_path / "source"))
    return archive


@pytest.fixture
def log() -> list[tuple[str, FileKind]]:
    return []


@pytest.fixture
def far(archive: Archive, tmp_path: Path, log: list[tuple[str, FileKind]]) -> Repository:
    """The repository as another computer sees it: with nothing in its cache."""
    repo = open_repository(LocalStorage(archive.folder), PASSWORD, tmp_path / "elsewhere")
    repo.storage = CachedStorage(Watched(repo.storage, log), tmp_path / "elsewhere" / "cache")
    return repo


def test_a_survey_reads_index_files_together_and_each_pack_of_directories_once(
    far: Repository, log: list[tuple[str, FileKind]]
) -> None:
    """A check without --read-data reads nothing else."""
    findings: list[Finding] = []
    survey = survey_indexes(far, findings.append)
    trees = {(pack, blob.id) for pack, blob in survey.index if blob.kind == BlobKind.TREE}
    for _, tree in trees:
        far.load_tree(BlobId(tree))

    assert findings == []
    assert len(survey.file_names) == 5
    assert INDEX_READ not in log
    assert log.count(PACK_READ) == len({pack for pack, _ in trees}) < len(trees)


def test_what_a_backup_must_know_is_read_together(far: Repository, log: list[tuple[str, FileKind]]) -> None:
    """Of a computer that shares the repository with others and comes for the first time."""
    known = SharedIds()
    try:
        StoredBlobs(far, known, ignore_events, dry_run=True).load()
    finally:
        known.close()

    assert INDEX_READ not in log
