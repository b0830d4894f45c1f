"""The first screen: whether everything is backed up, seen at once."""

from pathlib import Path

import msgspec
import pytest

from gdp.core.errors import BadInput
from gdp.model.run import Saying
from gdp.model.runs import Kind, Reason, State
from gdp.model.service import MailBacklog
from gdp.tui.screens.dialogs import Problem, Question
from tests.tui import sets
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import LANGUAGES, SIZES, StagedDaemon, ago, ports, settle, shown

CASES = {
    "good": sets.status(sets.good_set(), sets.good_set("fotos", 12_900_000_000)),
    "mixed": sets.status(sets.good_set(), sets.failed_set(), sets.new_set(), sets.busy_set()),
    "empty": sets.status(),
    "proven": sets.status(sets.proven_set()),
    "damaged": sets.status(sets.good_set("fotos"), sets.proven_set(reason=Reason.DAMAGE)),
    "paused": sets.status(sets.good_set(), is_paused=True),
    "mails-wait": sets.status(sets.good_set(), mails=MailBacklog(waiting=sets.held(3, 30))),
    "mails-refused": sets.status(
        sets.good_set(),
        mails=MailBacklog(
            waiting=sets.held(1, 2),
            refused=sets.held(1, 50, "{server} refuses the mail for good: {reason}", "550 5.1.1 no such user here"),
        ),
    ),
    "disk-full": sets.status(
        sets.good_set(),
        mails=MailBacklog(waiting=sets.held(3, 30)),
        trouble=Saying(
            "the journal {path} cannot be used: {reason}",
            {"path": "/root/.local/share/gdp/state/journal.sqlite", "reason": "No space left on device"},
            "Make room on its disk. Until then nothing is backed up by itself.",
        ),
    ),
    "no-daemon": None,
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
async def test_overview_looks_as_it_was_looked_at(case: str, language: str, size: str, tmp_path: Path) -> None:
    """What an administrator sees first must fit the smallest terminal and use a wide one, in both languages."""
    async with shown(ports(tmp_path, StagedDaemon(CASES[case])), size=SIZES[size], language=language) as (app, pilot):
        if case in {"mixed", "damaged"}:
            await pilot.press("down")
            await settle(pilot)

        compare(f"overview-{case}-{language}-{size}", app)


async def test_what_does_not_fit_below_the_list_is_counted_and_can_be_scrolled(tmp_path: Path) -> None:
    """A long error must not lose its end, which is what to do about it."""
    words = "\n".join(f"line {number}" for number in range(20))
    stage = ports(
        tmp_path, StagedDaemon(sets.status(sets.good_set(), msgspec.structs.replace(sets.good_set("b"), problem=words)))
    )
    async with shown(stage) as (app, pilot):
        short = text_of(app)
        await pilot.press("down")
        await settle(pilot)
        cut = text_of(app)
        await pilot.press("tab", "end")
        await settle(pilot)
        end = text_of(app)

    assert "more: Tab" not in short
    assert "line 0" in cut
    assert "more: Tab, then ↓" in cut
    assert "line 19" not in cut
    assert "line 19" in end


async def test_back_up_now_asks_the_daemon_for_the_chosen_set(tmp_path: Path) -> None:
    """The cursor says which set is meant, and nothing else is run."""
    daemon = StagedDaemon(CASES["mixed"])
    async with shown(ports(tmp_path, daemon)) as (_app, pilot):
        await pilot.press("down", "b")
        await settle(pilot)

        assert ("run", {"set": "home"}) in daemon.asked


async def test_what_the_daemon_refuses_is_said_with_what_to_do(tmp_path: Path) -> None:
    """A refusal that nobody sees looks like a program that does not work."""
    refusal = BadInput("the backup set {name!r} may not run yet", "Settle who can help.", name="daten")
    daemon = StagedDaemon(CASES["good"], {"run": refusal})
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        await pilot.press("b")
        await settle(pilot)

        assert isinstance(app.screen, Problem)
        assert "The backup set 'daten' may not run yet." in text_of(app)
        assert "Settle who can" in text_of(app)


async def test_a_run_is_cancelled_only_after_a_question(tmp_path: Path) -> None:
    """One key that was pressed by mistake must not end a long backup."""
    daemon = StagedDaemon(sets.status(sets.busy_set()))
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        await pilot.press("c")
        await settle(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press("escape")
        await settle(pilot)
        assert ("cancel", {"set": "postgres"}) not in daemon.asked
        await pilot.press("c")
        await settle(pilot)
        await pilot.press("enter")
        await settle(pilot)

        assert ("cancel", {"set": "postgres"}) in daemon.asked


async def test_progress_is_shown_as_it_comes(tmp_path: Path) -> None:
    """The picture follows the daemon's events."""
    daemon = StagedDaemon(sets.status(sets.busy_set()))
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        assert "64 %" in text_of(app)
        daemon.tell({"event": "progress", "run": 7, "progress": {"message_type": "status", "percent_done": 0.71}})
        await settle(pilot)

        assert "71 %" in text_of(app)


async def test_a_daemon_that_goes_away_is_missed(tmp_path: Path) -> None:
    """Backups that silently stop are what users of other programs complain about most."""
    daemon = StagedDaemon(CASES["good"])
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        assert "Everything is backed up" in text_of(app)
        daemon.tell({"event": "gone"})
        await settle(pilot)

        assert "no daemon is running" in text_of(app)
        await pilot.press("s")
        await settle(pilot)
        assert daemon.was_started


async def test_a_backup_that_is_late_is_an_error(tmp_path: Path) -> None:
    """A set that should have run hours ago and did not is not fine, however well its last run went."""
    late = sets.good_set()
    due = ago(hours=3)
    late = type(late)(
        name="daten", is_active=True, schedule=late.schedule, last=late.last, last_done=late.last_done,
        coming=(sets.coming(due, "target"),), week=late.week,
    )  # fmt: skip
    async with shown(ports(tmp_path, StagedDaemon(sets.status(late)))) as (app, _pilot):
        drawn = text_of(app)

        assert "Not everything is backed up" in drawn
        assert "due for more than an hour" in drawn


async def test_sets_are_listed_from_their_files_without_a_daemon(tmp_path: Path) -> None:
    """Whoever opens the UI before the daemon sees what is set up."""
    from gdp.settings.sets import SetFiles

    SetFiles(tmp_path).add(
        "daten",
        {"source.paths": ["/srv"], "target.repo": "/mnt/backup", "encryption.password-file": str(tmp_path / "password")},
    )
    async with shown(ports(tmp_path)) as (app, _pilot):
        assert "daten" in text_of(app)


@pytest.mark.parametrize("state", [State.INTERRUPTED, State.CANCELLED])
async def test_a_broken_off_run_says_that_nothing_is_lost(state: State, tmp_path: Path) -> None:
    """The first thing people ask."""
    one = sets.good_set()
    one = type(one)(name="daten", is_active=True, last=sets.run("daten", state=state), last_done=one.last_done)
    async with shown(ports(tmp_path, StagedDaemon(sets.status(one)))) as (app, _pilot):
        assert "nothing is lost" in text_of(app)


async def test_damage_is_worse_than_anything_that_the_next_backup_mends(tmp_path: Path) -> None:
    """A backup that cannot come back is none, however well the newest one went; what to do stands first."""
    one = sets.proven_set(reason=Reason.DAMAGE)
    why = {"message_type": "exit_error", "message": "x", "template": "the line broke", "facts": {}}
    one = msgspec.structs.replace(one, last=sets.run("daten", 9, state=State.ERROR, hours=1, summary=why))
    async with shown(ports(tmp_path, StagedDaemon(sets.status(one)))) as (app, _pilot):
        drawn = text_of(app)

    assert "Some of what is backed up is damaged ■" in drawn
    assert "■ damaged" in drawn
    assert drawn.index("Delete no backups until then") < drawn.index("The line broke")
    assert "Proven: read-back today 04:41" in drawn


@pytest.mark.parametrize("kind", [Kind.CHECK, Kind.DRILL])
@pytest.mark.parametrize("state", [State.ATTENTION, State.ERROR])
async def test_a_proof_that_failed_for_another_reason_wants_attention(state: State, kind: Kind, tmp_path: Path) -> None:
    """Nothing is known to be damaged, but nothing is proven either."""
    failed = msgspec.structs.replace(sets.run("daten", 8, state=state, hours=1), kind=kind)
    name = "last_check" if kind is Kind.CHECK else "last_drill"
    one = msgspec.structs.replace(sets.proven_set(), **{name: failed})
    async with shown(ports(tmp_path, StagedDaemon(sets.status(one)))) as (app, _pilot):
        drawn = text_of(app)

    assert "Something needs your attention" in drawn
    assert "▲ not proven" in drawn
    assert "Proven: restore drill 2026" in drawn if kind is Kind.CHECK else "Proven: read-back today" in drawn
    assert ("What came back is not" in drawn) is (state is State.ATTENTION)


async def test_mails_that_do_not_get_out_are_said_as_soon_as_that_is_known(tmp_path: Path) -> None:
    """A report that nobody gets is missed by nobody; the line goes when they are out."""
    daemon = StagedDaemon(CASES["good"])
    async with shown(ports(tmp_path, daemon)) as (app, pilot):
        before = text_of(app)
        daemon.tell({"event": "mails", "mails": msgspec.to_builtins(MailBacklog(waiting=sets.held(2, 1)))})
        await settle(pilot)
        told = text_of(app)
        daemon.tell({"event": "mails", "mails": msgspec.to_builtins(MailBacklog())})
        await settle(pilot)

        assert "report mail" not in before
        assert "2 report mails wait" in told
        assert "535 no" in told
        assert "report mail" not in text_of(app)
