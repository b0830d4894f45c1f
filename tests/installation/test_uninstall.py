"""``gdp uninstall``: it removes what install made, and nothing else."""

from pathlib import Path

import pytest

from gdp.cli import screen
from tests.cli.command_line import Outcome, here
from tests.daemon.running import World
from tests.installation.world import Admin, files_below


@pytest.fixture
def home(isolated_home: Path) -> Path:
    """The home folder of settings."""
    return isolated_home / "gdp"


@pytest.fixture
def user(admin: Admin) -> Admin:
    """A user who has installed it for himself."""
    assert here(["install", "--user", "--no-service"]).code == 0
    return admin


def write_set(home: Path, password_file: Path, encryption: str = "") -> None:
    """Write a backup set."""
    (home / "sets").mkdir(parents=True, exist_ok=True)
    text = (
        f'[source]\npaths = ["/etc"]\n[target]\nrepo = "/srv/x"\n[encryption]\npassword-file = "{password_file}"\n{encryption}\n'
    )
    (home / "sets" / "daten.toml").write_text(text)
    (home / "sets" / "daten.toml").chmod(0o600)
    password_file.parent.mkdir(parents=True, exist_ok=True)
    password_file.write_text("secret")
    password_file.chmod(0o600)


def purge(*words: str) -> Outcome:
    return here(["uninstall", "--user", "--purge", *words])


def test_nothing_of_a_system_stays(admin: Admin) -> None:
    assert admin("install").code == 0
    assert admin("uninstall").code == 0

    assert files_below(admin.root) == set()
    assert not admin.program.exists()
    assert "Nothing is installed in " in admin("uninstall").out


def test_settings_stay_without_purge(user: Admin, home: Path, tmp_path: Path) -> None:
    write_set(home, tmp_path / "password")
    outcome = here(["uninstall", "--user"])

    assert outcome.code == 0
    assert f"Settings and state are still in {home}." in outcome.out
    assert (home / "sets" / "daten.toml").exists()


def test_what_is_not_ours_stays(user: Admin, isolated_home: Path, home: Path) -> None:
    """Neither a link that somebody bent, nor a file beside ours."""
    link = isolated_home / ".local/bin/gdp"
    link.unlink()
    link.symlink_to("/usr/bin/true")
    note = isolated_home / ".local/share/gdp-program/note"
    note.write_text("mine")
    (home / "letter").write_text("mine")
    outcome = purge("--yes")

    assert outcome.code == 0
    assert f"{home}/letter is none of ours and stays" in outcome.err
    assert files_below(isolated_home) == {".local/bin/gdp", ".local/share/gdp-program/note", "gdp/letter"}


def test_purge_asks(user: Admin, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And whoever cannot be asked must say so on purpose."""
    write_set(home, tmp_path / "password")
    refused = purge()
    assert refused.code == 1
    assert "Give --yes" in refused.err
    answers, asked = iter([False, True]), []

    def agree(_screen: screen.Screen, about: str, _question: str) -> bool:
        asked.append(about)
        return next(answers)

    monkeypatch.setattr(screen.Screen, "agree", agree)
    assert purge().code == 1
    assert (home / "sets").exists()
    assert purge().code == 0

    assert "nobody can restore anything" in asked[0]
    assert not home.exists()
    assert (tmp_path / "password").exists()


@pytest.mark.parametrize(
    ("encryption", "is_refused"),
    [
        ('recovery = "nobody"\nrecovery-confirmed = true', True),
        ('recovery = "sheet"\nrecovery-confirmed = false', True),
        ('recovery = "sheet"\nrecovery-confirmed = true', False),
    ],
)
def test_the_only_copy_of_a_password_is_not_purged(user: Admin, home: Path, encryption: str, is_refused: bool) -> None:
    """Whoever has no sheet could never open his backup again."""
    password = home / "state" / "password"
    write_set(home, password, encryption)
    outcome = purge("--yes")

    assert (outcome.code == 1) is is_refused
    assert password.exists() is is_refused
    if is_refused:
        assert str(password) in outcome.err
        assert purge("--yes", "--lose-passwords").code == 0
        assert not home.exists()


def test_a_password_from_the_sheet_may_go(user: Admin, home: Path) -> None:
    write_set(home, home / "recovery" / "abc" / "password", 'recovery = "nobody"\nrecovery-confirmed = true')

    assert purge("--yes").code == 0
    assert not home.exists()


def test_a_set_that_cannot_be_read_may_need_a_password(user: Admin, home: Path) -> None:
    write_set(home, home / "state" / "password", "nonsense = 1")
    outcome = purge("--yes")

    assert outcome.code == 1
    assert "Nobody can tell what passwords it needs" in outcome.err
    assert (home / "sets").exists()


def test_nothing_is_taken_from_under_a_daemon(admin: Admin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was started by hand, which nothing here may end."""
    monkeypatch.undo()
    (tmp_path / "world").mkdir()
    world = World(tmp_path / "world")
    with world.daemon():
        outcome = here(["--home", str(world.home), "uninstall", "--user", "--purge", "--yes"])

        assert outcome.code == 1
        assert "a daemon for" in outcome.err
        assert (world.home / "daemon.sock").exists()


def test_a_purge_of_another_system_does_not_reach_into_this_one(admin: Admin) -> None:
    """The settings of an image lie in the image; what the record names is this computer's."""
    assert admin("install").code == 0
    outcome = admin("uninstall", "--purge", "--yes")

    assert outcome.code == 1
    assert "--root means another system" in outcome.err


def test_dry_run_removes_nothing(user: Admin, isolated_home: Path) -> None:
    before = files_below(isolated_home)
    outcome = here(["uninstall", "--user", "--purge", "--dry-run", "--json"])

    assert [record["action"] for record in outcome.records[:-1]][-1] == "folder"
    assert files_below(isolated_home) == before
