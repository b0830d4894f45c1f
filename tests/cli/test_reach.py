"""``gdp reach``: what whoever chooses a target wants to know before anything is written there."""

import subprocess
from pathlib import Path

import pytest

from tests.cli.command_line import PASSWORD, Gdp, here
from tests.conftest import require_program
from tests.sshd import Sshd


def test_a_folder_is_looked_at_and_made_only_when_asked(gdp: Gdp) -> None:
    """A typing error must not make folders on the wrong disk."""
    target = gdp.repository / "deep"
    looked = here(["--json", "reach", "--repo", str(target)])
    was_there = target.exists()
    made = here(["--json", "reach", "--repo", str(target), "--make-folder"])
    (target / "something").write_text("else")
    used = here(["--json", "reach", "--repo", str(target)])

    assert [run.summary["folder"] for run in (looked, made, used)] == ["missing", "empty", "used"]
    assert not was_there
    assert target.stat().st_mode & 0o777 == 0o700


def test_a_repository_is_recognised_and_opened_with_its_password(ready: Gdp) -> None:
    """Whoever takes over a repository is told at once when the password is not its own."""
    without = here(["--json", "reach", "--repo", str(ready.repository)])
    right = ready("--json", "reach")
    ready.password_file.write_text("another\n")
    wrong = ready("--json", "reach")

    assert without.summary["folder"] == "repository"
    assert "is_ours" not in without.summary
    assert right.summary["is_ours"] is True
    assert right.summary["block_size"] == 1 << 20
    assert wrong.code == 12


@pytest.mark.peer
def test_consent_to_a_repository_of_restic_is_given_before_the_first_backup(gdp: Gdp, source: Path) -> None:
    """The daemon's run can ask nobody."""
    restic = require_program("restic")
    words = [str(restic), "-r", str(gdp.repository), "--password-file", str(gdp.password_file), "init", "-q"]
    subprocess.run(words, check=True, capture_output=True)
    seen = gdp("--json", "reach")
    refused = gdp("--json", "backup", source)
    agreed = gdp("--json", "reach", "--accept-foreign-chunking")
    done = gdp("--json", "backup", source)

    assert seen.summary["is_ours"] is False
    assert refused.code == 1
    assert agreed.code == 0
    assert done.code == 0, done.err


@pytest.mark.peer
def test_a_new_server_is_not_entered_before_its_key_was_named(gdp: Gdp, server: Sshd, isolated_home: Path) -> None:
    """The fingerprint is to be compared first; nothing is pinned and nobody logs in before."""
    repo = ["--json", "reach", "--repo", server.url(gdp.repository)]
    met = here(repo)
    pinned_before = (isolated_home / "gdp" / "known_hosts").exists()
    wrong = here([*repo, "--host-key", "ssh-ed25519 SHA256:" + "A" * 43])
    entered = here([*repo, "--host-key", met.summary["host_key"], "--make-folder"])
    again = here(repo)

    public = subprocess.run(
        ["ssh-keygen", "-l", "-f", server.host_key.with_suffix(".pub")], check=True, capture_output=True, text=True
    )
    assert met.code == 1
    assert met.summary["is_known"] is False
    assert met.summary["folder"] is None
    assert met.summary["host_key"].split()[1] == public.stdout.split()[1]
    assert not pinned_before
    assert wrong.errors[-1]["error_class"] == "HostKeyMismatch"
    assert entered.summary["folder"] == "empty"
    assert (again.code, again.summary["is_known"], again.summary["folder"]) == (0, True, "empty")


@pytest.mark.peer
def test_what_is_missing_to_log_in_is_said(gdp: Gdp, server: Sshd, isolated_home: Path) -> None:
    """An administrator who has no key there yet must learn that a key is what is missing."""
    repo = ["--json", "reach", "--repo", server.url(gdp.repository)]
    met = here(repo)
    (isolated_home / ".ssh" / "config").write_text("Host *\nIdentityFile /nowhere\nIdentitiesOnly yes\n")
    refused = here([*repo, "--host-key", met.summary["host_key"]])

    assert refused.errors[-1]["error_class"] == "LoginRefused"
    assert "authorized_keys" in refused.errors[-1]["hint"]


def test_a_target_that_does_not_answer_is_said_soon(gdp: Gdp) -> None:
    """Nobody waits a quarter of an hour for a typing error in the port."""
    run = here(["--json", "reach", "--repo", "sftp://127.0.0.1:1/srv"])

    assert run.errors[-1]["error_class"] == "StorageUnreachable"


def test_consent_needs_the_password(ready: Gdp) -> None:
    """What was not opened was not seen."""
    assert PASSWORD
    assert here(["reach", "--repo", str(ready.repository), "--accept-foreign-chunking"]).code == 1
