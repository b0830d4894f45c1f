"""Reading back a random sample: which packs are taken, and that none of them may be other than it was stored."""

import random
from collections import Counter
from pathlib import Path

import pytest

from gdp.core.ids import PackId
from gdp.core.language import complete
from gdp.engine.check import CheckOptions, check_repository
from gdp.engine.check.options import ALL_PACKS, CheckResult
from gdp.engine.check.sample import DAY_SECONDS, choose_packs, read_back
from gdp.model.events import ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.repo.cache import CachedStorage
from gdp.repo.opening import open_repository
from gdp.repo.repository import Repository
from gdp.repo.verified_packs import DAMAGED, VerifiedPacks
from tests.repo.builder import PASSWORD, Builder, files_of, new_repository, noise

EVERYTHING = 1 << 40
NOW = 2_000_000_000


@pytest.fixture
def repo(tmp_path: Path) -> Repository:
    """A repository with several packs."""
    made = new_repository(tmp_path)
    for number in range(4):
        Builder(made).snapshot({f"file {number}": noise(number, 20_000)})
    return made


def packs_of(repo: Repository) -> dict[str, bytes]:
    return {file.name: data for file, data in files_of(repo).items() if file.kind is FileKind.DATA}


def sample(repo: Repository, most_bytes: int = EVERYTHING) -> CheckResult:
    """Open the repository anew, as a run does, and read back."""
    return read_back(open_repository(repo.storage, PASSWORD, repo.home), most_bytes, ignore_events)


def said(result: CheckResult) -> str:
    return "\n".join(complete(problem.template, problem.facts, "en") for problem in result.errors)


def replace(repo: Repository, name: str, data: bytes) -> None:
    """Let the storage hold something else under a pack's name."""
    file = StoredFile(FileKind.DATA, name)
    repo.storage.remove(file)
    repo.storage.write(file, [data])


def test_a_sound_repository_is_sound(repo: Repository) -> None:
    """All of it is read where the sample is that large."""
    result = sample(repo)

    assert result.ok
    assert (set(result.sampled), result.packs_read) == (set(packs_of(repo)), result.packs)
    assert result.bytes_read == sum(map(len, packs_of(repo).values()))


def test_no_more_is_read_than_asked_for_and_at_least_one_pack(repo: Repository) -> None:
    """It is bounded, since it comes after every backup."""
    largest = max(map(len, packs_of(repo).values()))

    assert sample(repo, 1).packs_read == 1
    assert 0 < sample(repo, largest).bytes_read <= largest


@pytest.mark.parametrize("damage", ["flipped", "cut", "other"])
def test_a_damaged_pack_in_the_sample_fails_it(repo: Repository, damage: str) -> None:
    """A bit, the end, or all of it."""
    packs = packs_of(repo)
    (name, data), (_, other) = sorted(packs.items(), key=lambda item: -len(item[1]))[:2]
    middle = len(data) // 2
    flipped = data[:middle] + bytes((data[middle] ^ 1,)) + data[middle + 1 :]
    replace(repo, name, {"flipped": flipped, "cut": data[:-7], "other": other}[damage])
    result = sample(repo)

    assert not result.ok
    assert result.damaged_packs == (name,)
    assert name in said(result)


def test_packs_outside_the_sample_are_counted_and_weighed(repo: Repository) -> None:
    """What is gone, or cut off, shows without being read."""
    names = sorted(packs_of(repo))
    repo.storage.remove(StoredFile(FileKind.DATA, names[0]))
    replace(repo, names[1], packs_of(repo)[names[1]][:-1])
    repo.verified_packs.note(dict.fromkeys(map(bytes.fromhex, names[:2]), NOW * 2), [bytes.fromhex(name) for name in names])
    result = sample(repo, 1)

    assert f"pack {names[0]} is missing" in said(result)
    assert f"pack {names[1]} has " in said(result)
    assert "instead of" in said(result)


def test_what_a_cache_holds_proves_nothing(repo: Repository, tmp_path: Path) -> None:
    """Directories are kept on this computer; the question is what the target has."""
    opened = open_repository(repo.storage, PASSWORD, repo.home)
    opened.storage = CachedStorage(opened.storage, tmp_path / "cache")
    opened.load_index()
    for snapshot in opened.snapshots().snapshots.values():
        opened.load_tree(bytes.fromhex(snapshot.tree))
    kept = {path.name for path in (tmp_path / "cache" / "data").iterdir()}
    for name in kept:
        data = packs_of(repo)[name]
        replace(repo, name, data[:20] + bytes((data[20] ^ 1,)) + data[21:])
    result = read_back(opened, EVERYTHING, ignore_events)

    assert kept
    assert set(result.damaged_packs) == kept


def test_a_damaged_pack_is_read_again_until_it_is_repaired(repo: Repository) -> None:
    """Else the next sample would say that all is well."""
    packs = packs_of(repo)
    name, data = max(packs.items(), key=lambda item: len(item[1]))
    replace(repo, name, data[:40] + bytes((data[40] ^ 1,)) + data[41:])
    sample(repo)
    later = [sample(repo, 1) for _ in range(5)]
    replace(repo, name, data)
    mended = sample(repo, 1)

    assert [result.damaged_packs for result in later] == [(name,)] * 5
    assert (mended.ok, mended.sampled) == (True, (name,))


def test_a_whole_check_counts_as_reading_too(repo: Repository) -> None:
    """What was read an hour ago need not be read again tonight."""
    check_repository(open_repository(repo.storage, PASSWORD, repo.home), CheckOptions(ALL_PACKS), ignore_events)

    assert set(repo.verified_packs.read()) == {bytes.fromhex(name) for name in packs_of(repo)}


def test_what_was_not_read_for_long_is_rather_taken() -> None:
    """By chance, but so that over the weeks everything has its turn."""
    packs = {PackId(bytes([number]) * 32): 10 for number in range(40)}
    old: dict[bytes, int] = dict.fromkeys(list(packs)[:20], NOW - 300 * DAY_SECONDS)
    new: dict[bytes, int] = dict.fromkeys(list(packs)[20:], NOW - DAY_SECONDS)
    chance = random.Random(1)
    taken: Counter[bytes] = Counter(pack for _ in range(50) for pack in choose_packs(packs, {**old, **new}, 40, NOW, chance))

    assert sum(taken[pack] for pack in new) < 20
    assert set(taken) >= set(old), "something never has its turn"
    assert all(len(choose_packs(packs, {}, 40, NOW, chance)) == 4 for _ in range(5))


def test_after_as_many_samples_as_it_takes_everything_was_read() -> None:
    """With growth: new packs must not keep the old ones away for ever."""
    chance, read, packs = random.Random(2), dict[bytes, int](), {PackId(bytes([number]) * 32): 10 for number in range(30)}
    first = set(packs)
    for day in range(120):
        packs[PackId(bytes([100, day]) * 16)] = 10
        for pack in choose_packs(packs, read, 20, NOW + day * DAY_SECONDS, chance):
            read[pack] = NOW + day * DAY_SECONDS

    assert len(first & set(read)) >= 25


def test_what_is_remembered_survives_and_damage_to_it_does_no_harm(tmp_path: Path) -> None:
    """It is no more than an order in which to read."""
    path = tmp_path / "state" / "verified-packs"
    one, two = bytes(32), bytes([1]) * 32
    VerifiedPacks(path).note({one: NOW, two: DAMAGED}, {one, two})
    kept = VerifiedPacks(path).read()
    VerifiedPacks(path).note({}, {two})
    fewer = VerifiedPacks(path).read()
    raw = path.read_bytes()
    answers = []
    for broken in (b"", raw[:-1], raw[:10], bytes([raw[0] ^ 1]) + raw[1:], raw[:20] + bytes([raw[20] ^ 1]) + raw[21:]):
        path.write_bytes(broken)
        answers.append(VerifiedPacks(path).read())

    assert kept == {one: NOW, two: DAMAGED}
    assert fewer == {two: DAMAGED}
    assert answers == [{}] * 5
