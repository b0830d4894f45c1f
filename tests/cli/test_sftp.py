"""Over SSH, to a real server: what the front end adds is the way there, the notes and the cache."""

from pathlib import Path

import pytest

from tests.cli.command_line import Gdp, here
from tests.sshd import Sshd


@pytest.mark.peer
def test_the_main_job_over_sftp(gdp: Gdp, server: Sshd, source: Path, tmp_path: Path, isolated_home: Path) -> None:
    """The fingerprint is shown once, the index is cached, workers have connections of their own."""
    options = ["--repo", server.url(gdp.repository), "--password-file", str(gdp.password_file)]
    first = here([*options, "init"])
    assert first.code == 0, first.err
    assert "SHA256:" in first.err
    saved = here([*options, "--json", "backup", "--limit-upload", "50M", str(source)])
    assert saved.code == 0, saved.err
    assert "SHA256:" not in saved.err
    restored = here([*options, "restore", "latest", "--target", str(tmp_path / "out")])
    checked = here([*options, "check", "--read-data"])

    assert restored.code == 0, restored.err
    assert checked.code == 0, checked.err
    assert Path(f"{tmp_path}/out{source}/a.txt").read_text() == "alpha\n"
    [cache] = (isolated_home / "gdp" / "cache").iterdir()
    assert list((cache / "snapshots").iterdir())


@pytest.mark.peer
def test_nothing_is_cached_where_that_is_not_wanted(gdp: Gdp, server: Sshd, isolated_home: Path) -> None:
    """A shared computer must not keep what the server has."""
    options = ["--repo", server.url(gdp.repository), "--password-file", str(gdp.password_file), "--no-cache"]
    assert here([*options, "init"]).code == 0
    assert here([*options, "snapshots"]).code == 0

    assert not (isolated_home / "gdp" / "cache").exists()
