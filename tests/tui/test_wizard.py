"""The wizard's screens, and what it does with what is entered. The real commands are in ``test_wizard_for_real.py``."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.widgets import Input

from gdp.core.errors import BadInput, LoginRefused
from gdp.model.backup_set import Recovery
from gdp.tui.ports import Record
from gdp.tui.screens.dialogs import Problem, Question
from gdp.tui.screens.overview import Overview
from gdp.tui.screens.wizard import Wizard
from gdp.tui.views.draft import Draft, LoginBy, PasswordBy, Place, first_draft, spelled_out, target_of, values_of
from gdp.tui.widgets.choices import Choices
from tests.tui import sets
from tests.tui.screens_as_text import compare, text_of
from tests.tui.stage import LANGUAGES, SIZES, StagedCommands, StagedDaemon, ports, settle, shown

ADVICE: dict[str, Any] = json.loads((Path(__file__).parent / "advice.json").read_text())
FILLED = Draft(
    name="daten", host="backup.example.com", user="server01", remote_folder="/srv/backup", sources=("/etc", "/srv"),
    excludes=("*.iso",), mail_to="admin@example.com", seen={"folder": "empty"}, advice=ADVICE, block_size="1M",
    transfer_block_size="16M", smtp_host="mail.example.com", smtp_user="backup",
)  # fmt: skip
CASES = {
    "target": (0, FILLED),
    "folder": (0, msgspec.structs.replace(FILLED, place=Place.FOLDER, folder="/mnt/backup")),
    "password-login": (0, msgspec.structs.replace(FILLED, login_by=LoginBy.PASSWORD, login_password="geheim")),
    "encryption": (2, FILLED),
    "passphrase": (2, msgspec.structs.replace(FILLED, password_by=PasswordBy.TYPED, password="Laterne Kupfer sieben Igel")),
    "existing": (2, msgspec.structs.replace(FILLED, seen={"folder": "repository"})),
    "blocks": (3, FILLED),
    "schedule": (4, FILLED),
    "report": (5, FILLED),
    "no-report": (5, msgspec.structs.replace(FILLED, reports=False)),
    "summary": (6, FILLED),
    "summary-password-login": (6, msgspec.structs.replace(FILLED, login_by=LoginBy.PASSWORD, login_password="geheim")),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("case", CASES)
async def test_each_question_looks_as_it_was_looked_at(case: str, language: str, size: str, tmp_path: Path) -> None:
    """Everything that is asked must fit the smallest terminal, in both languages."""
    at, draft = CASES[case]
    async with shown(ports(tmp_path, StagedDaemon(sets.status())), size=SIZES[size], language=language) as (app, pilot):
        app.unfinished["wizard"] = (draft, at)
        app.go("wizard")
        await settle(pilot)
        while any(worker.group == "strength" and not worker.is_finished for worker in app.workers):
            await pilot.pause(0.02)
        await settle(pilot)

        compare(f"wizard-{case}-{language}-{size}", app)


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_host_key_question_looks_as_it_was_looked_at(language: str, tmp_path: Path) -> None:
    """What is compared here is what security rests on."""
    seen = {
        "message_type": "summary",
        "is_known": False,
        "host": "backup.example.com",
        "host_key": "ssh-ed25519 SHA256:" + "k" * 43,
    }
    commands = StagedCommands(lambda _words: [seen])
    async with shown(ports(tmp_path, StagedDaemon(), commands), language=language) as (app, pilot):
        app.unfinished["wizard"] = (FILLED, 0)
        app.go("wizard")
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)

        compare(f"wizard-host-key-{language}-80x24", app)
        await pilot.press("escape")
        await settle(pilot)
        assert [words for words in commands.run_words if "--host-key" in words] == []
        assert isinstance(app.screen, Wizard)


async def test_a_key_is_pinned_only_after_a_yes(tmp_path: Path) -> None:
    """And then the next question comes."""

    def script(words: tuple[str, ...]) -> list[Record]:
        if words[0] != "reach":
            return []
        known = "--host-key" in words
        return [
            {
                "message_type": "summary", "is_known": known, "host": "h", "host_key": "ssh-ed25519 SHA256:x",
                "folder": "empty" if known else None, "target": words[2],
            }
        ]  # fmt: skip

    commands = StagedCommands(script)
    async with shown(ports(tmp_path, StagedDaemon(), commands)) as (app, pilot):
        app.unfinished["wizard"] = (msgspec.structs.replace(FILLED, seen={}), 0)
        app.go("wizard")
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press("enter")
        await settle(pilot)

        reached = [words for words in commands.run_words if words[0] == "reach"]
        assert reached[-1][-2:] == ("--host-key", "ssh-ed25519 SHA256:x")
        assert "step 2 of 7" in text_of(app)


async def test_a_server_that_does_not_let_us_in_says_what_is_missing(tmp_path: Path) -> None:
    """And the wizard stays where it is."""
    refused = LoginRefused("{host} does not let {user} in", "put the public key into authorized_keys", host="h", user="u")
    async with shown(ports(tmp_path, StagedDaemon(), StagedCommands(lambda _words: refused))) as (app, pilot):
        app.unfinished["wizard"] = (FILLED, 0)
        app.go("wizard")
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)

        assert isinstance(app.screen, Problem)
        assert "authorized_keys" in text_of(app)
        await pilot.press("enter")
        await settle(pilot)
        assert "step 1 of" in text_of(app)


@pytest.mark.parametrize("goes_on", [True, False])
async def test_a_server_that_only_the_agent_opens_is_not_passed_in_silence(tmp_path: Path, goes_on: bool) -> None:
    """The service that makes the backups has no agent: the first one would fail at night. Enter leads to a key file."""
    seen = {"message_type": "summary", "host": "h", "user": "u", "folder": "empty", "is_unattended": False}
    commands = StagedCommands(lambda words: [seen] if words[0] == "reach" else [])
    async with shown(ports(tmp_path, StagedDaemon(), commands)) as (app, pilot):
        app.unfinished["wizard"] = (FILLED, 0)
        app.go("wizard")
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press(*(["tab"] if goes_on else []), "enter")
        await settle(pilot)

        assert ("step 2 of" in text_of(app)) is goes_on
        assert ("Name a key file that opens the server" in text_of(app)) is not goes_on


async def test_the_cursor_begins_at_what_is_chosen(tmp_path: Path) -> None:
    """One step up from the second of two answers is the first, and an empty address is named as what it is."""
    async with shown(ports(tmp_path)) as (app, pilot):
        app.unfinished["wizard"] = (msgspec.structs.replace(FILLED, reports=False, mail_to=""), 5)
        app.go("wizard")
        await settle(pilot)
        await pilot.press("up", "space")
        await settle(pilot)
        chosen = app.screen.query_one("#reports", Choices).value
        await pilot.press("ctrl+n")
        await settle(pilot)

        assert chosen == "mail"
        assert "The address is missing." in text_of(app)


async def test_a_key_file_is_looked_for_before_the_server_is_asked(tmp_path: Path) -> None:
    """A typing error in its path would else show as a login that was refused."""
    commands = StagedCommands()
    async with shown(ports(tmp_path, StagedDaemon(), commands)) as (app, pilot):
        app.unfinished["wizard"] = (msgspec.structs.replace(FILLED, key_file="/nowhere/key"), 0)
        app.go("wizard")
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)

        assert "There is no such file" in text_of(app)
    assert commands.run_words == []


async def test_what_is_wrong_is_said_beside_its_field(tmp_path: Path) -> None:
    """Not in a dialog that hides it."""
    async with shown(ports(tmp_path)) as (app, pilot):
        app.unfinished["wizard"] = (msgspec.structs.replace(FILLED, port="ssh"), 0)
        app.go("wizard")
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)

        assert "The port is not a number" in text_of(app)
        assert isinstance(app.screen, Wizard)


async def test_escape_asks_and_what_was_entered_is_offered_again(tmp_path: Path) -> None:
    """Escape never loses work."""
    async with shown(ports(tmp_path)) as (app, pilot):
        app.go("wizard")
        await settle(pilot)
        await pilot.press("tab", *"nas.lan")
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(app.screen, Question)
        await pilot.press("enter")
        await settle(pilot)
        assert isinstance(app.screen, Overview)
        await pilot.press("n")
        await settle(pilot)

        assert "nas.lan" in text_of(app)


async def test_back_keeps_what_was_entered(tmp_path: Path) -> None:
    """A wizard that forgets is worse than a form."""
    async with shown(ports(tmp_path)) as (app, pilot):
        app.unfinished["wizard"] = (FILLED, 4)
        app.go("wizard")
        await settle(pilot)
        app.screen.query_one("#sentence", Input).value = "weekdays 01:00"
        app.screen.query_one("#row-schedule-window Input", Input).value = "20 to 6"
        await settle(pilot)
        await pilot.press("ctrl+b")
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)

        assert "Monday to Friday at 01:00" in text_of(app)
        assert app.screen.query_one("#row-schedule-window Input", Input).value == "20 to 6"


async def test_a_schedule_with_a_mistake_is_not_gone_past(tmp_path: Path) -> None:
    """Also where it is in a field that is folded away."""
    async with shown(ports(tmp_path)) as (app, pilot):
        app.unfinished["wizard"] = (FILLED, 4)
        app.go("wizard")
        await settle(pilot)
        app.screen.query_one("#row-schedule-window Input", Input).value = "20 to 6"
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)

        assert "step 5 of 7" in text_of(app)
        assert app.screen.focused is app.screen.query_one("#row-schedule-window Input")
        assert "'20' is no time of day" in text_of(app)
        app.screen.query_one("#row-schedule-window Input", Input).value = ""
        app.screen.query_one("#sentence", Input).value = "sometimes"
        await settle(pilot)
        app.screen.query_one("#schedules").focus()
        await pilot.press("a")
        await pilot.press("ctrl+n")
        await settle(pilot)
        assert app.screen.focused is app.screen.query_one("#sentence")
        assert app.screen.query_one("#sentence", Input).value == "sometimes"


async def test_a_set_may_have_several_schedules(tmp_path: Path) -> None:
    """What is added in the list is in the draft, and Go on stays Ctrl+N there too."""
    async with shown(ports(tmp_path)) as (app, pilot):
        app.unfinished["wizard"] = (FILLED, 4)
        app.go("wizard")
        await settle(pilot)
        await pilot.press("a")
        app.screen.query_one("#sentence", Input).value = "hourly weekdays 08:30-17:00"
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)

        assert "step 6 of 7" in text_of(app)
        draft = app.screen.draft  # type: ignore[attr-defined]
        assert values_of(draft, ())["schedule.when"] == ["daily 02:30", "hourly weekdays 08:30-17:00"]


def test_a_target_that_was_typed_whole_is_put_into_its_fields() -> None:
    """Whoever has the address in one line need not take it apart."""
    draft = spelled_out(Draft(host="sftp://anna@nas.lan:2222/srv/b"))

    assert (draft.host, draft.port, draft.user, draft.remote_folder) == ("nas.lan", "2222", "anna", "/srv/b")
    assert str(target_of(draft)) == "sftp://anna@nas.lan:2222/srv/b"


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (Draft(), "host"),
        (Draft(host="a b", remote_folder="/x"), "host"),
        (Draft(host="h", port="70000", remote_folder="/x"), "port"),
        (Draft(host="h"), "remote_folder"),
        (Draft(place=Place.FOLDER, folder="relative"), "folder"),
    ],
)
def test_a_target_that_makes_no_sense_names_its_field(draft: Draft, field: str) -> None:
    """So that the cursor can go there."""
    with pytest.raises(BadInput) as caught:
        target_of(draft)

    assert caught.value.facts["field"] == field


def test_a_password_in_an_address_is_refused_without_showing_it() -> None:
    """It would end up in the settings."""
    with pytest.raises(BadInput) as caught:
        spelled_out(Draft(host="sftp://anna:geheim@nas/x"))

    assert "geheim" not in str(caught.value)


def test_the_values_of_a_draft_are_those_of_a_set() -> None:
    """What the summary says is what the file says."""
    schedule = {"schedule.when": ["daily 02:30", "Wochenende 12:00"], "schedule.retry-pauses": "1m, 10m"}
    draft = msgspec.structs.replace(FILLED, password_file="/p", recovery=Recovery.NOBODY, schedule=schedule)
    values = values_of(draft, ())

    assert values["target.repo"] == "sftp://server01@backup.example.com/srv/backup"
    assert values["schedule.when"] == ["daily 02:30", "weekends 12:00"]
    assert values["schedule.retry-pauses"] == ["1m", "10m"]
    assert "schedule.random-offset" not in values
    assert (values["retention.keep-daily"], values["retention.keep-monthly"]) == (7, 12)
    assert "retention.keep-yearly" not in values
    assert values["report"] == [{"to": "admin@example.com", "mode": "every-run"}]


def test_secrets_are_not_in_what_a_draft_shows() -> None:
    """Drafts end up in tracebacks."""
    draft = msgspec.structs.replace(FILLED, password="geheim1", smtp_password="geheim2")

    assert "geheim" not in repr(draft) + str(list(draft.__rich_repr__()))


def test_the_first_draft_leaves_out_only_what_lies_in_the_sources() -> None:
    """A pattern for a folder that nobody backs up confuses."""
    assert first_draft((), ["/etc", "/home"], "files").excludes == ("**/.cache/",)
    assert "/var/tmp/" in first_draft((), ["/etc", "/var"], "files").excludes
    chosen = msgspec.structs.replace(
        FILLED, sources=("/etc",), excludes=("/var/tmp/", "/var/log/", "**/.cache/"), password_file="/p"
    )
    assert values_of(chosen, ())["source.exclude"] == ["/var/log/", "**/.cache/"]
    everything = msgspec.structs.replace(chosen, sources=("/",))
    assert values_of(everything, ())["source.exclude"] == ["/var/tmp/", "/var/log/", "**/.cache/"]


@pytest.mark.parametrize(("folder", "asks"), [("missing", True), ("used", True), ("empty", False)])
async def test_only_a_target_that_needs_a_decision_raises_a_question(folder: str, asks: bool, tmp_path: Path) -> None:
    """The wizard never asks what it can find out, and makes no folder by itself."""
    record = {"message_type": "summary", "is_known": True, "folder": folder}
    commands = StagedCommands(lambda words: [record] if words[0] == "reach" else [])
    async with shown(ports(tmp_path, StagedDaemon(), commands)) as (app, pilot):
        app.unfinished["wizard"] = (FILLED, 0)
        app.go("wizard")
        await settle(pilot)
        await pilot.press("ctrl+n")
        await settle(pilot)

        assert isinstance(app.screen, Question) is asks
        assert not any("--make-folder" in words for words in commands.run_words)


async def test_a_report_to_nobody_says_what_that_means(tmp_path: Path) -> None:
    """Backups that silently fail are what people complain about most."""
    async with shown(ports(tmp_path)) as (app, pilot):
        app.unfinished["wizard"] = (msgspec.structs.replace(FILLED, reports=False), 5)
        app.go("wizard")
        await settle(pilot)

        assert "nobody hears of a backup that fails" in text_of(app)


async def test_a_test_mail_is_sent_by_what_is_entered(tmp_path: Path) -> None:
    """And the password goes into a file, never on a command line."""
    commands = StagedCommands(lambda words: [{"message_type": "summary", "server": "mail"}] if words[0] == "mail" else [])
    async with shown(ports(tmp_path, StagedDaemon(), commands)) as (app, pilot):
        app.unfinished["wizard"] = (msgspec.structs.replace(FILLED, smtp_password="geheim"), 5)
        app.go("wizard")
        await settle(pilot)
        app.screen.query_one("#test").focus()
        await pilot.press("enter")
        await settle(pilot)

    assert ("mail", "test", "--", "admin@example.com") in commands.run_words
    assert not any("geheim" in word for words in commands.run_words for word in words)
    assert "smtp://backup@mail.example.com:587" in (tmp_path / "config.toml").read_text()
    assert [path.read_text() for path in (tmp_path / "passwords").iterdir()] == ["geheim\n"]
