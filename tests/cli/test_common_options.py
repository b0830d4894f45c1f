"""The options that every command takes."""

from pathlib import Path

import pytest

from gdp.cli.command_names import every_command
from gdp.repo.lease import Lease
from gdp.repo.locks import LockKeeper
from gdp.repo.opening import open_repository
from gdp.repo.own_locks import OwnLocks
from gdp.storage.local import LocalStorage
from tests.cli.command_line import PASSWORD, Gdp, here


def test_options_may_stand_before_or_after_the_command(ready: Gdp) -> None:
    """Scripts write both."""
    repo, repository, password, file = ready.options
    before = here([repo, repository, password, file, "--json", "snapshots"])
    after = here(["snapshots", repo, repository, password, file, "--json"])
    mixed = here(["--json", password, file, "snapshots", repo, repository])

    assert before.code == after.code == mixed.code == 0
    assert before.out == after.out == mixed.out


def test_what_stands_later_wins(ready: Gdp, tmp_path: Path) -> None:
    """An alias holds defaults; the command at hand changes them."""
    assert here(["--repo", str(tmp_path / "nowhere"), "snapshots", *ready.options]).code == 0


def test_variables_count_less_than_options_wherever_they_stand(
    ready: Gdp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is typed is meant."""
    monkeypatch.setenv("GDP_REPO", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GDP_PASSWORD_FILE", str(tmp_path / "nothing"))
    assert ready("snapshots").code == 0
    assert here(["snapshots", *ready.options]).code == 0
    monkeypatch.setenv("GDP_REPO", str(ready.repository))
    monkeypatch.setenv("GDP_PASSWORD_FILE", str(ready.password_file))

    assert here(["snapshots"]).code == 0


def test_state_is_kept_in_the_home_that_was_given(ready: Gdp, source: Path, tmp_path: Path, isolated_home: Path) -> None:
    """Several installations, or a test, must not meet."""
    home = tmp_path / "home of its own"

    assert ready("--home", home, "backup", source).code == 0
    assert list(home.iterdir())
    assert not list((isolated_home / "gdp").iterdir())


def test_quiet_leaves_results_only(ready: Gdp, source: Path) -> None:
    """Cron mails whatever is printed."""
    quiet = ready("--quiet", "backup", source)

    assert (quiet.code, quiet.out, quiet.err) == (0, "", "")
    assert "snapshot" in ready("--quiet", "snapshots").out


@pytest.mark.parametrize("rate", ["100", "12x", "-1K"])
def test_a_rate_needs_its_unit(ready: Gdp, rate: str) -> None:
    """Restic's bare number is KiB a second; taking it as bytes would be a thousand times too slow."""
    assert ready(f"--limit-upload={rate}", "snapshots").code == 1
    assert ready("--limit-upload=500K", "--limit-download=2M", "snapshots").code == 0


def test_the_password_is_never_read_from_standard_input_or_the_command_line(gdp: Gdp) -> None:
    """Both end up where others can read them."""
    refused = here(["--repo", str(gdp.repository), "--password-file", "-", "snapshots"], input="a password\n")

    assert refused.code == 1
    assert "standard input" in refused.err
    assert "--password " not in here(["--help"]).out


def test_without_terminal_and_file_it_is_said_how_to_give_a_password(ready: Gdp) -> None:
    """A service must not wait for somebody who is not there."""
    outcome = here(["--repo", str(ready.repository), "snapshots"])

    assert outcome.code == 1
    assert "GDP_PASSWORD_FILE" in outcome.err


def test_a_program_may_print_the_password(ready: Gdp) -> None:
    """For password stores."""
    program = f"cat '{ready.password_file}'"

    assert here(["--repo", str(ready.repository), "--password-command", program, "snapshots"]).code == 0
    assert here(["--repo", str(ready.repository), "--password-command", "false", "snapshots"]).code == 1


@pytest.mark.parametrize("raw", [b"a password", b"a password\r\n", b" a password \n\n", b"\xef\xbb\xbfa password\n"])
def test_a_password_file_is_read_as_restic_reads_it(ready: Gdp, raw: bytes) -> None:
    """One file for both programs."""
    ready.password_file.write_bytes(raw)

    assert ready("snapshots").code == 0


def test_every_command_takes_the_common_options() -> None:
    """One forgotten command is one surprised script."""
    for words in every_command():
        shown = here([*words, "--help"])

        assert shown.code == 0, words
        assert "--password-file" in shown.out, words
        assert "--json" in shown.out, words


def test_whoever_writes_locks_even_when_told_not_to(ready: Gdp, source: Path, tmp_path: Path) -> None:
    """--no-lock is for reading what cannot be written to; a prune without a lock would destroy a running backup."""
    repository = open_repository(LocalStorage(ready.repository), PASSWORD.strip().encode(), tmp_path / "other home")
    keeper = LockKeeper(repository.storage, repository.key, 2, OwnLocks(tmp_path / "other home" / "locks"))
    with keeper.hold(exclusive=True, lease=Lease()):
        codes = [
            ready("--no-lock", *command).code for command in (["check"], ["prune"], ["tag", "--add", "x"], ["backup", source])
        ]

    assert codes == [0, 11, 11, 11]


def test_a_lock_can_be_waited_for(ready: Gdp, tmp_path: Path) -> None:
    """Two jobs at the same hour should follow each other, and it is said why one waits."""
    repository = open_repository(LocalStorage(ready.repository), PASSWORD.strip().encode(), tmp_path / "other home")
    keeper = LockKeeper(repository.storage, repository.key, 2, OwnLocks(tmp_path / "other home" / "locks"))
    with keeper.hold(exclusive=True, lease=Lease()):
        outcome = ready("--json", "--retry-lock", "100ms", "snapshots")

    assert outcome.code == 11
    *notes, last = (record["message_type"] for record in outcome.errors)
    assert (set(notes), last) == ({"note"}, "exit_error")
    assert "trying again" in outcome.errors[0]["message"]
