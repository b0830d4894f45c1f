"""``gdp install``: what lies where afterwards, what a second call changes, and what it does not touch."""

import json
import os
import stat
from pathlib import Path

import pytest

from tests.cli.command_line import here, process
from tests.installation.world import Admin, files_below, make_program


def test_everything_lies_where_it_belongs(admin: Admin) -> None:
    """Whatever the umask of root, everybody may run the program, and the unit names paths of the installed system."""
    before = os.umask(0o077)
    try:
        outcome = admin("install")
    finally:
        os.umask(before)
    installed = admin.program / "current"

    assert (outcome.code, outcome.err) == (0, "")
    assert os.readlink(admin.root / "usr/local/bin/gdp") == "/opt/gdp/current/gdp"
    assert "ExecStart=/opt/gdp/current/gdp --home " in admin.unit.read_text()
    assert (installed / "_internal/lib/data").read_text() == "data of 0.1.0\n"
    assert os.readlink(installed / "_internal/link") == "lib/data"
    assert stat.S_IMODE((installed / "gdp").stat().st_mode) == 0o755
    assert stat.S_IMODE((installed / "_internal/lib").stat().st_mode) == 0o755
    assert stat.S_IMODE((installed / "_internal/lib/data").stat().st_mode) == 0o644


def test_a_second_call_changes_nothing_and_says_so(admin: Admin) -> None:
    assert admin("install").code == 0
    again = admin("install")

    assert again.code == 0
    assert again.out.startswith("Nothing had to change: gdp 0.1.0 is installed in ")
    assert not admin("install", "--json").summary["changed"]


def test_dry_run_shows_every_step_and_makes_nothing(admin: Admin) -> None:
    shown = admin("install", "--dry-run", "--json")

    assert [record["action"] for record in shown.records[:-1]] == ["copy", "switch", "link", "unit", "record"]
    assert shown.summary["changed"]
    assert shown.summary["dry_run"]
    assert files_below(admin.root) == set()


def test_what_is_damaged_is_made_whole(admin: Admin) -> None:
    """The first thing an administrator tries is to install once more."""
    assert admin("install").code == 0
    (admin.program / "current/_internal/lib/data").write_text("rotten")
    admin.unit.write_text(admin.unit.read_text().replace("WatchdogSec=60", "WatchdogSec=1"))
    (admin.root / "usr/local/bin/gdp").unlink()
    again = admin("install")

    assert again.code == 0
    assert (admin.program / "current/_internal/lib/data").read_text() == "data of 0.1.0\n"
    assert "WatchdogSec=60" in admin.unit.read_text()
    assert (admin.root / "usr/local/bin/gdp").is_symlink()
    assert admin.versions() == ["0.1.0"]


def test_a_newer_one_replaces_it_and_keeps_the_one_before(admin: Admin) -> None:
    """And the home folder that the service was given."""
    assert admin("install", "--home", "/srv/backup home").code == 0
    for version in ("0.2.0", "0.3.0"):
        admin.has(version)
        assert admin("install").code == 0
    record = json.loads((admin.program / "installation.json").read_text())

    assert admin.versions() == ["0.2.0", "0.3.0"]
    assert (record["version"], record["previous"].partition("-")[0]) == ("0.3.0", "0.2.0")
    assert 'ExecStart=/opt/gdp/current/gdp --home "/srv/backup home" daemon' in admin.unit.read_text()


@pytest.mark.parametrize(
    ("before", "sentence"),
    [
        ("exit 7", "does not begin and end as it must: 7"),
        ('case " $* " in *" daemon "*) echo "cannot open it" >&2; exit 1;; esac', "cannot open it"),
    ],
)
def test_a_program_that_does_not_work_here_is_not_put_into_use(admin: Admin, before: str, sentence: str) -> None:
    """Its daemon is started on trial, in a home folder of its own."""
    assert admin("install").code == 0
    used = os.readlink(admin.program / "current")
    admin.has("0.2.0", before)
    outcome = admin("install")

    assert outcome.code == 1
    assert sentence in outcome.err
    assert os.readlink(admin.program / "current") == used
    assert admin.versions() == ["0.1.0"]


def test_a_program_of_another_version_than_it_says_is_refused(admin: Admin, tmp_path: Path) -> None:
    make_program(tmp_path / "download 0.9.0", "0.8.0")
    admin.has("0.9.0")
    outcome = admin("install")

    assert outcome.code == 1
    assert "says that it is version 0.8.0, not 0.9.0" in outcome.err
    assert not (admin.program / "current").is_symlink()


@pytest.mark.parametrize("place", ["usr/local/bin/gdp", "etc/systemd/system/gdp.service"])
def test_what_somebody_else_made_stays(admin: Admin, place: str) -> None:
    """The installer of Python packages puts a gdp there, and an administrator may have written a unit."""
    foreign = admin.root / place
    foreign.parent.mkdir(parents=True)
    foreign.write_text("mine")
    outcome = admin("install")

    assert outcome.code == 1
    assert f"there is a {foreign} already, and 'gdp install' did not make it" in outcome.err
    assert foreign.read_text() == "mine"
    assert not (admin.program / "current").is_symlink()


def test_without_a_service_it_says_that_nothing_runs_by_itself(admin: Admin, isolated_home: Path) -> None:
    """An administrator who believes that backups run, and they do not, has lost everything."""
    outcome = here(["install", "--user", "--no-service"])
    program = isolated_home / ".local/share/gdp-program/current/gdp"

    assert outcome.code == 0
    assert "Nothing runs by itself: no service was made." in outcome.out
    assert f"runs the backup sets as long as it runs; have it started with the computer: {program} --home " in outcome.out
    assert os.readlink(isolated_home / ".local/bin/gdp") == str(program)
    assert not (isolated_home / ".config/systemd").exists()


def test_for_a_user_it_lies_in_his_own_folders(admin: Admin, isolated_home: Path) -> None:
    """Nothing of it in the home folder of settings, which another program may back up."""
    assert here(["install", "--user", "--no-service"]).code == 0

    assert {path.split("/")[0] for path in files_below(isolated_home)} == {".local"}
    assert not (isolated_home / ".local/share/gdp").exists()


def test_two_at_the_same_time_do_not_meet(admin: Admin) -> None:
    import fcntl

    assert admin("install").code == 0
    with (admin.program / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        outcome = admin("install")

    assert outcome.code == 1
    assert "another program is changing the installation" in outcome.err


def test_leftovers_of_one_that_was_broken_off_go(admin: Admin) -> None:
    leftover = admin.program / "versions" / ".new-0.0.9-0123"
    leftover.mkdir(parents=True)
    (leftover / "half").write_text("x")

    assert admin("install").code == 0
    assert admin.versions() == ["0.1.0"]


def test_sources_cannot_install_themselves(isolated_home: Path) -> None:
    """A virtual environment that was copied does not run, so nobody may believe that it was installed."""
    outcome = process(["install", "--user"])

    assert outcome.code == 1
    assert "runs from Python sources" in outcome.err
    assert "'make binary'" in outcome.err
    assert not (isolated_home / ".local/share/gdp-program").exists()


def test_both_kinds_at_once_make_no_sense(admin: Admin) -> None:
    outcome = admin("install", "--user")

    assert outcome.code == 1
    assert "--root is for an installation of the whole computer" in outcome.err
