"""The parts of a restore that are quick because they take short ways: each is held against the long way."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdp.core.crypto import MasterKey
from gdp.core.crypto_batch import BatchOpener
from gdp.core.errors import DamagedData
from gdp.core.gotext import format_time, parse_time
from gdp.core.ids import BlobId, PackId
from gdp.core.packformat import PackedBlob
from gdp.engine.restore.handles import KEPT_OPEN, FolderHandles
from gdp.engine.restore.metadata import time_of
from gdp.engine.restore.reading import LARGEST_GAP_BYTES, RANGE_BYTES, plan_ranges
from gdp.engine.restore.removal import remove_tree
from gdp.engine.restore.writing import write_with_holes
from gdp.repo.blob_index import BlobIndex

KEY = MasterKey(bytes(range(64)))


@given(st.lists(st.binary(max_size=100), max_size=20), st.data())
def test_batch_opens_what_the_key_opens(contents: list[bytes], data: st.DataObject) -> None:
    """Two implementations of the same cryptography must never drift apart, least of all about what they refuse."""
    sealed = [bytearray(KEY.seal(content)) for content in contents]
    for envelope in sealed:
        if data.draw(st.booleans()):
            position = data.draw(st.integers(0, len(envelope) - 1))
            envelope[position] ^= 1 << data.draw(st.integers(0, 7))
        if data.draw(st.integers(0, 9)) == 0:
            del envelope[data.draw(st.integers(0, len(envelope))) :]

    opened = BatchOpener(KEY).open([memoryview(bytes(envelope)) for envelope in sealed])

    assert [None if plain is None else bytes(plain) for plain in opened] == [_opened_alone(bytes(item)) for item in sealed]


def _opened_alone(envelope: bytes) -> bytes | None:
    try:
        return KEY.open(envelope)
    except DamagedData:
        return None


def test_batch_refuses_an_iv_of_zeros() -> None:
    """As ``MasterKey.open`` does: no honest program writes one."""
    assert BatchOpener(KEY).open([memoryview(bytes(100))]) == [None]


@given(st.integers(-(10**18), 10**19))
def test_times_are_read_as_elsewhere(moment: int) -> None:
    """Times decide whether a file counts as changed."""
    assert time_of(format_time(moment)) == parse_time(format_time(moment)) == moment


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2024",
        "2024-05-06T07:08:0xZ",
        "2024-05-06T07:08:09.Z",
        "2024-05-06T07:08:09x1Z",
        "2024-05-06T07:08:09.5",
        "2024-05-06T07:08:09+1:00",
        "yesterday",
    ],
)
def test_wrong_times_are_refused(text: str) -> None:
    """The quick way must not accept what the slow one does not."""
    with pytest.raises(DamagedData):
        time_of(text)


def test_located_places_are_those_found() -> None:
    """Two ways into one index; a wrong hit restores other content."""
    index = BlobIndex()
    ids = [os.urandom(32) for _ in range(3000)]
    blobs = [PackedBlob(number % 2, blob, number, 100 + number, number) for number, blob in enumerate(ids)]
    index.add_pack(PackId(bytes(32)), blobs[:1500])
    index.add_pack(PackId(b"1" * 32), blobs[1500:])

    for blob in blobs:
        place = index.find(blob.kind, blob.id)
        assert place
        located = index.locate(blob.kind, blob.id)
        assert located
        assert (index.packs[located[0]], *located[1:]) == place
        assert index.locate(1 - blob.kind, blob.id) is None
    assert index.locate(0, BlobId(os.urandom(32))) is None


def test_neighbours_are_read_at_once_and_strangers_are_not() -> None:
    """A request costs a round trip; a gap costs its bytes."""
    far = 500 + LARGEST_GAP_BYTES + 1
    places = [(1, far, 100, 0, b"c"), (1, 100, 400, 0, b"b"), (0, 500, 10, 0, b"d"), (1, 0, 100, 0, b"a")]

    ranges = plan_ranges(places)

    assert [(item.pack, item.start, item.end) for item in ranges] == [(0, 500, 510), (1, 0, 500), (1, far, far + 100)]
    assert [place[4] for item in ranges for place in item.places] == [b"d", b"a", b"b", b"c"]


def test_ranges_are_bounded() -> None:
    """Whatever lies side by side, memory holds only so much of it."""
    size = RANGE_BYTES // 3 + 1

    ranges = plan_ranges([(0, number * size, size, 0, b"%d" % number) for number in range(10)])

    assert len(ranges) == 5
    assert all(item.end - item.start <= RANGE_BYTES for item in ranges)


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 9000)), max_size=12))
def test_holes_read_as_the_zeros_they_stand_for(runs: list[tuple[bool, int]]) -> None:
    """Leaving out too much would be data loss that no checksum of the repository shows."""
    content = b"".join((b"x" if is_data else b"\0") * size for is_data, size in runs)
    descriptor = os.memfd_create("holes")
    try:
        os.ftruncate(descriptor, len(content) + 7)
        write_with_holes(descriptor, content, 7)

        assert os.pread(descriptor, len(content) + 100, 0) == bytes(7) + content
    finally:
        os.close(descriptor)


def test_open_folders_are_bounded(tmp_path: Path) -> None:
    """A snapshot has more folders than a process may have descriptors."""
    for number in range(KEPT_OPEN * 2):
        (tmp_path / str(number) / "deep").mkdir(parents=True)
    with FolderHandles(os.open(tmp_path, os.O_RDONLY)) as handles:
        before = len(os.listdir("/proc/self/fd"))
        for number in range(KEPT_OPEN * 2):
            path = (b"%d" % number, b"deep")
            assert os.path.samestat(os.fstat(handles.open(path)), os.stat(tmp_path / str(number) / "deep"))
        assert len(os.listdir("/proc/self/fd")) <= before + KEPT_OPEN

    assert len(os.listdir("/proc/self/fd")) == before - 1


def test_links_on_the_way_are_refused(tmp_path: Path) -> None:
    """Everything else rests on this."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "link").symlink_to(tmp_path / "outside")
    with FolderHandles(os.open(tmp_path / "target", os.O_RDONLY)) as handles:
        for path in ((b"link",), (b"link", b"x")):
            with pytest.raises(NotADirectoryError):
                handles.open(path)


def test_removal_counts_and_keeps(tmp_path: Path) -> None:
    """A folder with something in it that must stay stays itself."""
    for name in ("a/x", "a/b/keep", "a/c/y"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    top = os.open(tmp_path, os.O_RDONLY)
    try:
        result = remove_tree(top, b"a", (b"a",), lambda path, _is_folder: path[-1] == b"keep")
    finally:
        os.close(top)

    assert result == (3, False)
    assert [str(path.relative_to(tmp_path)) for path in sorted(tmp_path.rglob("*"))] == ["a", "a/b", "a/b/keep"]
