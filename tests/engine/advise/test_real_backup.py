"""What was estimated is what a real backup of the same sources stores, within bounds that docs/advise.md names."""

from pathlib import Path

import pytest

from gdp.core.packformat import BlobKind
from gdp.engine.advise.estimate import Cost, estimate
from gdp.model.files import FileKind
from gdp.repo import opening
from gdp.storage.local import LocalStorage
from tests.engine.advise.sources import MIB, make_many, make_sources, measure
from tests.engine.archive.running import Archive

BLOCKS = (128 << 10, MIB)
PACK = 16 * MIB
POLYNOMIAL = 0x3DA3358B4DC173
CUTS = 2  # blocks at the edge of a repetition, which are found or not as the cuts happen to fall
WHOLE_SAMPLE_PART = 0.03
PART_SAMPLE_PART = 0.10


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sources that no test changes."""
    return make_sources(tmp_path_factory.mktemp("advise") / "sources")


@pytest.fixture(scope="module")
def many(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, of many files."""
    return make_many(tmp_path_factory.mktemp("advise") / "many")


def costs_of(sources: Path, **settings: int | bytes) -> dict[int, Cost]:
    """Return what is estimated for each block size."""
    costs = estimate(measure(sources, **settings)).costs  # type: ignore[arg-type]
    return {block: costs[block, PACK] for block in BLOCKS}


@pytest.mark.parametrize("block", BLOCKS)
def test_an_estimate_from_everything_is_what_a_backup_stores(
    sources: Path, tmp_path: Path, isolated_home: Path, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stored bytes and blocks, with copies, repetitions in a file, holes, text and noise."""
    monkeypatch.setattr(opening, "random_irreducible", lambda: POLYNOMIAL)
    archive = Archive(tmp_path / "repository", isolated_home / "gdp").init(block)
    archive.backup(sources)
    storage = LocalStorage(archive.folder)
    stored = sum(size for kind in (FileKind.DATA, FileKind.INDEX) for _, size in storage.list(kind))
    files = [blob for _, blob in archive.open().index if blob.kind == BlobKind.DATA]
    packs = len(archive.packs())

    cost = costs_of(sources)[block]
    assert cost.stored_bytes == pytest.approx(stored, abs=stored * WHOLE_SAMPLE_PART + CUTS * block)
    assert cost.blobs == pytest.approx(len(files), rel=0.05)
    assert cost.packs == pytest.approx(packs, abs=4)  # two workers fill packs of their own


@pytest.mark.parametrize("salt", [b"1", b"2", b"3", b"4", b"5"])
def test_an_estimate_from_a_part_is_near_to_that_from_everything(many: Path, salt: bytes) -> None:
    """Half of it, whichever half; the copies are found, since they come into the sample with their originals."""
    whole, part = costs_of(many), costs_of(many, sample_bytes=40 * MIB, salt=salt)

    for block in BLOCKS:
        assert part[block].stored_bytes == pytest.approx(whole[block].stored_bytes, rel=PART_SAMPLE_PART)
