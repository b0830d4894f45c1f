"""The installed service under a real systemd, from the first start of the computer to the last trace of it."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from gdp import __version__
from tests.binary.conftest import FOLDER, KEY, PORTABLE, broken, signed_by
from tests.binary.machine import ENVIRONMENT, Machine, patiently, switched_on
from tests.binary.terminal import FIRST_QUESTION, at_a_terminal
from tests.cli.command_line import Outcome
from tests.conftest import absent

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
DOWNLOAD = "/usr/local/share/download/gdp"
SMALL_SETTINGS = ("--read-back", "0", "--drill-files", "0")
LOOK = (
    *("sh", "-c"),
    "cd /srv/data && find . -exec stat -c '%n %A %u %g %F %t:%T %Y' {} + | sort; getfattr --dump --match - -R . | sort; cat */f",
)
PREPARE = """#!/bin/sh
set -e
mkdir -p /srv/data/private && cd /srv/data
echo secret >private/f && chmod 000 private/f && chown -R nobody private && chmod 700 private
cp /bin/true suid && chown nobody suid && chmod 6755 suid && setfattr -n trusted.x -v y suid
mkfifo fifo && mknod device c 1 3
echo hello >/root/.profile
"""
SERVE = """#!/bin/sh
set -e
mkdir -p -m 700 /root/.ssh /run/sshd && cd /root/.ssh
ssh-keygen -q -t ed25519 -N "" -f id_ed25519 && ssh-keygen -q -t ed25519 -N "" -f /srv/host_key
cp id_ed25519.pub authorized_keys && echo "[localhost]:2222 $(cut -d" " -f1-2 /srv/host_key.pub)" >known_hosts
ip link set lo up
/usr/sbin/sshd -f /dev/null -p 2222 -h /srv/host_key -o PidFile=/run/sshd-test.pid -o "Subsystem=sftp internal-sftp"
"""
INSTALL = b"Install it now? [y/N]"
NO_SUCH_USER = 6
HASTE = "[Service]\nWatchdogSec=2\nRestartSec=0\n"


@pytest.fixture(scope="module")
def computer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machine]:
    """A computer with the download, and nothing else of ours."""
    folder = tmp_path_factory.mktemp("computer")
    shutil.copytree(FOLDER, folder / "download", symlinks=True)
    shutil.copy(PORTABLE, folder)
    with switched_on(folder) as machine:
        machine.done("cp", "-a", "/host/download", "/host/gdp-portable", "/usr/local/share/")
        yield machine


@pytest.fixture
def machine(computer: Machine) -> Iterator[Machine]:
    """One that the program was installed on, as an administrator does it."""
    assert computer(DOWNLOAD, "install", "--json").summary["service"] == "running"
    try:
        yield computer
    finally:
        computer("systemctl", "thaw", "gdp")
        computer.done(DOWNLOAD, "uninstall", "--purge", "--yes", "--lose-passwords")
        computer.done("sh", "-c", "rm -rf /etc/systemd/system/gdp.service.d /srv/* /root/* && systemctl daemon-reload")


def with_set(machine: Machine, *options: str, megabytes: int = 1) -> None:
    """Make a first set, of a folder with a large file."""
    machine.done("sh", "-c", f"mkdir -p /srv/data && head -c {megabytes}M /dev/urandom >/srv/data/large")
    machine.done("gdp", "key", "generate", "/root/password")
    machine.done(
        *("gdp", "set", "add", "data", "--source", "/srv/data", "--repo", "/srv/repository", "--init"),
        *("--password-file", "/root/password", *SMALL_SETTINGS, *options),
    )


def status(machine: Machine) -> dict[str, Any]:
    """Return what the daemon says of itself."""
    return machine("gdp", "status", "--json").summary


def listed(machine: Machine) -> list[dict[str, Any]]:
    """Return the runs, oldest first."""
    return machine("gdp", "report", "list", "--json").records


def runs(machine: Machine) -> list[tuple[str, str]]:
    """Return how the backups stand, with the reason, oldest first."""
    return [(run["state"], run["reason"]) for run in listed(machine) if run.get("kind") == "backup"]


def hurry(machine: Machine) -> None:
    """Let systemd lose patience sooner, as ``systemctl edit`` would."""
    machine.write("/etc/systemd/system/gdp.service.d/override.conf", HASTE)
    machine.done("systemctl", "daemon-reload")
    machine.done("systemctl", "restart", "gdp")


def is_at_work(machine: Machine) -> bool:
    """Say whether a backup sends data now."""
    said = machine("gdp", "status", "--json").records
    return any(one["progress"].get("bytes_done") for record in said for one in record.get("at_work", ()) if one["progress"])


def begin_slow_backup(machine: Machine) -> None:
    """Make a set, and let its first backup be at work."""
    with_set(machine, "--bandwidth", "up 1M", megabytes=64)
    machine.done("gdp", "run", "data")
    assert patiently(lambda: is_at_work(machine))


def end_fast(machine: Machine) -> None:
    """Let what is at work, or comes next, be done soon, and see that it holds what it must."""
    machine.done("gdp", "set", "edit", "data", "--bandwidth", "up 1G")
    machine.done("systemctl", "restart", "gdp")
    assert patiently(lambda: "ok" in dict(runs(machine)))
    machine.done("gdp", "check", "--read-data", "-S", "data")
    machine.done("gdp", "restore", "latest", "-S", "data", "--target", "/srv/back")
    machine.done("cmp", "/srv/data/large", "/srv/back/srv/data/large")


def test_the_service_is_ready_and_starts_with_the_computer(machine: Machine) -> None:
    """Type=notify: systemd says that it is active only once the daemon has said that it is ready."""
    assert machine.shows("ActiveState") == "active"
    assert machine.shows("SubState") == "running"
    assert machine.shows("UnitFileState") == "enabled"
    assert status(machine)["process"] == int(machine.shows("MainPID"))
    assert "gdp.service" in machine.done("systemctl", "list-dependencies", "--plain", "multi-user.target")


@pytest.mark.parametrize("download", [DOWNLOAD, "/usr/local/share/gdp-portable"], ids=["folder", "file"])
def test_a_download_offers_to_install_itself(computer: Machine, download: str) -> None:
    """Else a first set would be made, and nothing would back it up after the next start of the computer."""
    words = [*computer.enter, "setpriv", "--pdeathsig", "KILL", download]
    try:
        declined = at_a_terminal(words, ENVIRONMENT, (INSTALL, b"\n"), (FIRST_QUESTION, b""))
        nothing = computer("ls", "/opt/gdp", "/usr/local/bin/gdp").out
        agreed = at_a_terminal(words, ENVIRONMENT, (INSTALL, b"y\n"), (b"Enter opens", b"\n"), (FIRST_QUESTION, b""))

        assert FIRST_QUESTION in declined, declined[-2000:].decode(errors="replace")
        assert nothing == ""
        assert FIRST_QUESTION in agreed, agreed[-2000:].decode(errors="replace")
        assert computer.shows("ActiveState") == "active"
    finally:
        computer.done(DOWNLOAD, "uninstall", "--purge", "--yes")


def test_a_daemon_that_hangs_is_replaced(machine: Machine) -> None:
    """It would miss every backup, and nobody would see it."""
    hurry(machine)
    before = machine.shows("MainPID")
    machine.done("kill", "-STOP", before)

    assert patiently(lambda: machine.shows("MainPID") not in {before, "0"} and machine.shows("ActiveState") == "active")
    assert status(machine)["process"] == int(machine.shows("MainPID"))
    assert "watchdog" in machine.done("journalctl", "--unit", "gdp", "--output", "cat")


def test_a_daemon_that_is_killed_comes_back_and_goes_on(machine: Machine) -> None:
    """The run is marked, and none of its processes goes on unseen."""
    hurry(machine)
    begin_slow_backup(machine)
    machine.done("systemctl", "kill", "--kill-who=main", "--signal=KILL", "gdp")

    assert patiently(lambda: len(runs(machine)) > 1)
    assert runs(machine)[0] == ("interrupted", "lost")
    end_fast(machine)


def test_a_stop_in_the_middle_of_a_run_loses_nothing(machine: Machine) -> None:
    """So does every shutdown of the computer."""
    begin_slow_backup(machine)
    machine.done("systemctl", "stop", "gdp")

    assert machine.shows("Result") == "success"
    assert runs(machine) == [("interrupted", "shutdown")]
    assert machine.done("gdp", "check", "-S", "data")
    machine.done("systemctl", "start", "gdp")
    assert patiently(lambda: len(runs(machine)) > 1)
    end_fast(machine)


def test_a_due_set_runs_by_itself_with_all_that_root_may(machine: Machine) -> None:
    """What hardening forbids would be found in a restore only, or by a command that fails in the night."""
    machine.write("/srv/prepare", PREPARE, 0o755)
    machine.done("/srv/prepare")
    before = "mount -t tmpfs dump /mnt && cp ~/.profile /mnt/dump && su nobody -s /bin/sh -c true && unshare -m true"
    with_set(machine, "--source", "/mnt", "--before", before, "--after", "umount /mnt", "--schedule", "every 1 minutes")
    assert patiently(lambda: bool(runs(machine)) and runs(machine)[0][0] != "running")
    machine.done("gdp", "pause")

    assert runs(machine)[0] == ("ok", "")
    assert "/mnt/dump" in machine.done("gdp", "ls", "latest", "-S", "data")
    was = machine.done(*LOOK)
    machine.done("rm", "-rf", "/srv/data")
    machine.done("gdp", "restore", "latest", "/srv/data", "-S", "data", "--target", "/", "--by-daemon")
    assert patiently(lambda: "restore" in [run.get("kind") for run in listed(machine) if run.get("ended")])
    assert machine.done(*LOOK) == was


def test_a_key_of_roots_reaches_a_server(machine: Machine) -> None:
    """The service of the computer has no HOME, and no agent."""
    machine.write("/srv/serve", SERVE, 0o755)
    machine.done("/srv/serve")
    with_set(machine, "--repo", "sftp://root@localhost:2222//srv/repository")
    machine.done("gdp", "run", "data", "--wait")

    assert runs(machine) == [("ok", "")]
    machine.done("pkill", "--pidfile", "/run/sshd-test.pid")


def test_another_program_takes_the_place_of_the_one_that_runs(machine: Machine) -> None:
    """Not under a backup, though: that goes on with the old one, until it is wanted otherwise."""
    machine.done("cp", "-a", "/host/download", "/srv/newer")
    machine.write("/srv/newer/_internal/newer", "x")
    begin_slow_backup(machine)
    before = machine.shows("MainPID")
    waiting = machine("/srv/newer/gdp", "install", "--json").summary
    still = machine.shows("MainPID")
    now = machine("/srv/newer/gdp", "install", "--now", "--json").summary

    assert (waiting["service"], waiting["waits_for"], still) == ("old", ["data"], before)
    assert now["service"] == "running"
    assert machine.done("readlink", "/proc/" + machine.shows("MainPID") + "/exe").startswith(
        machine.done("realpath", "/opt/gdp/current")
    )
    end_fast(machine)


def test_a_release_whose_service_does_not_begin_is_taken_back(machine: Machine) -> None:
    """It begins in an empty home folder, and not in this one."""
    if not KEY.exists():
        absent("build/release-key (.ci/run makes it)")
    line = f'case "$*" in *gdp-trial*) exec {DOWNLOAD} "$@";; esac\necho "cannot read the settings" >&2; exit 1'
    program = broken(machine.folder / "broken", "99.0.0", line)
    signed_by(KEY, program, machine.folder / "release")
    outcome = machine("gdp", "update", "--from", "file:///host/release")

    assert outcome.code == 1
    assert "the service does not begin with version 99.0.0" in outcome.err
    assert machine.shows("ActiveState") == "active"
    assert status(machine)["version"] == __version__
    assert "cannot read the settings" in machine.done("journalctl", "--unit", "gdp", "--output", "cat")


def test_uninstall_leaves_no_trace_with_systemd(machine: Machine) -> None:
    with_set(machine)
    machine.done("gdp", "uninstall")

    assert machine("systemctl", "cat", "gdp").code == 1
    assert machine("pgrep", "--full", "/opt/gdp").code == 1
    assert machine("ls", "/opt/gdp", "/usr/local/bin/gdp", "/sys/fs/cgroup/system.slice/gdp.service").out == ""
    assert machine.done("ls", "/root/.local/share/gdp/sets") == "data.toml"
    assert "gdp" not in machine.done("systemctl", "list-units", "--all", "--plain", "--no-legend", "gdp*")


@pytest.mark.parametrize("home", ["plain", "do$llar", "two words", "100%h", "it's", 'back\\slash "quoted"', "a=b; c"])
def test_a_users_service_runs_in_any_home_folder(computer: Machine, home: str) -> None:
    """Without a login too, once root lets his services run while he is not logged in."""
    own = f"/home/{home}"
    computer.done("useradd", "--create-home", "--home-dir", own, "somebody")

    def somebody(*words: str) -> Outcome:
        return computer("setpriv", "--reuid=somebody", "--regid=somebody", "--init-groups", *words, HOME=own)

    try:
        refused = somebody(DOWNLOAD, "install", "--user")
        computer.done("loginctl", "enable-linger", "somebody")
        assert patiently(lambda: computer("systemctl", "is-active", f"user@{computer.done('id', '-u', 'somebody')}").code == 0)
        installed = somebody(DOWNLOAD, "install", "--user", "--json")
        asked = somebody(f"{own}/.local/bin/gdp", "status", "--json")
        removed = somebody(f"{own}/.local/bin/gdp", "uninstall", "--user", "--purge", "--yes")

        assert "Have root run 'loginctl enable-linger somebody'" in refused.out
        assert installed.summary["service"] == "running", installed.err
        assert "loginctl" not in installed.err
        assert asked.summary["process"] > 1
        assert removed.code == 0, removed.err
        assert computer("pgrep", "--uid", "somebody", "--full", "daemon").code == 1
    finally:
        computer("loginctl", "disable-linger", "somebody")
        computer("loginctl", "terminate-user", "somebody")
        assert patiently(lambda: computer("userdel", "--remove", "somebody").code in {0, NO_SUCH_USER})
