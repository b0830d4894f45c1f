"""Which snapshots a policy keeps, and why. Pure: the caller supplies snapshots, clock and time zone.

The rules are restic's: newest first, per group; a period's newest snapshot represents it; while a rule still has something
left, the oldest snapshot of the group is kept too; times "within" count from the newest snapshot that is not in the future.
"""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.engine.forget.calendar import LocalOffset, Moment, local_offset
from gdp.model.retention import DEFAULT_GROUP_BY, PERIODS, UNLIMITED, GroupKey, KeepPolicy
from gdp.model.snapshot import Snapshot, SnapshotId

Named = tuple[SnapshotId, Snapshot]


class Kept(msgspec.Struct, frozen=True):
    """A snapshot that stays."""

    id: SnapshotId
    snapshot: Snapshot
    reasons: tuple[str, ...]
    """in restic's words, such as ``daily snapshot``"""


class ForgetGroup(msgspec.Struct, frozen=True):
    """What happens to the snapshots of one group, newest first."""

    host: str | None
    """None, here and below: not grouped by it"""
    paths: tuple[str, ...] | None
    tags: tuple[str, ...] | None
    keep: tuple[Kept, ...]
    remove: tuple[Named, ...]


class ForgetPlan(msgspec.Struct, frozen=True):
    """What would be forgotten."""

    groups: tuple[ForgetGroup, ...]

    @property
    def remove(self) -> tuple[SnapshotId, ...]:
        """Every snapshot that goes."""
        return tuple(name for group in self.groups for name, _ in group.remove)


def plan_forget(
    snapshots: Mapping[SnapshotId, Snapshot],
    policy: KeepPolicy,
    *,
    now_ns: int,
    group_by: Sequence[GroupKey] = DEFAULT_GROUP_BY,
    offset_at: LocalOffset = local_offset,
    unsafe_allow_remove_all: bool = False,
) -> ForgetPlan:
    """Return what a policy does to snapshots.

    Args:
        snapshots: those the user's filter let through.
        policy: what to keep.
        now_ns: the time, nanoseconds since 1970.
        group_by: what tells groups apart.
        offset_at: this computer's time zone.
        unsafe_allow_remove_all: let a group become empty. The caller demands a filter with it, as restic does.

    Raises:
        BadInput: the policy is empty, or would remove every snapshot of a group.
    """
    if policy.is_empty and not unsafe_allow_remove_all:
        raise BadInput(
            N_("no rule says which snapshots to keep; nothing was removed"), N_("Give at least one --keep-... option.")
        )
    groups = []
    for key, members in _grouped(snapshots, group_by).items():
        keep, remove = _Judge(policy, members, now_ns, offset_at).judge()
        group = ForgetGroup(*key, tuple(keep), tuple(remove))
        if not keep and not unsafe_allow_remove_all:
            raise BadInput(
                N_("the rules keep no snapshot at all of {group}; nothing was removed"),
                N_("Give a rule that keeps some, or --unsafe-allow-remove-all together with a filter."),
                group=_describe(group),
            )
        groups.append(group)
    return ForgetPlan(tuple(groups))


_Key = tuple[str | None, tuple[str, ...] | None, tuple[str, ...] | None]


def _grouped(snapshots: Mapping[SnapshotId, Snapshot], group_by: Sequence[GroupKey]) -> dict[_Key, list[Named]]:
    groups: dict[_Key, list[Named]] = {}
    for name, snapshot in snapshots.items():
        key = (
            snapshot.hostname if GroupKey.HOST in group_by else None,
            tuple(sorted(snapshot.paths)) if GroupKey.PATHS in group_by else None,
            tuple(sorted(snapshot.tags or ())) if GroupKey.TAGS in group_by else None,
        )
        groups.setdefault(key, []).append((name, snapshot))
    return groups


class _Judge:
    """Goes through one group's snapshots once, newest first, and remembers what each rule has seen."""

    def __init__(self, policy: KeepPolicy, members: Sequence[Named], now_ns: int, offset_at: LocalOffset) -> None:
        self._policy = policy
        self._members = sorted(members, key=lambda member: member[1].time_ns, reverse=True)
        self._moments = [Moment.parse(snapshot.time) for _, snapshot in self._members]
        self._left = {"last": policy.last, **policy.counts}
        self._represented: dict[str, tuple[int, ...]] = {}
        # With nothing but snapshots of the future, restic counts from Go's zero time, which lets all of them through.
        past = [moment for moment in self._moments if moment.time_ns < now_ns]
        self._bounds = {
            period: past[0].before(span, offset_at) if past else None
            for period, span in (("", policy.within), *policy.within_periods.items())
            if span
        }

    def judge(self) -> tuple[list[Kept], list[Named]]:
        keep: list[Kept] = []
        remove: list[Named] = []
        for number, (name, snapshot) in enumerate(self._members):
            if reasons := tuple(self._reasons(number, snapshot)):
                keep.append(Kept(name, snapshot, reasons))
            else:
                remove.append((name, snapshot))
        return keep, remove

    def _reasons(self, number: int, snapshot: Snapshot) -> Iterator[str]:
        for tags in self._policy.tags:
            if snapshot.has_tags(list(tags)) if tags else not snapshot.tags:
                yield f"has tags [{', '.join(tags)}]"
        if self._is_within("", number):
            yield f"within {self._policy.within}"
        for rule in ("last", *PERIODS):
            if self._left.get(rule, 0) and (role := self._role(rule, number)):
                self._left[rule] -= self._left[rule] != UNLIMITED
                yield f"{role} snapshot"
        for period in PERIODS:
            if self._is_within(period, number) and (role := self._role(f"{period} within", number)):
                yield f"{role} {self._policy.within_periods[period]}"

    def _is_within(self, period: str, number: int) -> bool:
        if period not in self._bounds:
            return False
        bound = self._bounds[period]
        return bound is None or self._moments[number].time_ns > bound

    def _role(self, rule: str, number: int) -> str:
        """Return what a snapshot is to a rule: the first seen of its period, the group's oldest, or (empty) nothing."""
        period = (number,) if rule == "last" else self._moments[number].bucket(rule.partition(" ")[0])
        if self._represented.get(rule) != period:
            self._represented[rule] = period
            return rule
        return f"oldest {rule}" if number == len(self._members) - 1 else ""


def _describe(group: ForgetGroup) -> str:
    parts = [
        f"host {group.host}" if group.host is not None else "",
        f"paths {', '.join(group.paths)}" if group.paths is not None else "",
        f"tags {', '.join(group.tags)}" if group.tags is not None else "",
    ]
    return "; ".join(part for part in parts if part) or "*"
