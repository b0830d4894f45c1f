"""The set of stored blocks that all workers share. If it ever says "stored" of what is not, a file is lost."""

import mmap
import os
import random
import struct
from collections.abc import Callable, Iterator
from multiprocessing import get_context

import pytest

from gdp.repo.shared_ids import SharedIds


@pytest.fixture
def ids() -> Iterator[SharedIds]:
    """An empty set."""
    made = SharedIds()
    yield made
    made.close()


def some(count: int, seed: int = 1) -> list[bytes]:
    """Return different ids."""
    chance = random.Random(seed)
    return [chance.randbytes(32) for _ in range(count)]


def test_an_id_is_new_once(ids: SharedIds) -> None:
    """The plain promise."""
    first, second = some(2)

    assert first not in ids
    assert ids.add(first)
    assert not ids.add(first)
    assert first in ids
    assert second not in ids


def test_it_grows_over_several_tables_and_forgets_nothing(ids: SharedIds) -> None:
    """A first backup finds more blocks than anybody expected; tables of 32,768 slots, then twice that, and so on."""
    many = some(150_000)
    assert all(ids.add(blob_id) for blob_id in many)

    assert all(blob_id in ids for blob_id in many)
    assert not any(ids.add(blob_id) for blob_id in many)
    assert not any(blob_id in ids for blob_id in some(20_000, seed=2))


@pytest.mark.parametrize("expected", [0, 1, 32_768, 100_000])
def test_a_reserved_table_holds_what_was_expected(ids: SharedIds, expected: int) -> None:
    """And goes on growing beyond it."""
    ids.attach(ids.reserve(expected))
    many = some(expected + 5000)

    assert all(ids.add(blob_id) for blob_id in many)
    assert all(blob_id in ids for blob_id in many)


@pytest.mark.parametrize("byte", range(0, 32, 5))
def test_ids_that_differ_in_one_byte_are_different(ids: SharedIds, byte: int) -> None:
    """Also those that belong into the same slots: whole ids are compared, never a part."""
    (base,) = some(1)
    near = [base[:byte] + bytes((value,)) + base[byte + 1 :] for value in range(256)]

    assert all(ids.add(blob_id) for blob_id in near)
    assert all(blob_id in ids for blob_id in near)


def test_ids_that_all_want_the_same_slot_find_a_place(ids: SharedIds) -> None:
    """An attacker may choose files so; then it gets slower, not wrong."""
    crowd = [struct.pack("<Q", 7) + struct.pack("<Q", number) + bytes(15) + b"\1" for number in range(200)]

    assert all(ids.add(blob_id) for blob_id in crowd)
    assert all(blob_id in ids for blob_id in crowd)


def _in_children(*tasks: Callable[[], None]) -> None:
    children = [get_context("fork").Process(target=task) for task in tasks]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0] * len(children)


def test_processes_see_each_others_ids(ids: SharedIds) -> None:
    """Made before the fork, used by all; a table that one of them begins is the same for all."""
    slots = ids.reserve(10)
    mine, theirs = some(60_000), some(60_000, seed=2)

    def child() -> None:
        ids.attach(slots)
        assert mine[0] in ids
        assert all(ids.add(blob_id) for blob_id in theirs)

    for blob_id in mine:
        ids.add(blob_id)
    _in_children(child)

    assert all(blob_id in ids for blob_id in theirs)
    assert all(blob_id in ids for blob_id in mine)


def test_processes_that_add_at_once_lose_next_to_nothing(ids: SharedIds) -> None:
    """A lost or doubled id is a block stored twice; there may be a few, and never one that is known without having been added."""
    slots = ids.reserve(10)
    everything = some(80_000)
    told_new = mmap.mmap(-1, 8 * 2)

    def child(number: int) -> None:
        ids.attach(slots)
        order = everything.copy()
        random.Random(number).shuffle(order)
        new = sum(ids.add(blob_id) for blob_id in order)
        struct.pack_into("<Q", told_new, 8 * number, new)

    _in_children(lambda: child(0), lambda: child(1))
    ids.attach(slots)
    new = sum(struct.unpack("<QQ", told_new))

    assert len(everything) <= new <= len(everything) + 200
    assert sum(blob_id not in ids for blob_id in everything) <= 100
    assert not any(blob_id in ids for blob_id in some(20_000, seed=9))


@pytest.mark.parametrize("written", [1, 8, 16, 31])
def test_a_torn_write_is_nobodys_id(ids: SharedIds, written: int) -> None:
    """A reader may see a slot half written: then the block is stored once more. It must never count as stored."""
    slots = ids.reserve(10)
    many = some(1000)
    for blob_id in many:
        ids.add(blob_id)
    (table, _) = ids._tables[0]
    for position in range(0, slots * 32, 32):
        table[position + written : position + 32] = bytes(32 - written)

    assert not any(blob_id in ids for blob_id in many if any(blob_id[written:]))
    assert all(ids.add(blob_id) for blob_id in many if any(blob_id[written:]))
    assert all(blob_id in ids for blob_id in many)


def test_a_set_can_be_made_again_from_its_pieces(ids: SharedIds) -> None:
    """Over several tables; what is not there is not there afterwards either."""
    slots = ids.reserve(0)
    inside = [os.urandom(32) for _ in range(60_000)]
    for blob_id in inside:
        ids.add(blob_id)
    again = SharedIds()
    again.reserve(10_000)
    again.add(b"x" * 32)
    again.restore(slots, ids.pieces())

    assert all(blob_id in again for blob_id in inside)
    assert b"x" * 32 not in again
    assert sum(len(piece) for _, piece in ids.pieces()) < 10 * 32 * len(inside)
    again.close()


def test_a_cleared_set_is_empty(ids: SharedIds) -> None:
    """And can be used again."""
    ids.reserve(0)
    ids.add(b"x" * 32)
    ids.clear()
    ids.reserve(100_000)

    assert b"x" * 32 not in ids
    assert ids.add(b"x" * 32)
