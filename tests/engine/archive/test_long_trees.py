"""Directories with huge files in them: their text is never in memory whole, their blocks' ids travel and are kept in pieces."""

import hashlib
import marshal
import os
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gdp.core.crypto import MasterKey
from gdp.core.errors import DamagedData, GdpError
from gdp.core.packformat import BlobKind
from gdp.engine.archive import notes, travel, tree_text, worker
from gdp.engine.archive.blob_store import BlobStore
from gdp.engine.archive.notes import DirectoryNotes, open_notes
from gdp.engine.archive.options import StandardInput
from gdp.engine.archive.read_file import FileRead
from gdp.engine.archive.travel import Arrivals, Message, send_content, send_files, send_trees
from gdp.repo.packer import FinishedPack, Packer
from gdp.repo.sealer import BlobSealer, open_blob
from tests.engine.archive.running import Archive
from tests.engine.archive.test_directory_notes import fresh, notes_of, refusing, writing
from tests.engine.archive.test_workers import die

KEY = MasterKey(b"k" * 64)
SMALL_PIECE = 1024  # 32 ids


# --- sealing -----------------------------------------------------------------------------------------------------------


def pack_of(sealer: BlobSealer, text: bytes, pieces: int) -> FinishedPack:
    """Return a pack with a text that was given in pieces."""
    size = len(text) // pieces + 1
    sealed, plain_length = sealer.seal_long_tree((text[start : start + size] for start in range(0, len(text), size)), len(text))
    return Packer(KEY, BlobKind.TREE).add_long(hashlib.sha256(text).digest(), sealed, plain_length)


@pytest.mark.parametrize("format_version", [1, 2])
@pytest.mark.parametrize("pieces", [1, 100])
def test_a_long_tree_is_stored_like_any_other(format_version: int, pieces: int) -> None:
    """Whoever reads the pack cannot tell; it may wait on the disk or in memory."""
    text = os.urandom(1_500_000).hex().encode()
    sealer = BlobSealer(KEY, format_version=format_version)
    pack = pack_of(sealer, text, pieces)
    (blob,) = pack.blobs
    whole = b"".join(pack.parts)
    sealer.check_long_tree(blob.id, pack.parts.read, blob.length)

    assert hashlib.sha256(whole).digest() == pack.id
    assert (blob.kind, blob.offset, bool(blob.plain_length)) == (BlobKind.TREE, 0, format_version == 2)
    assert open_blob(KEY, whole[: blob.length], blob.plain_length, blob.id) == text


@pytest.mark.parametrize("format_version", [1, 2])
@pytest.mark.parametrize("position", [0, 20, 700_000, -17])
def test_a_bit_that_fell_over_is_not_sent(format_version: int, position: int) -> None:
    """Faulty memory is found before the pack leaves, wherever it is: the IV, the frame's head, its middle, its end."""
    text = os.urandom(1_000_000).hex().encode()
    sealer = BlobSealer(KEY, format_version=format_version)
    pack = pack_of(sealer, text, 10)
    (blob,) = pack.blobs
    sealed = bytearray(pack.parts.read(0, blob.length))
    sealed[position] ^= 1

    with pytest.raises(DamagedData):
        sealer.check_long_tree(blob.id, lambda offset, count: bytes(sealed[offset : offset + count]), blob.length)


def test_a_text_that_is_not_the_directorys_is_not_sent() -> None:
    """The id was made in another process, from the ids as they were there."""
    sealer = BlobSealer(KEY)
    pack = pack_of(sealer, b"x" * 1000, 10)

    with pytest.raises(DamagedData, match="the memory or the processor is faulty"):
        sealer.check_long_tree(hashlib.sha256(b"y" * 1000).digest(), pack.parts.read, pack.blobs[0].length)


# --- travelling --------------------------------------------------------------------------------------------------------


def arrive(messages: Iterator[Message], arrivals: Arrivals) -> Message:
    """Send messages as a line does; return the last one."""
    *first, last = (marshal.loads(marshal.dumps(message)) for message in messages)
    for kind, *facts in first:
        assert kind == "ids"
        arrivals.take(*facts)
    return last  # type: ignore[no-any-return]  # of marshal


SIZES = [
    0,
    32,
    tree_text.LONG_CONTENT_BYTES,
    tree_text.LONG_CONTENT_BYTES + 32,
    travel._PIECE_BYTES,
    3 * travel._PIECE_BYTES + 64,
]


@pytest.mark.parametrize("sizes", [[], [32], [SIZES[3]], SIZES, SIZES[::-1]], ids=str)
def test_what_became_of_files_arrives(sizes: list[int]) -> None:
    """Each with its own content, however many long ones there are."""
    results = [FileRead((number,), os.urandom(size), b"{}", "") for number, size in enumerate(sizes)]
    arrivals = Arrivals()
    kind, number, told, apart = arrive(send_files(7, results), arrivals)

    assert (kind, number) == ("files", 7)
    assert arrivals.files(told, apart) == results


@pytest.mark.parametrize("sizes", [[], [SIZES[3]], SIZES[3:]], ids=str)
def test_a_directory_arrives(sizes: list[int]) -> None:
    """Also the one without a large file, and both together with others."""
    pieces: list[tree_text.Piece] = [b"begin"]
    for size in sizes:
        pieces += [(os.urandom(size),), b"and"]
    trees: list[tuple[bytes, list[tree_text.Piece]]] = [(b"id", pieces), (b"other", [b"small"]), (b"third", [*pieces])]
    arrivals = Arrivals()
    kind, sent = arrive(send_trees(trees), arrivals)

    assert kind == "trees"
    assert [(tree, arrivals.tree(parts)) for tree, parts in sent] == trees


def test_no_message_is_large() -> None:
    """Each is in memory twice at either end of the line."""
    content = bytes(5 * travel._PIECE_BYTES)

    assert max(len(marshal.dumps(message)) for message in send_content(content)) < travel._PIECE_BYTES + 100


# --- notes -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file of more than one block is a huge one, and what is more than 32 blocks travels in pieces."""
    monkeypatch.setattr(tree_text, "LONG_CONTENT_BYTES", 32)
    monkeypatch.setattr(notes, "_PIECE_BYTES", SMALL_PIECE)
    monkeypatch.setattr(travel, "_PIECE_BYTES", SMALL_PIECE)
    monkeypatch.setattr(worker, "_LONG_TEXT_BYTES", 1000)


@pytest.fixture
def noted(tmp_path: Path, small_pieces: None) -> Iterator[DirectoryNotes]:
    """Empty notes."""
    found = open_notes(tmp_path, "box", ["/"])
    assert found is not None
    yield found
    found.close()


def values_in(noted: DirectoryNotes, path: bytes) -> list[bytes | bytearray] | None:
    known = noted.directory(path, None)
    return known.values if known is not None else None


def test_long_contents_are_noted(noted: DirectoryNotes) -> None:
    """Longer, shorter, none and elsewhere: what was noted last holds, and nothing is left of what was before."""
    tree = bytes(32)
    for sizes in ([32, 64, 5 * SMALL_PIECE, 0], [64, 32, SMALL_PIECE], [3 * SMALL_PIECE + 32], [32], [SMALL_PIECE, 64]):
        values = [os.urandom(size) for size in sizes]
        noted.put(b"/a/", tree, b"rows", values)
        noted.put(b"/b/", tree, b"rows", values[::-1])
        pieces = sum(-(-size // SMALL_PIECE) for size in sizes if size > 32)

        assert values_in(noted, b"/a/") == values
        assert values_in(noted, b"/b/") == values[::-1]
        assert noted._database.execute("SELECT count(*) FROM content").fetchone() == (2 * pieces,)
    noted.drop_below(b"/a/")

    assert values_in(noted, b"/a/") is None
    assert values_in(noted, b"/b/") is not None
    assert noted._database.execute("SELECT DISTINCT path FROM content").fetchall() == [(b"/b/",)]
    noted.clear()
    assert noted._database.execute("SELECT count(*) FROM content").fetchone() == (0,)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM content WHERE start = 0",
        "DELETE FROM content WHERE start = 2048",
        "DELETE FROM content",
        "UPDATE content SET piece = zeroblob(1024) WHERE start = 1024",
        "UPDATE content SET piece = piece || x'00' WHERE start = 2048",
        "UPDATE content SET piece = substr(piece, 2) WHERE start = 1024",
        "UPDATE content SET start = 9999 WHERE start = 0",
        "INSERT INTO content VALUES (CAST('/a/' AS BLOB), 1, 9999, zeroblob(32))",
        "DROP TABLE content",
    ],
)
def test_a_damaged_content_is_not_believed(noted: DirectoryNotes, damage: str) -> None:
    """The directory is compared as if it were new. Others are as they were."""
    noted.put(b"/a/", bytes(32), b"rows", [b"x", os.urandom(3 * SMALL_PIECE)])
    noted.put(b"/b/", bytes(32), b"rows", [b"x", bytes(32)])
    noted._database.execute(damage)

    assert values_in(noted, b"/a/") is None
    assert values_in(noted, b"/b/") == [b"x", bytes(32)]


# --- backups -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def large(source: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Files of forty and of fifteen blocks among small ones."""
    (source / "one" / "large").write_bytes(os.urandom(10_000_000))
    (source / "larger").write_bytes(os.urandom(3_000_000))
    return source


@pytest.fixture
def archive(tmp_path: Path, isolated_home: Path) -> Archive:
    """An empty repository with the smallest blocks."""
    return Archive(tmp_path / "repository", isolated_home / "gdp").init(128 << 10)


Counted = Callable[[], int]


@pytest.fixture
def long_trees(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Counted:
    """Counts the trees that were stored piece by piece, by all processes."""
    seen = tmp_path / "long-trees"
    seen.touch()
    store = BlobStore.store_long_tree

    def counting(self: BlobStore, blob_id: bytes, text: Iterator[bytes], plain_bytes: int) -> None:
        with seen.open("ab") as file:
            file.write(b"x")
        store(self, blob_id, text, plain_bytes)

    monkeypatch.setattr(BlobStore, "store_long_tree", counting)
    return lambda: seen.stat().st_size


@pytest.mark.usefixtures("small_pieces")
def test_a_backup_in_pieces_is_the_same_backup(archive: Archive, large: Path, long_trees: Counted) -> None:
    """Tree by tree what a run makes that takes everything whole; and the next run knows it."""
    ran = archive.backup("source")
    assert long_trees() == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tree_text, "LONG_CONTENT_BYTES", 1 << 20)
        patch.setattr(worker, "_LONG_TEXT_BYTES", 8 << 20)
        whole = fresh(archive)
    again = archive.backup("source")

    assert ran.tree == whole.tree == again.tree
    assert len(archive.nodes(ran.tree, "/source/one")["large"].content or ()) > 35
    assert archive.check() == ()
    assert not again.index_was_read
    assert not again.workers_started


@pytest.mark.usefixtures("small_pieces")
def test_a_long_stream_is_a_file_like_any_other(archive: Archive, tmp_path: Path, long_trees: Counted) -> None:
    """Its blocks' ids come back from the worker and go to it again, in pieces."""
    content = os.urandom(9_000_000)
    (tmp_path / "dump").write_bytes(content)
    with (tmp_path / "dump").open("rb") as stream:
        ran = archive.backup(sources=(), standard_input=StandardInput(stream.fileno(), b"dump.sql"))
    repo = archive.open()
    blobs = archive.nodes(ran.tree)["dump.sql"].content or ()

    assert long_trees() == 1
    assert len(blobs) > 32
    assert b"".join(repo.load_blob(BlobKind.DATA, bytes.fromhex(blob)) for blob in blobs) == content
    assert archive.check() == ()


@pytest.mark.usefixtures("small_pieces")
def test_what_changes_beside_a_huge_file_is_seen(archive: Archive, large: Path) -> None:
    """The huge one's blocks come from the notes, then from the parent's trees, and are not read again."""
    archive.backup("source")
    for round_, lost in enumerate([False, True]):
        if lost:
            notes_of(archive).unlink()
        (large / "one" / "c").write_text(f"changed {round_}\n")
        ran = archive.backup("source")
        assert ran.tree == fresh(archive).tree
        assert {file for file, action in ran.files.items() if action != "unmodified"} == {"c"}
    (large / "one" / "large").write_bytes(b"small now")
    ran = archive.backup("source")

    assert ran.tree == fresh(archive).tree
    assert archive.check() == ()


@pytest.mark.usefixtures("small_pieces")
def test_notes_of_an_older_version_cost_time_only(archive: Archive, large: Path) -> None:
    """Its records had no contents beside them. The parent's trees are read instead, once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(notes, "_FORMAT", 1)
        before = archive.backup("source")
    with writing(archive) as database:
        for path, record in database.execute("SELECT path, record FROM directory").fetchall():
            old = marshal.dumps(marshal.loads(record[4:])[:3])
            record = zlib.crc32(old).to_bytes(4, "little") + old
            database.execute("UPDATE directory SET record = ? WHERE path = ?", (record, path))
        database.execute("DROP TABLE content")
    ran = archive.backup("source")

    assert ran.tree == before.tree
    assert ran.index_was_read
    assert set(ran.files.values()) == {"unmodified"}
    assert not archive.backup("source").index_was_read


@pytest.mark.usefixtures("small_pieces")
def test_a_huge_file_survives_a_failed_run(archive: Archive, large: Path) -> None:
    """What is noted while the run fails holds for nothing."""
    with pytest.raises(GdpError):
        archive.backup("source", worker_storage=refusing)
    ran = archive.backup("source")

    assert ran.tree == fresh(archive).tree
    assert archive.check() == ()


@pytest.mark.usefixtures("small_pieces")
def test_a_worker_killed_at_a_long_tree_ends_the_run(archive: Archive, large: Path) -> None:
    """While it is being sealed; what was stored before is adopted by the next run."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BlobSealer, "check_long_tree", lambda *_arguments: die())
        with pytest.raises(GdpError, match="a worker process ended unexpectedly"):
            archive.backup("source")
    assert archive.open().snapshots().snapshots == {}
    ran = archive.backup("source")

    assert ran.tree == fresh(archive).tree
    assert archive.check() == ()


@pytest.mark.usefixtures("small_pieces")
def test_faulty_memory_ends_the_run(archive: Archive, large: Path) -> None:
    """The text of a directory came out otherwise than its id says. Nothing of it is stored."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "write_out", lambda pieces: (part.replace(b"a", b"b", 1) for part in tree_text.write_out(pieces)))
        with pytest.raises(DamagedData, match="the memory or the processor is faulty"):
            archive.backup("source")

    assert archive.open().snapshots().snapshots == {}
    assert archive.backup("source").tree == fresh(archive).tree
    assert archive.check() == ()
