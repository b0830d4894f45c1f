"""What a check says of repositories whose bytes are genuine and whose meaning is not: see repository-format, section 16."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.core.errors import BadInput
from gdp.core.ids import PackId
from gdp.core.language import complete
from gdp.core.packformat import BlobKind, PackedBlob
from gdp.engine.check import CheckOptions, CheckResult, RepositoryCheck, check_repository, directory_log, parse_subset
from gdp.engine.check.blob_marks import BlobMarks
from gdp.engine.check.options import ALL_PACKS, Amount, Part, Share, select_packs
from gdp.model.events import Note, Problem, ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.model.node import Node
from gdp.repo.index_files import decode_index, encode_index
from gdp.repo.repository import Repository
from tests.repo.builder import TIME, Builder, files_of, names_of, new_repository, noise, reopened


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    return new_repository(tmp_path)


def check(repo: Repository) -> CheckResult:
    return check_repository(repo, CheckOptions(), ignore_events)


def check_both_ways(repo: Repository) -> CheckResult:
    """Check directories from the snapshots down, and again where all packs are read; both must find the same."""
    result, everything = check(repo), check_repository(repo, CheckOptions(ALL_PACKS), ignore_events)

    assert (errors(everything), hints(everything)) == (errors(result), hints(result))
    assert everything.trees == result.trees
    return result


def errors(result: CheckResult) -> str:
    return "\n".join(complete(finding.template, finding.facts, "en") for finding in result.errors)


def hints(result: CheckResult) -> str:
    return "\n".join(complete(finding.template, finding.facts, "en") for finding in result.hints)


def a_node(name: str = "x", kind: Any = "file", **facts: Any) -> Node:
    return Node(**{"name": name, "type": kind, "mtime": TIME, "atime": TIME, "ctime": TIME, "content": [], **facts})


NULL_ID = "00" * 32
BAD_NODES: dict[str, tuple[Node, str]] = {
    "content null": (a_node(content=None), "contents are not named"),
    "block not there": (a_node(content=["ab" * 32]), "is in no index"),
    "block of zeros": (a_node(content=[NULL_ID]), "is no block"),
    "block too short": (a_node(content=["abcd"]), "is no block"),
    "block in capitals": (a_node(content=["AB" * 32]), "is no block"),
    "directory without contents": (a_node(kind="dir", content=None), "contents are not named"),
    "directory of zeros": (a_node(kind="dir", content=None, subtree=NULL_ID), "contents are not named"),
    "directory not there": (a_node(kind="dir", content=None, subtree="ab" * 32), "is in no index"),
    "no name": (a_node(""), "has no name"),
    "type irregular": (a_node(kind="irregular"), "none that can be restored"),
    "stray quote": (a_node('a"b'), "wrongly quoted"),
    "stray backslash": (a_node("a\\"), "wrongly quoted"),
    "unknown escape": (a_node("a\\q"), "wrongly quoted"),
}


@pytest.mark.parametrize("case", BAD_NODES)
def test_an_entry_that_cannot_be_restored_is_an_error(repo: Repository, case: str) -> None:
    """Each of these makes restic's check fail too."""
    node, expected = BAD_NODES[case]
    Builder(repo).snapshot({"folder": {"x": node}, "good": b"good"})

    assert expected in errors(check_both_ways(repo))


BAD_TREES = {
    "unknown type": b'{"nodes":[{"name":"a","type":"door","content":null}]}\n',
    "no JSON": b"nodes",
    "no nodes": b"{}\n",
    "cut": b'{"nodes":[{"name":"a"',
}


@pytest.mark.parametrize("case", BAD_TREES)
def test_a_directory_that_cannot_be_read_is_an_error(repo: Repository, case: str) -> None:
    """Everything below it is lost."""
    builder = Builder(repo)
    builder.snapshot_of(builder.blob(BlobKind.TREE, BAD_TREES[case]))

    assert "the directory / cannot be read" in errors(check_both_ways(repo))


ODD_TREES: dict[str, tuple[bytes, str]] = {
    "null": (b'{"nodes":null}\n', "no list of entries"),
    "no line end": (b'{"nodes":[]}', "no line end"),
    "not in order": (
        b'{"nodes":[{"name":"b","type":"fifo","content":null},{"name":"a","type":"fifo","content":null}]}\n',
        "not in order",
    ),
    "twice": (
        b'{"nodes":[{"name":"a","type":"fifo","content":null},{"name":"a","type":"fifo","content":null}]}\n',
        "twice",
    ),
    "leads outside": (b'{"nodes":[{"name":"../evil","type":"fifo","content":null}]}\n', "a restore refuses it"),
}


@pytest.mark.parametrize("case", ODD_TREES)
def test_what_restic_tolerates_is_a_hint(repo: Repository, case: str) -> None:
    """A foreign repository must not fail our check and pass restic's; still its owner should know."""
    blob, expected = ODD_TREES[case]
    builder = Builder(repo)
    builder.snapshot_of(builder.blob(BlobKind.TREE, blob))
    result = check_both_ways(repo)

    assert result.ok, errors(result)
    assert expected in hints(result)


def test_a_snapshot_without_its_tree_is_an_error(repo: Repository) -> None:
    """The file is genuine; what it points to is not there."""
    Builder(repo).snapshot_of("ab" * 32)

    assert "the directory / cannot be read" in errors(check_both_ways(repo))


def test_a_pack_in_no_index_is_only_a_hint(repo: Repository) -> None:
    """Every interrupted backup leaves some."""
    Builder(repo).snapshot({"a": b"a"})
    repo.storage.write(StoredFile(FileKind.DATA, "ab" * 32), [b"left over"])
    result = check(repo)

    assert result.ok
    assert "in no index" in hints(result)


def change_index(repo: Repository, change: Callable[[list[tuple[PackId, list[PackedBlob]]]], Any], *, keep: bool) -> None:
    """Write a changed copy of the only index file, beside it or instead of it."""
    (name,) = names_of(repo, FileKind.INDEX)
    packs = decode_index(repo.load_json(FileKind.INDEX, name), name).packs
    change(packs)
    repo.save_json(FileKind.INDEX, encode_index(packs))
    if not keep:
        repo.storage.remove(StoredFile(FileKind.INDEX, name))


def _reverse_blobs(packs: list[tuple[PackId, list[PackedBlob]]]) -> None:
    for _, blobs in packs:
        blobs.reverse()


def test_a_pack_listed_twice_alike_is_a_hint(repo: Repository) -> None:
    """A prune that was killed between two steps leaves this."""
    Builder(repo).snapshot({"a": noise(1, 2500)})
    change_index(repo, lambda packs: packs.reverse(), keep=True)
    result = check(repo)

    assert result.ok, errors(result)
    assert "listed in two index files" in hints(result)


def test_a_pack_listed_twice_differently_is_an_error(repo: Repository) -> None:
    """Restic calls it damage since 0.19: readers would see half of the pack."""
    Builder(repo).snapshot({"a": noise(1, 2500)})
    change_index(repo, lambda packs: [blobs.pop() for _, blobs in packs if len(blobs) > 1], keep=True)

    assert "say different things" in errors(check(repo))


def test_a_gap_in_a_pack_is_an_error(repo: Repository) -> None:
    """The index hides a block, or lies about one."""
    Builder(repo).snapshot({"a": noise(1, 2500)})
    change_index(repo, lambda packs: [blobs.pop(0) for _, blobs in packs if len(blobs) > 1], keep=False)

    assert "leave a gap" in errors(check(repo))


def test_the_order_of_blocks_in_an_index_is_free(repo: Repository) -> None:
    """Restic lists them in any order."""
    Builder(repo).snapshot({"a": noise(1, 2500)})
    change_index(repo, _reverse_blobs, keep=False)
    result = check_repository(repo, CheckOptions(ALL_PACKS), ignore_events)

    assert (result.ok, result.hints) == (True, ())


def test_an_index_that_hides_a_block_of_a_pack_is_found_by_reading_it(repo: Repository) -> None:
    """The sizes agree when two entries were merged; only the pack's own table of contents tells."""
    Builder(repo).snapshot({"a": noise(1, 1000), "b": b"bb" * 50})

    def lie(packs: list[tuple[PackId, list[PackedBlob]]]) -> None:
        for number, (pack, blobs) in enumerate(packs):
            packs[number] = (
                pack,
                [blob._replace(plain_length=blob.plain_length + 1 if blob.plain_length else 0) for blob in blobs],
            )

    change_index(repo, lie, keep=False)
    result = check_repository(repo, CheckOptions(ALL_PACKS), ignore_events)

    assert "lists other blocks than the index" in errors(result)


def test_a_pack_of_another_size_is_found_without_reading_it(repo: Repository) -> None:
    """The list of files says so; most losses of servers show in it."""
    Builder(repo).snapshot({"a": noise(1, 9000)})
    pack = next(pack for pack, blob in reopened(repo).index if blob.kind == BlobKind.DATA)
    files_of(repo)[StoredFile(FileKind.DATA, pack.hex())] += b"x"
    result = check(repo)

    assert f"pack {pack.hex()} has" in errors(result)
    assert result.damaged_packs == (pack.hex(),)


def test_a_pack_of_both_kinds_is_a_hint(repo: Repository) -> None:
    """Old restic versions wrote them."""
    builder = Builder(repo)
    builder._packers[BlobKind.TREE] = builder._packers[BlobKind.DATA]
    builder._packers[BlobKind.DATA]._kind = BlobKind.TREE
    tree = builder.tree({})
    builder._packers[BlobKind.DATA]._kind = BlobKind.DATA
    builder.blob(BlobKind.DATA, b"data")
    builder._packers[BlobKind.TREE] = type(builder._packers[BlobKind.DATA])(repo.key, BlobKind.TREE)
    builder.snapshot_of(tree)
    result = check_repository(repo, CheckOptions(ALL_PACKS), ignore_events)

    assert result.ok, errors(result)
    assert "mixes files and directories" in hints(result)


def test_without_reading_data_no_data_pack_is_read(repo: Repository) -> None:
    """A plain check of a large repository over a slow line takes minutes, not days."""
    Builder(repo).snapshot({"a": noise(1, 9000)})
    assert (result := check(repo)).ok
    trees = {blob_pack.hex() for blob_pack, blob in repo.index if blob.kind == BlobKind.TREE}
    read = {file.name for call, file in repo.storage.calls if call == "read" and file and file.kind is FileKind.DATA}  # type: ignore[attr-defined]

    assert read == trees
    assert (result.packs_read, result.bytes_read) == (0, 0)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/1", Part(1, 1)),
        ("3/256", Part(3, 256)),
        ("5%", Share(5)),
        ("0.5%", Share(0.5)),
        ("10G", Amount(10 << 30)),
        ("7k", Amount(7168)),
    ],
)
def test_a_subset_is_written_as_for_restic(text: str, expected: object) -> None:
    """Scripts move over unchanged."""
    assert parse_subset(text) == expected


@pytest.mark.parametrize("text", ["", "0/5", "6/5", "1/257", "0%", "101%", "-5%", "0", "5x", "1/2/3", "x"])
def test_a_subset_that_makes_no_sense_is_refused(text: str) -> None:
    """Checking nothing and saying all is well would be the worst answer."""
    with pytest.raises(BadInput):
        parse_subset(text)


def test_all_parts_together_are_everything_and_no_pack_twice() -> None:
    """Who checks 1/7 on Monday up to 7/7 on Sunday has checked everything."""
    packs = {PackId(noise(number, 32)): 10 for number in range(500)}
    parts = [select_packs(packs, Part(number, 7), random.Random(1)) for number in range(1, 8)]

    assert sorted(pack for part in parts for pack in part) == sorted(packs)


@pytest.mark.parametrize(
    ("subset", "expected"), [(Share(5), 25), (Share(100), 500), (Amount(500), 50), (Amount(1), 1), (Share(0.01), 1)]
)
def test_a_share_is_as_large_as_asked_and_never_empty(subset: Any, expected: int) -> None:
    """Five percent a day is a promise about both time and coverage."""
    packs = {PackId(noise(number, 32)): 10 for number in range(500)}
    chosen = select_packs(packs, subset, random.Random(1))

    assert len(chosen) == len(set(chosen)) == expected


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 1), st.binary(min_size=1, max_size=3), st.integers(0, 255)), max_size=60))
def test_marks_behave_like_a_dictionary(steps: list[tuple[int, bytes, int]]) -> None:
    """Prune decides by these marks what is deleted; ids that share their beginning or overlap must not be confused."""
    marks, expected = BlobMarks(), dict[tuple[int, bytes], int]()
    for kind, seed, mark in steps:
        blob_id = (seed * 32)[:32]
        assert marks.add(kind, blob_id, mark) == ((kind, blob_id) not in expected)
        expected.setdefault((kind, blob_id), mark)
        marks.mark(kind, blob_id, mark ^ 1)
        expected[kind, blob_id] = mark ^ 1

    assert len(marks) == len(expected)
    assert all(marks.get(*key) == mark for key, mark in expected.items())
    assert {(kind, bytes(blob)) for mark in set(expected.values()) for kind, blob in marks.marked(mark)} == set(expected)
    assert marks.get(0, b"\xee" * 31 + b"\x01") is None
    with pytest.raises(KeyError):
        marks.mark(1, b"\xee" * 31 + b"\x01", 0)


def test_two_snapshots_count_shared_directories_once(repo: Repository) -> None:
    """A hundred daily snapshots must not take a hundred times as long."""
    builder = Builder(repo)
    builder.snapshot({"same": {"a": b"a"}, "x": b"1"})
    builder.snapshot({"same": {"a": b"a"}, "x": b"2"}, hostname="other")

    assert check_both_ways(repo).trees == 3


def test_where_all_packs_are_read_no_directory_is_read_once_more(repo: Repository) -> None:
    """Fetching, opening and hashing each directory again took a third of a check of small files. Odd names are no reason to."""
    Builder(repo).snapshot({"a": b"a", "b": {'q"uote': b"b", "back\\slash": b"", "new\nline": {}}})
    repo.storage.calls.clear()  # type: ignore[attr-defined]
    result = check_repository(repo, CheckOptions(ALL_PACKS), ignore_events)
    read = [file.name for call, file in repo.storage.calls if call == "read" and file and file.kind is FileKind.DATA]  # type: ignore[attr-defined]

    assert (result.ok, result.hints, result.trees) == (True, (), 3)
    assert sorted(read) == names_of(repo, FileKind.DATA)


def test_a_directory_of_which_nobody_needs_anything_is_no_error(repo: Repository) -> None:
    """A killed backup leaves directories; restic, too, looks only at what a snapshot reaches."""
    builder = Builder(repo)
    builder.tree({"lost": a_node("lost", content=["ab" * 32])})
    builder.blob(BlobKind.TREE, b"no directory at all")
    builder.snapshot({"a": b"a", "b": {"c": b"c"}})
    result = check_both_ways(repo)

    assert (result.errors, result.hints, result.trees) == ((), (), 2)


@pytest.mark.parametrize(("limit", "value"), [("MOST_NAMED_BYTES", 10), ("LONGEST_BLOB_BYTES", {BlobKind.TREE: 10})])
def test_directories_too_large_to_tell_of_are_walked(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, limit: str, value: object
) -> None:
    """A hostile or giant pack must not fill the memory of whoever gathers the verdicts, nor go unseen."""
    monkeypatch.setattr(directory_log, limit, value)
    Builder(repo).snapshot({"a": b"a", "b": {"x": a_node(content=["ab" * 32])}})

    assert "is in no index" in errors(check_both_ways(repo))


def test_a_check_that_begins_again_forgets_what_it_saw(repo: Repository) -> None:
    """While the lock was not sure, somebody else was faster: what was read before he ended says nothing."""
    Builder(repo).snapshot({"a": b"a"})
    index, told = StoredFile(FileKind.INDEX, names_of(repo, FileKind.INDEX)[0]), list[object]()
    whole = files_of(repo).pop(index)
    check = RepositoryCheck(CheckOptions(ALL_PACKS), told.append)
    check.begin(repo, {})
    assert not [event for event in told if isinstance(event, Problem | Note)]
    files_of(repo)[index] = whole
    check.begin(repo, {})
    result = check.finish()

    assert (result.ok, result.hints, result.snapshots) == (True, (), 1)
    assert result.packs_read == result.packs == len(names_of(repo, FileKind.DATA))
    assert not [event for event in told if isinstance(event, Problem | Note)]
    assert len(files_of(repo)) > 4
