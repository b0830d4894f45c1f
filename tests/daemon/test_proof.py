"""The daemon proves by itself that what it has backed up can be restored, and is loud where it cannot."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from gdp.daemon.journal import open_journal
from gdp.daemon.record import Background, background_of, is_told, make_record, proofs_of
from gdp.model.run import Verdict
from gdp.model.runs import Facts, Kind, Reason, Run, State
from gdp.report.run_page import make_run_page
from gdp.report.text import as_text
from tests.daemon.running import World, events_of, wait_for_run
from tests.daemon.test_reports import BEGAN, RECIPIENT, Waiting, log_of, mail_to, mailbox, port, run
from tests.jobs.world import make_set

__all__ = ["mailbox", "port"]
PROOF = 'read-back = "64M"\nread-back-pause = "0s"\ndrill-files = 3'


def damage_all(world: World) -> None:
    for pack in (path for path in (world.repository / "data").rglob("*") if path.is_file()):
        raw = bytearray(pack.read_bytes())
        raw[len(raw) // 3] ^= 1
        pack.chmod(0o600)
        pack.write_bytes(raw)


@pytest.mark.slow
def test_after_the_first_backup_both_are_made_and_shown(world: World) -> None:
    """The journal, the status and the log tell of them."""
    (world.source / "b.bin").write_bytes(os.urandom(300_000))
    world.write_set(proof=PROOF)
    with world.daemon() as daemon, daemon.client() as client:
        events = events_of(client)
        assert world.gdp("run", "daten", "--wait").returncode == 0
        check = wait_for_run(events, State.OK, State.ERROR, kind=Kind.CHECK)
        drill = wait_for_run(events, State.OK, State.ERROR, kind=Kind.DRILL)
        status = world.gdp("status")

    assert (check.state, drill.state) == (State.OK, State.OK)
    assert check.summary["bytes_read"] > 300_000
    assert (drill.summary["files_verified"], drill.summary["mismatches"]) == (2, 0)
    assert "daten: read-back " in status.stdout
    assert "daten: restore drill " in status.stdout
    assert '"message_type":"pack"' in (world.home / check.log).read_text()
    assert '"message_type":"file"' in (world.home / drill.log).read_text()


@pytest.mark.slow
def test_damage_sends_an_error_mail_and_the_next_backup_says_it(world: World, port: int, mailbox: Waiting) -> None:
    """The backup itself has not failed."""
    (world.source / "b.bin").write_bytes(os.urandom(300_000))
    mail_to(world, port)
    world.write_set(proof=PROOF, **{"[report]": RECIPIENT})
    with world.daemon() as daemon, daemon.client() as client:
        events = events_of(client)
        world.gdp("run", "daten", "--wait")
        wait_for_run(events, State.OK, kind=Kind.DRILL)
        mailbox.next_mail(), mailbox.next_mail()
        damage_all(world)
        (world.source / "c.txt").write_text("new\n")
        again = world.gdp("run", "daten", "--wait")
        check = wait_for_run(events, State.OK, State.ERROR, kind=Kind.CHECK)
        mailbox.next_mail(), mailbox.next_mail()
        third = world.gdp("run", "daten", "--wait")
        mailbox.next_mail()
        status = world.gdp("status")
    backup = [run for run in world.runs() if run.kind is Kind.BACKUP][-1]
    shown = world.gdp("report", "show", str(backup.id), "--language", "de")
    subjects = [mail["Subject"].partition(":")[0] for mail in mailbox.messages[:5]]
    texts = [body.get_content() for mail in mailbox.messages if (body := mail.get_body(("plain",)))]

    assert [subject.split()[0] for subject in subjects] == ["[OK]", "[OK]", "[OK]", "[FEHLER]", "[OK]"]
    assert subjects[1].endswith("(Wiederherstellungstest)")
    assert (again.returncode, third.returncode) == (0, 0), "the backup has not failed"
    assert (check.state, check.reason) == (State.ERROR, Reason.DAMAGE)
    assert "gdp check --read-data" in texts[3]
    assert "FEHLER" in texts[4]
    mailed = "\n".join(texts[4].splitlines()).partition("\n-- \n")[0]
    assert mailed in shown.stdout, "the report that is shown says what the mail says"
    assert "read-back" in status.stdout
    assert "what was stored is damaged" in status.stdout


def of(kind: Kind, state: State, reason: Reason = Reason.NONE, **summary: object) -> Run:
    return Run(
        id=3, set_name="daten", kind=kind, due=BEGAN, began=BEGAN, ended=BEGAN, state=state, reason=reason, summary=summary
    )


def test_the_report_of_a_backup_says_what_was_proven_last(tmp_path: Path) -> None:
    """In the reader's language, a failure marked as such."""
    check = of(Kind.CHECK, State.ERROR, Reason.DAMAGE, packs_read=4, bytes_read=64_000_000, num_errors=2)
    drill = of(Kind.DRILL, State.OK, files_verified=20, bytes_restored=31_000_000, mismatches=0, snapshot_id="ab")
    facts = {("daten", Kind.CHECK): Facts(last_judged=check), ("daten", Kind.DRILL): Facts(last_judged=drill)}
    log = log_of(tmp_path, {"message_type": "summary", "files_new": 1})
    background = Background(proofs=proofs_of(facts, make_set("daten"), []))
    record = make_record(run(State.OK, code=0), log, host="server01", background=background)
    text = as_text(make_run_page(record, language="de"))

    assert [(proven.verdict, proven.figures.get("num_errors")) for proven in record.proofs] == [
        (Verdict.ERROR, 2),
        (Verdict.OK, None),
    ]
    assert record.verdict is Verdict.OK
    assert "■ Zuletzt zurückgelesen" in text
    assert "FEHLER, 4 Packs gelesen und verglichen, 64,0 MB, 2 Fehler gefunden" in " ".join(text.split())
    assert "OK, 20 Dateien zurückgespielt und verglichen, 31,0 MB" in " ".join(text.split())


def test_a_proof_that_is_being_made_or_was_broken_off_hides_no_failure(tmp_path: Path) -> None:
    """Else the report of each backup, after which the next one begins at once, would show an older good one."""
    journal = open_journal(tmp_path / "journal")
    for number, state in enumerate((State.OK, State.ERROR, State.INTERRUPTED, State.RUNNING)):
        begun = journal.begin("daten", Kind.CHECK, due=BEGAN, now=BEGAN)
        if state is not State.RUNNING:
            journal.finish(begun.id, state, now=BEGAN, summary={"packs_read": number})
    proofs = proofs_of(journal.facts(), make_set("daten"), [])
    journal.close()

    assert [(proven.verdict, proven.figures) for proven in proofs] == [(Verdict.ERROR, {"packs_read": 1})]
    assert proofs_of({}, make_set("daten"), []) == ()


def test_a_report_tells_the_proofs_as_of_its_run(tmp_path: Path) -> None:
    """Also when it is told again, or shown, after the next one."""
    journal = open_journal(tmp_path / "journal")
    runs = []
    for hour, (kind, state) in enumerate(((Kind.CHECK, State.OK), (Kind.BACKUP, State.OK), (Kind.CHECK, State.ERROR))):
        begun = journal.begin("daten", kind, due=BEGAN, now=BEGAN)
        runs.append(journal.finish(begun.id, state, now=BEGAN + timedelta(hours=hour)))
    one = make_set("daten")
    backup = background_of(runs[1], journal, one, [one], next_run=BEGAN)
    newest = proofs_of(journal.facts(), one, [one])
    of_a_check = background_of(runs[2], journal, one, [one], next_run=None)
    journal.close()

    assert [proven.verdict for proven in backup.proofs] == [Verdict.OK]
    assert (backup.next_run, backup.trouble) == (BEGAN, None)
    assert [proven.verdict for proven in newest] == [Verdict.ERROR]
    assert of_a_check.proofs == ()


def test_a_check_after_damage_and_many_backups_tells_that_all_is_well_again(tmp_path: Path) -> None:
    """However many runs of other kinds lie between."""
    journal = open_journal(tmp_path / "journal")
    ended = [(Kind.CHECK, State.ERROR), *([(Kind.BACKUP, State.OK)] * 120), (Kind.CHECK, State.OK)]
    runs = [journal.finish(journal.begin("daten", kind, due=BEGAN, now=BEGAN).id, state, now=BEGAN) for kind, state in ended]
    background = background_of(runs[-1], journal, make_set("daten"), [], next_run=None)
    journal.close()

    assert background.trouble == runs[0]


def test_a_read_back_counts_for_all_sets_of_the_repository_and_a_drill_for_its_own() -> None:
    """Packs belong to nobody alone, files do."""
    own, other, far = make_set("daten"), make_set("mail"), make_set("fern", repo="/elsewhere")
    facts = {
        ("mail", Kind.CHECK): Facts(last_judged=of(Kind.CHECK, State.OK)),
        ("mail", Kind.DRILL): Facts(last_judged=of(Kind.DRILL, State.OK)),
        ("fern", Kind.CHECK): Facts(last_judged=of(Kind.CHECK, State.ERROR)),
    }

    assert [proven.verdict for proven in proofs_of(facts, own, [own, other, far])] == [Verdict.OK]
    assert len(proofs_of(facts, other, [own, other, far])) == 2


def test_drills_are_told_and_good_samples_are_not() -> None:
    """Once a month is news; every night is none."""
    assert is_told(of(Kind.DRILL, State.OK))
    assert is_told(of(Kind.DRILL, State.ATTENTION))
    assert is_told(of(Kind.CHECK, State.ERROR))
    assert not is_told(of(Kind.CHECK, State.OK))
    assert not is_told(of(Kind.DRILL, State.INTERRUPTED, Reason.WINDOW))
    assert not is_told(of(Kind.DRILL, State.SKIPPED, Reason.UNREACHABLE))
