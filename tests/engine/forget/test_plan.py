"""Which snapshots a policy keeps. A wrong answer here deletes a backup."""

import json
import os
import random
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.core.errors import BadInput
from gdp.core.gotext import format_time
from gdp.engine.forget import (
    KeepPolicy,
    Span,
    forget_snapshots,
    parse_count,
    parse_group_by,
    parse_span,
    plan_forget,
)
from gdp.engine.forget.calendar import Moment
from gdp.model.events import ignore_events
from gdp.model.files import FileKind, StoredFile
from gdp.model.retention import PERIODS, UNLIMITED
from gdp.model.snapshot import Snapshot, SnapshotId
from gdp.repo.opening import open_repository
from gdp.storage.local import LocalStorage
from tests.repo.builder import Builder, names_of, new_repository

NOW = 1_800_000_000_000_000_000  # 2027
TREE = "ab" * 32


def snapshots(*times: str, **facts: Any) -> dict[SnapshotId, Snapshot]:
    """Return snapshots of one group, named by their times."""
    return {
        SnapshotId(text): Snapshot(**{"time": text, "tree": TREE, "paths": ["/a"], "hostname": "h", **facts}) for text in times
    }


def kept(found: dict[SnapshotId, Snapshot], policy: KeepPolicy, **options: Any) -> dict[str, tuple[str, ...]]:
    """Return what is kept and why."""
    plan = plan_forget(found, policy, **{"now_ns": NOW, "offset_at": lambda _: 0, **options})
    return {member.id: member.reasons for group in plan.groups for member in group.keep}


def test_the_newest_of_each_period_stays_with_its_reasons() -> None:
    """The rule everybody uses."""
    found = snapshots("2025-01-01T01:00:00Z", "2025-01-01T23:00:00Z", "2025-01-02T10:00:00Z", "2025-01-03T10:00:00Z")

    assert kept(found, KeepPolicy(last=1, counts={"daily": 2})) == {
        "2025-01-03T10:00:00Z": ("last snapshot", "daily snapshot"),
        "2025-01-02T10:00:00Z": ("daily snapshot",),
    }


def test_the_oldest_snapshot_stays_while_a_rule_has_something_left() -> None:
    """So that history reaches back as far as the rule could reach."""
    found = snapshots("2025-03-01T10:00:00Z", "2025-03-02T10:00:00Z", "2025-04-02T10:00:00Z")

    assert kept(found, KeepPolicy(counts={"monthly": 5}))["2025-03-01T10:00:00Z"] == ("oldest monthly snapshot",)


def test_weeks_are_iso_weeks() -> None:
    """30 December 2024 belongs to the first week of 2025."""
    found = snapshots("2024-12-29T10:00:00Z", "2024-12-30T10:00:00Z", "2025-01-05T10:00:00Z")

    assert list(kept(found, KeepPolicy(counts={"weekly": 1}))) == ["2025-01-05T10:00:00Z"]
    assert (
        Moment.parse("2024-12-30T10:00:00Z").bucket("weekly")
        == Moment.parse("2025-01-05T10:00:00Z").bucket("weekly")
        == (2025, 1)
    )


def test_days_are_those_of_the_wall_clock_that_was_written() -> None:
    """A snapshot at half past midnight in Berlin belongs to that day, wherever forget runs."""
    found = snapshots("2025-01-01T23:30:00+01:00", "2025-01-02T00:30:00+01:00")

    assert len(kept(found, KeepPolicy(counts={"daily": UNLIMITED}))) == 2


def test_within_counts_back_from_the_newest_snapshot_that_is_not_in_the_future() -> None:
    """A computer whose clock ran ahead once must not make everything else look old."""
    found = snapshots("2025-05-31T10:00:00Z", "2025-03-03T10:00:01Z", "2025-03-03T09:59:59Z", "2030-01-01T00:00:00Z")

    assert set(kept(found, KeepPolicy(within=parse_span("3m")))) == {
        "2030-01-01T00:00:00Z",
        "2025-05-31T10:00:00Z",
        "2025-03-03T10:00:01Z",  # 31 February is 3 March
    }


def test_a_clock_change_in_between_is_taken_into_account() -> None:
    """Three months before 10:00 in summer is 10:00 in winter, not 9:00."""
    found = snapshots("2025-05-28T10:00:00+02:00", "2025-02-28T09:30:00+01:00", "2025-02-28T10:30:00+01:00")

    def berlin(seconds: int) -> int:
        return 7200 if 1_743_296_400 <= seconds < 1_761_440_400 else 3600

    assert set(kept(found, KeepPolicy(within=parse_span("3m")), offset_at=berlin)) == {
        "2025-05-28T10:00:00+02:00",
        "2025-02-28T10:30:00+01:00",
    }


def test_tags_keep_what_carries_all_of_a_list() -> None:
    """An empty list means those without any."""
    found = {
        **snapshots("2025-01-01T00:00:00Z", tags=["a", "b"]),
        **snapshots("2025-01-02T00:00:00Z", tags=["a"]),
        **snapshots("2025-01-03T00:00:00Z"),
    }

    assert list(kept(found, KeepPolicy(tags=[["a", "b"]]))) == ["2025-01-01T00:00:00Z"]
    assert kept(found, KeepPolicy(tags=[[]])) == {"2025-01-03T00:00:00Z": ("has tags []",)}


def test_each_group_is_judged_by_itself() -> None:
    """Another computer's backups must not push out mine."""
    found = {**snapshots("2025-01-01T00:00:00Z"), **snapshots("2025-01-02T00:00:00Z", hostname="other")}

    assert len(kept(found, KeepPolicy(last=1))) == 2
    assert len(kept(found, KeepPolicy(last=1), group_by=parse_group_by("paths"))) == 1
    assert len(kept(found, KeepPolicy(last=1), group_by=parse_group_by(""))) == 1


def test_the_order_of_paths_does_not_make_a_group() -> None:
    """`backup /a /b` and `backup /b /a` are the same job."""
    found = {**snapshots("2025-01-01T00:00:00Z", paths=["/a", "/b"]), **snapshots("2025-01-02T00:00:00Z", paths=["/b", "/a"])}

    assert list(kept(found, KeepPolicy(last=1))) == ["2025-01-02T00:00:00Z"]


@pytest.mark.parametrize("policy", [KeepPolicy(), KeepPolicy(last=0, counts={"daily": 0}), KeepPolicy(within=Span())])
def test_a_policy_that_keeps_nothing_is_refused(policy: KeepPolicy) -> None:
    """A forgotten option must not delete everything."""
    with pytest.raises(BadInput):
        kept(snapshots("2025-01-01T00:00:00Z"), policy)

    assert kept(snapshots("2025-01-01T00:00:00Z"), policy, unsafe_allow_remove_all=True) == {}


def test_a_policy_that_would_empty_a_group_is_refused() -> None:
    """A typo in a tag must not delete everything either."""
    with pytest.raises(BadInput, match="keep no snapshot at all"):
        kept(snapshots("2025-01-01T00:00:00Z"), KeepPolicy(tags=[["typo"]]))


@pytest.mark.parametrize(
    ("text", "expected"), [("1y5m7d2h", Span(1, 5, 7, 2)), ("14d", Span(days=14)), ("3h1d", Span(days=1, hours=3))]
)
def test_a_time_is_written_as_for_restic(text: str, expected: Span) -> None:
    """Scripts move over unchanged."""
    assert parse_span(text) == expected


@pytest.mark.parametrize("text", ["", "5", "d", "1x", "1 d", "1w", "d1"])
def test_a_time_that_makes_no_sense_is_refused(text: str) -> None:
    """Weeks, for example, are not known to restic."""
    with pytest.raises(BadInput):
        parse_span(text)


@pytest.mark.parametrize("text", ["-1", "", "x", "1.5", "²"])
def test_a_count_that_makes_no_sense_is_refused(text: str) -> None:
    """-1 meant all in old versions of restic; guessing would be dangerous."""
    with pytest.raises(BadInput):
        parse_count(text)

    assert parse_count("unlimited") == UNLIMITED


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 2**31).map(lambda seconds: format_time(seconds * 10**9)), min_size=1, max_size=30, unique=True),
    st.sampled_from(PERIODS),
    st.integers(1, 5),
)
def test_a_count_is_a_promise(times: list[str], period: str, count: int) -> None:
    """Of as many periods as asked for one snapshot stays, always the newest, and everything is either kept or removed."""
    found = snapshots(*times)
    plan = plan_forget(found, KeepPolicy(counts={period: count}), now_ns=NOW * 2)
    keep = [member.id for group in plan.groups for member in group.keep]
    periods = {Moment.parse(text).bucket(period) for text in times}

    assert set(keep) | set(plan.remove) == set(found)
    assert len(keep) + len(plan.remove) == len(found)
    assert max(found, key=lambda text: Moment.parse(text).time_ns) in keep
    assert len({Moment.parse(text).bucket(period) for text in keep}) == min(count, len(periods))


def test_forgetting_removes_exactly_these_files(tmp_path: Path) -> None:
    """One that somebody else removed meanwhile is no reason to stop."""
    repo = new_repository(tmp_path)
    builder = Builder(repo)
    names = [builder.snapshot({"a": b"a"}, hostname=str(number)) for number in range(3)]
    repo.storage.remove(StoredFile(FileKind.SNAPSHOTS, names[0]))
    forget_snapshots(repo, names[:2], ignore_events)

    assert names_of(repo, FileKind.SNAPSHOTS) == [names[2]]


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    yield monkeypatch
    monkeypatch.undo()
    time.tzset()


@pytest.mark.peer
def test_restic_decides_the_same(peer_restic: Path, tmp_path: Path, zone: pytest.MonkeyPatch) -> None:
    """Random snapshots and random policies in several time zones; each decision is compared."""
    chance = random.Random(1)
    repo = new_repository(tmp_path / "home")
    Builder(repo).snapshot({"a": b"a"})
    for _ in range(60):
        repo.save_snapshot(_random_snapshot(chance))
    local = LocalStorage(tmp_path / "repository")
    local.create_folders()
    for file, data in repo.storage.files.items():  # type: ignore[attr-defined]
        local.write(file, [data])
    found = open_repository(local, b"geheim", tmp_path).snapshots().snapshots
    for _ in range(12):
        zone.setenv("TZ", chance.choice(["UTC", "Europe/Berlin", "America/New_York"]))
        time.tzset()
        policy, options = _random_policy(chance)
        group_by = chance.choice(["host,paths", "host", "", "tags,host"])
        plan = plan_forget(found, policy, now_ns=time.time_ns(), group_by=parse_group_by(group_by))
        keep = {member.id for group in plan.groups for member in group.keep}

        assert (keep, set(plan.remove)) == _asked(peer_restic, tmp_path / "repository", [*options, "--group-by", group_by]), (
            options
        )


def _asked(program: Path, repository: Path, options: list[str]) -> tuple[set[str], set[str]]:
    """Return what restic keeps and what it removes."""
    run = subprocess.run(
        [program, "--repo", repository, "--no-cache", "--no-lock", "--json", "forget", "--dry-run", *options],
        env={**os.environ, "RESTIC_PASSWORD": "geheim"},
        capture_output=True,
        text=True,
        check=True,
    )
    groups = json.loads(run.stdout.splitlines()[0])
    keep = {snapshot["id"] for group in groups for snapshot in group["keep"] or ()}
    return keep, {snapshot["id"] for group in groups for snapshot in group["remove"] or ()}


def _random_snapshot(chance: random.Random) -> Snapshot:
    day = f"{chance.randint(2019, 2026)}-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}"
    clock = f"{chance.randint(0, 23):02d}:{chance.randint(0, 59):02d}:{chance.randint(0, 59):02d}"
    return Snapshot(
        time=f"{day}T{clock}{chance.choice(['Z', '+01:00', '+02:00', '-05:00', '+05:30'])}",
        tree=TREE,
        paths=chance.choice([["/src"], ["/b", "/a"], ["/a", "/b"]]),
        hostname=chance.choice(["h", "g"]),
        tags=chance.choice([["a", "b"], ["b"], None]),
    )


def _random_policy(chance: random.Random) -> tuple[KeepPolicy, list[str]]:
    counts = {period: chance.choice([1, 2, 4]) for period in chance.sample(PERIODS, 2)}
    within = {period: chance.choice(["1y", "2y3m", "9y"]) for period in chance.sample(PERIODS, chance.choice([0, 1, 2]))}
    span, tags = chance.choice(["5m3d", "2d4h", "1y5m7d2h"]), chance.choice([[], ["a"], ["a", "b"]])
    options = ["--keep-last", "2", "--keep-within", span]
    options += [option for period, count in counts.items() for option in (f"--keep-{period}", str(count))]
    options += [option for period, text in within.items() for option in (f"--keep-within-{period}", text)]
    options += ["--keep-tag", ",".join(tags)] if tags else []
    spans = {period: parse_span(text) for period, text in within.items()}
    return KeepPolicy(2, counts, parse_span(span), spans, [tags] if tags else []), options
