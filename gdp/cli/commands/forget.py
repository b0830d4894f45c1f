"""``gdp forget``."""

import time
from collections.abc import Sequence
from typing import Any

import click

from gdp.cli.chosen_set import chosen_set, typed_or_set
from gdp.cli.common import common_options
from gdp.cli.prune_options import prune_fields, prune_options, run_prune, take_prune_options
from gdp.cli.records import SHORT_ID, snapshot_fields
from gdp.cli.screen import Screen
from gdp.cli.selection import make_filter, snapshot_filter
from gdp.cli.session import Session, opened
from gdp.cli.snapshot_name import snapshot_argument
from gdp.cli.table import layout
from gdp.cli.translated import Command, flag, option
from gdp.cli.values import TagList
from gdp.core import figures
from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.engine.forget import (
    ForgetGroup,
    ForgetPlan,
    KeepPolicy,
    forget_snapshots,
    parse_count,
    parse_group_by,
    parse_span,
    plan_forget,
)
from gdp.model.retention import PERIODS
from gdp.repo.snapshots import SnapshotList

_COUNT_HELP = {
    "hourly": N_("Keep the newest of each of so many hours."),
    "daily": N_("Keep the newest of each of so many days."),
    "weekly": N_("Keep the newest of each of so many weeks."),
    "monthly": N_("Keep the newest of each of so many months."),
    "yearly": N_("Keep the newest of each of so many years."),
}
_WITHIN_HELP = {
    "hourly": N_("Keep the newest of each hour within this time."),
    "daily": N_("Keep the newest of each day within this time."),
    "weekly": N_("Keep the newest of each week within this time."),
    "monthly": N_("Keep the newest of each month within this time."),
    "yearly": N_("Keep the newest of each year within this time."),
}
_LETTERS = {"hourly": "-H", "daily": "-d", "weekly": "-w", "monthly": "-m", "yearly": "-y"}


def _keep_options(function: Any) -> Any:
    number, span = N_("NUMBER"), N_("TIME")
    for period in reversed(PERIODS):
        name = f"--keep-within-{period}"
        function = option(name, metavar=span, help=_WITHIN_HELP[period])(function)
    function = option("--keep-within", metavar=span, help=N_("Keep all that are newer than this, such as 1y5m7d2h."))(function)
    for period in reversed(PERIODS):
        function = option(f"--keep-{period}", _LETTERS[period], metavar=number, help=_COUNT_HELP[period])(function)
    return option("--keep-last", "-l", metavar=number, help=N_("Keep the newest so many, or 'unlimited'."))(function)


@click.command("forget", cls=Command, help=N_("Remove snapshots: those named, or those that no rule keeps."))
@snapshot_argument("names", N_("[SNAPSHOT]..."), nargs=-1)
@_keep_options
@option(
    "--keep-tag",
    multiple=True,
    type=TagList(),
    metavar=N_("TAG,..."),
    help=N_("Keep those with all these tags. Repeatable: any of the lists."),
)
@option("--group-by", "-g", default="host,paths", metavar=N_("WORDS"), help=N_("Apply the rules to each host, paths or tags."))
@flag("--unsafe-allow-remove-all", help=N_("Let a group lose all its snapshots; needs --host, --tag or --path."))
@flag("--dry-run", "-n", help=N_("Remove nothing; only say what would be done."))
@flag("--prune", help=N_("Remove the data as well that no snapshot needs any more."))
@prune_options
@snapshot_filter()
@common_options()
def command(**given: Any) -> None:
    """Remove snapshots."""
    policy = _policy(given)
    if not (given["names"] or given["hosts"] or given["tags"] or given["paths"]):
        chosen = chosen_set()
        if chosen is not None and policy.is_empty:
            policy = chosen.retention.policy()
        given["group_by"] = typed_or_set(given["group_by"], "group_by", lambda _set: "host")  # a set's paths may change
    prune = take_prune_options(given)
    with opened(exclusive=not given["dry_run"], writes=not given["dry_run"]) as session:
        listed = session.repository.snapshots()
        names = [listed.resolve(name) for name in given["names"]]
        if names:
            _forget_named(session, names, is_dry_run=given["dry_run"])
        else:
            names = _forget_by_rules(session, listed, policy, given)
        pruned = {}
        if given["prune"] and names and not given["dry_run"]:
            pruned = prune_fields(run_prune(session, prune, is_dry_run=False))
        session.screen.record("summary", {"removed": len(names), "dry_run": given["dry_run"], **pruned})


def _policy(given: dict[str, Any]) -> KeepPolicy:
    counts = {period: parse_count(text) for period in PERIODS if (text := given.pop(f"keep_{period}"))}
    spans = {period: parse_span(text) for period in PERIODS if (text := given.pop(f"keep_within_{period}"))}
    last, within = given.pop("keep_last"), given.pop("keep_within")
    return KeepPolicy(
        last=parse_count(last) if last else 0,
        counts=counts,
        within=parse_span(within) if within else KeepPolicy().within,
        within_periods=spans,
        tags=given.pop("keep_tag"),
    )


def _forget_named(session: Session, names: Sequence[Any], *, is_dry_run: bool) -> None:
    if not is_dry_run:
        forget_snapshots(session.repository, names, session.screen.emit)
    sentence = translate(N_("would remove snapshot {id}") if is_dry_run else N_("removed snapshot {id}"))
    for name in names:
        session.screen.say(sentence.format(id=name[:SHORT_ID]))
        session.screen.record("removed", {"id": name})


def _forget_by_rules(session: Session, listed: SnapshotList, policy: KeepPolicy, given: dict[str, Any]) -> list[Any]:
    filters = (given["hosts"], given["tags"], given["paths"])
    if given["unsafe_allow_remove_all"] and not any(filters):
        raise BadInput(N_("--unsafe-allow-remove-all needs --host, --tag or --path"))
    plan = plan_forget(
        listed.matching(make_filter(*filters)),
        policy,
        now_ns=time.time_ns(),
        group_by=parse_group_by(given["group_by"]),
        unsafe_allow_remove_all=given["unsafe_allow_remove_all"],
    )
    _show_plan(session.screen, plan)
    if plan.remove and not given["dry_run"]:
        forget_snapshots(session.repository, plan.remove, session.screen.emit)
    return list(plan.remove)


def _show_plan(screen: Screen, plan: ForgetPlan) -> None:
    for group in plan.groups:
        screen.record("group", _group_fields(group))
        screen.say(translate(N_("snapshots of {group}")).format(group=_title(group)))
        rows = [
            *([translate(N_("keep")), kept.id[:SHORT_ID], _when(kept.snapshot), ", ".join(kept.reasons)] for kept in group.keep),
            *([translate(N_("remove")), name[:SHORT_ID], _when(snapshot), ""] for name, snapshot in group.remove),
        ]
        headings = ["", translate(N_("Snapshot")), translate(N_("Time")), translate(N_("Reasons"))]
        for line in layout(headings, rows):
            screen.say(line)
        screen.say()
    kept = sum(len(group.keep) for group in plan.groups)
    facts = {"kept": kept, "removed": len(plan.remove)}
    screen.say(fill(N_("{kept:snapshot stays|snapshots stay}, {removed:goes|go}"), facts))


def _when(snapshot: Any) -> str:
    return figures.moment(snapshot.time_ns)


def _title(group: ForgetGroup) -> str:
    parts = [group.host or "", ", ".join(group.paths or ()), ", ".join(group.tags or ())]
    return " · ".join(part for part in parts if part) or translate(N_("all"))


def _group_fields(group: ForgetGroup) -> dict[str, object]:
    return {
        "host": group.host,
        "paths": group.paths,
        "tags": group.tags,
        "keep": [snapshot_fields(kept.id, kept.snapshot) for kept in group.keep],
        "remove": [snapshot_fields(name, snapshot) for name, snapshot in group.remove],
        "reasons": [{"snapshot": snapshot_fields(kept.id, kept.snapshot), "matches": kept.reasons} for kept in group.keep],
    }
