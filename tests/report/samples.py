"""Runs as they happen, for reports to tell."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from gdp.core.errors import LoginRefused, StorageUnreachable
from gdp.model.changes import Changes
from gdp.model.events import ItemDone
from gdp.model.run import Counts, Proven, RunRecord, Trouble, Verdict, plain_facts
from gdp.model.runs import Kind
from gdp.report import stops
from gdp.report.changes import ChangeRecorder

BEGAN = datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
ZONE = timezone(timedelta(hours=1), "CET")
NASTY = "/srv/<script>alert(1)</script>\r\nBcc: all@example.com\x1b[2J\u202egnp.exe{0}{{7*7}}"
LONG = "/srv/daten/projekte/2026/ein-sehr-langer-ordnername-ohne-ein-einziges-leerzeichen/plan-erdgeschoss-final-2.dwg"
BROKE = StorageUnreachable(
    "the connection to {location} broke: {reason}",
    "Check the network and whether the server is running.",
    location="sftp://backup@storage.example.com/srv/backup",
    reason="Connection reset by peer",
)


def unreadable(path: str, reason: str) -> Trouble:
    """Return a file that could not be read."""
    return Trouble("cannot be read: {reason}", {"reason": reason}, path=path)


def changes(*items: ItemDone) -> dict[str, Changes]:
    """Return what a backup tells of files."""
    recorder = ChangeRecorder()
    for item in items:
        recorder.listen(item)
    return dict(recorder.finish())


def many(action: Any, folder: str, count: int, folders: int, size: int) -> list[ItemDone]:
    """Return so many files, in so many folders in turn."""
    return [ItemDone(f"{folder}/{n * folders // count:03}/Bild {n}.jpg", action, "file", size + n) for n in range(count)]


def make(**fields: Any) -> RunRecord:
    """Return a good run, with what is different."""
    usual: dict[str, Any] = {
        "set_name": "daten",
        "host": "server01",
        "began": BEGAN,
        "ended": BEGAN + timedelta(minutes=11, seconds=20),
        "verdict": Verdict.OK,
        "snapshot": "4f1c9a77" * 8,
        "files": Counts(1204, 37, 416_962),
        "folders": Counts(12, 88, 30_411),
        "bytes_read": 182_400_000_000,
        "bytes_new": 3_100_000_000,
        "bytes_sent": 1_204_000_000,
        "next_run": BEGAN + timedelta(days=1),
    }
    return RunRecord(**usual | fields)


def broken(**fields: Any) -> RunRecord:
    """Return a run that did not come to its end."""
    nothing: dict[str, Any] = {
        "snapshot": "",
        "files": Counts(),
        "folders": Counts(),
        "bytes_read": 0,
        "bytes_new": 0,
        "bytes_sent": 0,
        "verdict": Verdict.ERROR,
        "set_name": "home",
    }
    return make(**nothing | fields)


def error_trouble(error: Any) -> Trouble:
    """Return an error of the engine as what ended a run."""
    return Trouble(error.template, plain_facts(error.facts), error.hint_template, error_class=type(error).__name__)


CHANGED = Trouble("was saved, but changed while it was read: old and new contents may be mixed", path="/var/lib/mysql/ibdata1")
PROBLEMS = (
    CHANGED,
    *(unreadable(f"/srv/geheim/Akte {number:03}.pdf", "Permission denied") for number in range(1, 15)),
    unreadable(LONG, "Input/output error"),
    unreadable("/tmp/sess_81", "No such file or directory"),
    unreadable(NASTY, "File name too long"),
)
FEW = changes(
    ItemDone(LONG, "new", "file", 4_211_004),
    ItemDone("/srv/daten/Angebote/2026-118.odt", "new", "file", 48_213),
    ItemDone("/srv/daten/Angebote/", "changed", "dir"),
    ItemDone("/srv/daten/leer.txt", "new"),
    ItemDone("/srv/daten/Buchhaltung/2026.gnucash", "changed", "file", 2_880_112),
    ItemDone("/srv/daten/Adressen.csv", "changed", "file", 91_002),
    ItemDone("/srv/daten/Angebote/2025-004 alt.odt", "removed", "file", 40_118),
    ItemDone(NASTY, "skipped", "socket"),
    ItemDone("/srv/daten/Filme/Betriebsfeier.mov", "skipped", "file", 14_000_000_000),
)
MANY = changes(
    *many("new", "/srv/daten/Fotos/2026", 812, 3, 3_800_000),
    *many("new", "/srv/daten/Scans", 380, 9, 210_000),
    ItemDone("/srv/daten/Fotos/Liste.txt", "new", "file", 1_200),
    *(ItemDone(f"/srv/daten/Ablage {n:02}/Notiz.txt", "new", "file", 900 + n) for n in range(11)),
    *many("changed", "/srv/daten/Archiv", 37, 37, 12_000),
    *many("removed", "/srv/daten/Alt", 212, 1, 90_000),
)
SAMPLES = {
    "ok": make(),
    "few": make(
        files=Counts(3, 2, 8_114, 1),
        folders=Counts(0, 2, 611),
        changes=FEW,
        skipped={"excluded": 14, "sockets": 1, "too_large": 1},
        bytes_read=1_904_112_004,
        bytes_new=5_100_000,
        bytes_sent=2_204_112,
    ),
    "many": make(
        files=Counts(1204, 37, 416_962, 212),
        folders=Counts(24, 40, 30_411, 1),
        changes=MANY,
        skipped={"other_file_systems": 2},
    ),
    "nothing-new": make(files=Counts(0, 0, 416_962), bytes_new=0, bytes_sent=0),
    "again": make(
        recovered_from=BEGAN - timedelta(days=1),
        proofs=(
            Proven(Kind.CHECK, BEGAN - timedelta(days=2), Verdict.OK, {"packs_read": 4, "bytes_read": 67_000_000}),
            Proven(Kind.DRILL, BEGAN - timedelta(days=9), Verdict.OK, {"files_verified": 20, "bytes_restored": 81_000_000}),
        ),
    ),
    "mended": make(
        kind=Kind.CHECK,
        recovered_from=BEGAN - timedelta(days=1),
        figures={"num_errors": 0, "packs": 11_400, "packs_read": 4, "bytes_read": 67_000_000},
    ),
    "append-only": make(deletes_forbidden=BEGAN - timedelta(hours=23)),
    "ignored": make(remarks=(stops.after_ignored("umount /mnt", 32, "umount: /mnt: target is busy."),)),
    "after-failed": make(verdict=Verdict.ERROR, stopped_by=stops.after_failed("umount /mnt", 32)),
    "clock": make(verdict=Verdict.ATTENTION, problems=(stops.clock_set(-61),), problem_count=1),
    "attention": make(verdict=Verdict.ATTENTION, problems=PROBLEMS, problem_count=len(PROBLEMS)),
    "line": broken(share_reached=0.617, stopped_by=error_trouble(BROKE), problems=PROBLEMS[:3], problem_count=3),
    "login": broken(
        stopped_by=error_trouble(
            LoginRefused(
                "{host} does not let {user} in; tried: {tried}; the server allows: {allowed}",
                "Put the public key into {user}'s authorized_keys on the server, or give its password.",
                host="storage.example.com",
                user="backup",
                tried="id_ed25519",
                allowed="publickey",
            )
        )
    ),
    "window": broken(verdict=Verdict.INTERRUPTED, stopped_by=stops.WINDOW_CLOSED, share_reached=0.42),
    "away": broken(verdict=Verdict.SKIPPED, stopped_by=stops.TARGET_AWAY, ended=BEGAN),
    "overlap": broken(verdict=Verdict.SKIPPED, stopped_by=stops.OVERLAP, ended=BEGAN),
    "check": make(
        kind=Kind.CHECK,
        verdict=Verdict.ERROR,
        figures={"num_errors": 2, "packs": 11_400, "packs_read": 114, "bytes_read": 1_900_000_000},
        problems=tuple(Trouble("pack {pack} is missing", {"pack": name * 32}) for name in ("ab", "cd")),
        problem_count=2,
    ),
    "drill": make(kind=Kind.DRILL, figures={"files_restored": 20, "files_verified": 20, "bytes_restored": 81_000_000}),
    "retention": make(kind=Kind.RETENTION, figures={"removed": 3}),
    "prune": make(
        kind=Kind.PRUNE, figures={"packs_removed": 210, "freed_bytes": 3_300_000_000, "remaining_bytes": 88_000_000_000}
    ),
}
SILENT = [
    broken(verdict=Verdict.SKIPPED, stopped_by=stops.computer_off(31), ended=BEGAN),
    broken(verdict=Verdict.SKIPPED, stopped_by=stops.PAUSED, set_name="daten", ended=BEGAN),
    broken(verdict=Verdict.SKIPPED, stopped_by=stops.SILENT, set_name="mail", ended=BEGAN),
]
"""a day without any backup"""
TRIED = [
    broken(verdict=Verdict.SKIPPED, stopped_by=stops.ON_BATTERY, set_name="mail", ended=BEGAN),
    make(set_name="mail", kind=Kind.DRILL, figures={"files_restored": 20, "files_verified": 20}),
]
"""a day without any backup on which files were restored on trial"""
