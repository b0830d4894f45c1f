"""New passwords: made by us, or chosen at a terminal."""

import stat
from pathlib import Path

from gdp.core.typed_password import read_password
from tests.cli.command_line import here
from tests.cli.test_terminal import talk


def test_a_password_is_made_for_its_owner_alone_and_opens_a_repository(tmp_path: Path) -> None:
    """Without a set and without a repository."""
    file = tmp_path / "password"
    made = here(["key", "generate", str(file)])
    password = file.read_text().strip()

    assert made.code == 0, made.err
    assert str(file) in made.out
    assert password not in made.out + made.err
    assert read_password(password) == password
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    options = ["--repo", str(tmp_path / "repository"), "--password-file", str(file)]
    assert here([*options, "init"]).code == 0
    assert here([*options, "snapshots"]).code == 0


def test_a_password_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    """It may be the only one that opens years of backups; a link to one as well."""
    file, link = tmp_path / "password", tmp_path / "link"
    file.write_text("old")
    link.symlink_to(file)
    for name in (file, link):
        refused = here(["key", "generate", str(name)])
        assert refused.code == 1
        assert "not overwritten" in refused.err

    assert file.read_text() == "old"
    assert "cannot be written" in here(["key", "generate", str(tmp_path / "no" / "folder")]).err


def test_a_weak_passphrase_is_warned_of_and_taken(tmp_path: Path) -> None:
    """Between the two questions, so that there is time to think again."""
    code, shown = talk(["--repo", str(tmp_path / "repository"), "init"], ["geheim", "geheim"])

    assert code == 0
    assert shown.index("New password: ") < shown.index("Strength: weak.") < shown.index("Repeat the password: ")
    assert "geheim" not in shown
