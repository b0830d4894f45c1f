"""Logging in to a server by itself: with a password in a file, with a key file, and what an agent alone is worth."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gdp.settings.sets import SetFiles
from tests.cli.command_line import Gdp, here, process
from tests.conftest import require_program
from tests.sshd import Sshd
from tests.storage.password_server import PASSWORD, USER, PasswordServer, run_password_server


@pytest.fixture
def hosted(tmp_path: Path) -> Iterator[PasswordServer]:
    """A server that takes nothing but a password."""
    (tmp_path / "hosted").mkdir()
    with run_password_server(tmp_path / "hosted") as server:
        yield server


@pytest.fixture
def login_file(tmp_path: Path) -> Path:
    """The password of the user on that server."""
    file = tmp_path / "login"
    file.write_text(f"{PASSWORD}\n")
    file.chmod(0o600)
    return file


@contextmanager
def agent(socket: Path) -> Iterator[None]:
    """Run an SSH agent without keys."""
    program = str(require_program("ssh-agent"))
    told = subprocess.run([program, "-s", "-a", str(socket)], check=True, capture_output=True, text=True).stdout
    process_id = told.partition("SSH_AGENT_PID=")[2].partition(";")[0]
    try:
        yield
    finally:
        subprocess.run([program, "-k"], env={"SSH_AGENT_PID": process_id}, check=True, capture_output=True)


def url_of(server: PasswordServer) -> str:
    """Return a target on the server."""
    return f"sftp://{USER}@127.0.0.1:{server.port}{server.folder}/repository"


def meet(url: str) -> list[str]:
    """Return the words that reach a server whose key was compared."""
    met = here(["--json", "reach", "--repo", url])
    return ["--json", "reach", "--repo", url, "--host-key", met.summary["host_key"]]


def test_a_server_that_takes_only_a_password_is_entered_with_a_file(hosted: PasswordServer, login_file: Path) -> None:
    """Hosted storage often knows nothing else, and nobody is there at night to type it."""
    words = meet(url_of(hosted))
    without = here(words)
    entered = here([*words, "--login-password-file", str(login_file)])
    login_file.write_text("another\n")
    wrong = here([*words, "--login-password-file", str(login_file)])

    assert without.errors[-1]["facts"]["allowed"] == "password"
    assert (entered.code, entered.summary["folder"], entered.summary["is_unattended"]) == (0, "missing", True)
    assert wrong.errors[-1]["error_class"] == "LoginRefused"
    assert PASSWORD not in entered.out + entered.err
    assert "another" not in wrong.out + wrong.err


@pytest.mark.parametrize(
    ("contents", "mode", "said"),
    [("geheim\n", 0o644, "not for its owner alone"), ("\n", 0o600, "is empty"), (None, 0, "cannot be read")],
)
def test_a_password_file_that_will_not_do_is_named(
    hosted: PasswordServer, tmp_path: Path, contents: str | None, mode: int, said: str
) -> None:
    """With the file and what to do, rather than as a login that was refused."""
    file = tmp_path / "elsewhere"
    if contents is not None:
        file.write_text(contents)
        file.chmod(mode)
    refused = here([*meet(url_of(hosted)), "--login-password-file", str(file)])

    assert said in refused.errors[-1]["message"]
    assert str(file) in refused.errors[-1]["message"]
    assert "gdp key generate" not in refused.errors[-1]["hint"]


@pytest.mark.slow
def test_a_set_logs_in_with_its_password_by_itself(
    gdp: Gdp, hosted: PasswordServer, login_file: Path, source: Path, tmp_path: Path, isolated_home: Path
) -> None:
    """From the set alone, as the daemon runs it: worker processes too. A second set shares the login with the repository."""
    gdp.password_file.chmod(0o600)
    url = url_of(hosted)
    here([*meet(url), "--login-password-file", str(login_file), "--make-folder"])
    common = ["--source", str(source), "--recovery", "nobody"]
    secrets = ["--password-file", str(gdp.password_file), "--login-password-file", str(login_file)]
    added = process(["set", "add", "daten", *common, "--repo", url, *secrets, "--init"])
    saved = process(["--json", "backup", "daten"])
    shared = process(["set", "add", "zwei", *common])
    offered = process([], environment={"_GDP_COMPLETE": "bash_complete", "COMP_WORDS": "gdp ls -S daten ", "COMP_CWORD": "4"})
    restored = process(["restore", "latest", "-S", "daten", "--target", str(tmp_path / "back")])
    login_file.write_text("another\n")
    refused = process(["--json", "snapshots", "-S", "daten"])

    assert added.code == 0, added.err
    assert saved.code == 0, saved.err
    assert shared.code == 0, shared.err
    assert saved.summary["snapshot_id"][:8] in offered.out
    assert restored.code == 0, restored.err
    assert (tmp_path / "back" / source.relative_to("/") / "a.txt").read_text() == "alpha\n"
    assert refused.errors[-1]["error_class"] == "LoginRefused"
    assert f'login-password-file = "{login_file}"' in (isolated_home / "gdp" / "sets" / "zwei.toml").read_text()


def test_what_a_set_knows_is_not_shown_to_another_server(
    gdp: Gdp, hosted: PasswordServer, login_file: Path, isolated_home: Path
) -> None:
    """The password of one server is none of the other's business."""
    gdp.password_file.chmod(0o600)
    values = {
        "source.paths": ["/srv"], "target.repo": "sftp://somebody@127.0.0.1:1/srv", "target.login-password-file": str(login_file),
        "encryption.password-file": str(gdp.password_file), "encryption.recovery-confirmed": True,
    }  # fmt: skip
    SetFiles(isolated_home / "gdp").add("daten", values)
    here(meet(url_of(hosted)))
    refused = here(["--json", "snapshots", "-S", "daten", "--repo", url_of(hosted)])

    assert refused.errors[-1]["error_class"] == "LoginRefused"
    assert "password" not in refused.errors[-1]["facts"]["tried"]


@pytest.mark.peer
def test_a_key_of_the_agent_is_told_from_one_that_is_always_there(
    gdp: Gdp, server: Sshd, isolated_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The agent belongs to whoever is logged in; the service that makes backups has none."""
    socket = isolated_home / "agent"
    (isolated_home / ".ssh" / "config").unlink()
    words = meet(server.url(gdp.repository))
    refused = here(words)
    with agent(socket):
        monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
        subprocess.run(["ssh-add", "-q", str(server.client_key)], check=True, capture_output=True)
        by_agent = here(words)
        said = here([word for word in words if word != "--json"])
        by_file = here([*words, "--login-key-file", str(server.client_key)])

    assert refused.errors[-1]["error_class"] == "LoginRefused"
    assert (by_agent.code, by_agent.summary["is_unattended"]) == (0, False)
    assert "--login-key-file" in said.out
    assert (by_file.code, by_file.summary["is_unattended"]) == (0, True)
