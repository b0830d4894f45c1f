"""The recovery sheet, from the first backup to a new computer: made, typed in again, used; and all that can go wrong."""

import os
import re
import shutil
import stat
import subprocess
import sys
import zlib
from pathlib import Path

import pytest

from gdp.cli.commands import recovery
from gdp.core.errors import StorageFull
from gdp.core.language import N_
from gdp.core.typed_password import read_password
from gdp.settings.sets import SetFiles
from tests.cli.command_line import Gdp, Outcome, here
from tests.cli.test_terminal import talk
from tests.conftest import require_program
from tests.sshd import Sshd


@pytest.fixture
def sets(isolated_home: Path) -> SetFiles:
    """The sets of the user's installation."""
    return SetFiles(isolated_home / "gdp")


@pytest.fixture
def owner(ready: Gdp, source: Path) -> Gdp:
    """A user with a repository and a set whose recovery is not settled."""
    ready.password_file.chmod(0o600)
    made = here(["set", "add", "daten", *ready.options, "--source", str(source), "--host", "server01", "--recovery", "sheet"])
    assert made.code == 0, made.err
    return ready


def sheet(*options: str | Path, name: str = "daten") -> Outcome:
    """Make a sheet."""
    return here(["recovery", "sheet", "--backup-set", name, *map(str, options)])


def text_of(pdf: Path) -> str:
    """Return what is written on the paper, a line each."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf.read_bytes(), re.DOTALL)
    drawn = b"\n".join(map(zlib.decompress, streams))
    lines = re.findall(rb"\((.*)\) Tj", drawn)
    return "\n".join(re.sub(rb"\\([()\\])", rb"\1", line).decode("cp1252") for line in lines)


def password_of(text: str) -> str:
    """Return the password that a sheet shows."""
    found = re.search(r"(?:[2-9A-Z]{5}-){5}[2-9A-Z]{5}", text)
    assert found is not None
    return read_password(found[0])


def confirm(*answers: str, name: str = "daten") -> tuple[int, str]:
    """Type the password in again."""
    return talk(["recovery", "confirm", "--backup-set", name], list(answers))


def test_a_set_runs_once_its_sheet_was_typed_in_again(owner: Gdp, sets: SetFiles, tmp_path: Path) -> None:
    """And not a moment earlier: a sheet that nobody can read is none."""
    pdf = tmp_path / "sheet.pdf"
    before = here(["backup", "daten"])
    made = sheet("--output", pdf)
    assert made.code == 0, made.err
    password = password_of(text_of(pdf))
    still = here(["backup", "daten"])
    code, shown = confirm(password.replace("-", " ").lower())

    assert (before.code, still.code) == (1, 1)
    assert stat.S_IMODE(pdf.stat().st_mode) == 0o600
    assert password not in made.out + made.err
    assert "gdp recovery confirm --backup-set daten" in made.out
    assert code == 0, shown
    assert password[:5].lower() not in shown.lower()
    assert sets.read("daten").encryption.recovery == "sheet"
    assert here(["backup", "daten"]).code == 0
    assert password not in "".join(path.read_text(errors="replace") for path in sets.folder.parent.rglob("*") if path.is_file())


def test_typing_errors_are_named_and_may_be_mended(owner: Gdp, sets: SetFiles, tmp_path: Path) -> None:
    """By their group."""
    sheet("--output", tmp_path / "sheet.pdf")
    password = password_of(text_of(tmp_path / "sheet.pdf"))
    groups = password.split("-")
    swapped = "-".join([groups[0], groups[1], groups[3], groups[2], *groups[4:]])
    wrong = ("2" if password[0] != "2" else "3") + password[1:]
    code, shown = confirm(swapped, wrong, password)

    assert code == 0
    assert shown.index("group 3 of the password has a typing error") < shown.index("group 1 of the password has a typing error")
    assert sets.read("daten").is_active


def test_after_three_errors_nothing_has_changed(owner: Gdp, sets: SetFiles) -> None:
    """The fourth would be as wrong."""
    code, shown = confirm("x", "y", "z")

    assert (code, sets.read("daten").is_active) == (1, False)
    assert "group 1 of the password" in shown


def test_a_password_that_opens_nothing_confirms_nothing(owner: Gdp, sets: SetFiles, tmp_path: Path) -> None:
    """The sheet of another repository, or one whose key was removed."""
    made = sheet("--json", "--output", tmp_path / "sheet.pdf")
    password = password_of(text_of(tmp_path / "sheet.pdf"))
    assert here(["key", "remove", made.summary["id"], *owner.options]).code == 0
    code, shown = confirm(password)

    assert (code, sets.read("daten").is_active) == (1, False)
    assert "does not open this repository" in shown


def test_the_password_of_the_file_is_no_sheet(gdp: Gdp, source: Path, sets: SetFiles, tmp_path: Path) -> None:
    """When the file is lost, it is lost as well; however strong it is, and however right."""
    file = tmp_path / "generated"
    assert here(["key", "generate", str(file)]).code == 0
    options = ["--repo", str(gdp.repository), "--password-file", str(file)]
    assert here(["set", "add", "daten", *options, "--source", str(source), "--recovery", "sheet", "--init"]).code == 0
    code, shown = confirm(file.read_text().strip())

    assert (code, sets.read("daten").is_active) == (1, False)
    assert "not that of a sheet" in shown


def test_one_sheet_settles_all_sets_of_its_repository(owner: Gdp, sets: SetFiles, source: Path, tmp_path: Path) -> None:
    """The password opens the repository and not the set; another repository's set stays as it is."""
    owner.password_file.chmod(0o600)
    for name, repo in (("zweite", owner.repository), ("fremd", tmp_path / "elsewhere")):
        options = ["--repo", str(repo), "--password-file", str(owner.password_file), "--recovery", "sheet"]
        assert here(["set", "add", name, "--source", str(source), *options]).code == 0
    sheet("--output", tmp_path / "sheet.pdf")
    code, shown = confirm(password_of(text_of(tmp_path / "sheet.pdf")))

    assert code == 0
    assert "daten, zweite" in shown
    assert [sets.read(name).is_active for name in ("daten", "zweite", "fremd")] == [True, True, False]


def test_to_do_without_is_a_decision(owner: Gdp, sets: SetFiles) -> None:
    """With a warning that says what is at stake; without a terminal only with --yes."""
    asked = here(["recovery", "decline", "--backup-set", "daten"])
    code, shown = talk(["recovery", "decline", "--backup-set", "daten"], ["n"])
    assert (asked.code, code, sets.read("daten").is_active) == (1, 1, False)
    assert str(owner.password_file) in shown
    assert "not the data centre" in shown
    declined = here(["recovery", "decline", "--backup-set", "daten", "--yes"])

    assert declined.code == 0
    assert "Nobody can open them then" in declined.out
    assert (sets.read("daten").is_active, sets.read("daten").encryption.recovery) == (True, "nobody")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "--output FILE.pdf"),
        (["--show", "--json"], "never hold a password"),
        (["--output", "{there}"], "not overwritten"),
        (["--output", "{missing}/sheet.pdf"], "cannot be written"),
    ],
)
def test_a_sheet_that_can_go_nowhere_leaves_no_key(owner: Gdp, options: list[str], said: str, tmp_path: Path) -> None:
    """A password that nobody has read must not open anything."""
    there = tmp_path / "there.pdf"
    there.write_text("mine")
    keys = sorted(path.name for path in (owner.repository / "keys").iterdir())
    made = sheet(*(option.format(there=there, missing=tmp_path / "missing") for option in options))

    assert made.code == 1
    assert said in made.err
    assert sorted(path.name for path in (owner.repository / "keys").iterdir()) == keys
    assert there.read_text() == "mine"


def test_a_disk_that_is_full_leaves_neither_key_nor_paper(owner: Gdp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a sheet would be trusted like a whole one."""

    def full(*_: object) -> None:
        raise StorageFull(N_("no room"))

    monkeypatch.setattr(recovery, "write_new_secret", full)
    keys = sorted(path.name for path in (owner.repository / "keys").iterdir())
    made = sheet("--output", tmp_path / "sheet.pdf")

    assert made.code == 1
    assert not (tmp_path / "sheet.pdf").exists()
    assert sorted(path.name for path in (owner.repository / "keys").iterdir()) == keys


def test_the_terminal_shows_what_the_paper_shows(owner: Gdp, tmp_path: Path) -> None:
    """For a computer without a printer: everything fits 80 columns where addresses let it."""
    shown = sheet("--show", "--output", tmp_path / "sheet.pdf").out
    paper = text_of(tmp_path / "sheet.pdf")

    assert password_of(shown) == password_of(paper)
    for word in ("Recovery sheet", "server01", "daten", "Restore without us"):
        assert word in shown
        assert word in paper
    assert "▀" in shown
    assert max(len(line) for line in shown.splitlines() if str(tmp_path) not in line) <= 80


def test_the_sheet_is_in_the_readers_language(owner: Gdp, tmp_path: Path) -> None:
    """All of it."""
    made = sheet("--show", "--output", tmp_path / "sheet.pdf", "--language", "de")
    paper = text_of(tmp_path / "sheet.pdf")

    for word in ("Wiederherstellungsblatt", "Ohne uns wiederherstellen", "Passwort"):
        assert word in made.out
        assert word in paper
    assert "Seite 1 von 1" in paper
    assert not re.search(r"\b(the|and|with|sheet)\b", paper)  # "of" may be in the path


def test_without_a_set_nothing_can_be_said_about_recovery(ready: Gdp) -> None:
    """A repository alone has no place where that is kept."""
    for words in (["sheet", "--show"], ["confirm"], ["decline", "--yes"]):
        refused = ready("recovery", *words)
        assert refused.code == 1
        assert "no backup set was named" in refused.err


@pytest.mark.peer
def test_restic_restores_by_the_printed_command(owner: Gdp, source: Path, tmp_path: Path) -> None:
    """Without us: the password as printed, the command as printed but for the folder to restore to."""
    restic = require_program("restic")
    sheet("--output", tmp_path / "sheet.pdf")
    paper = text_of(tmp_path / "sheet.pdf")
    assert confirm(password_of(paper))[0] == 0
    assert here(["backup", "daten"]).code == 0
    [printed] = re.findall(r"^restic .*(?:\\\n .*)*restore(?:.*\\\n .*)*.*$", paper.split("snapshots\n")[1], re.MULTILINE)
    line = printed.replace("/srv/restored", str(tmp_path / "restored")).replace("restic", f"{restic} --no-cache", 1)
    password = re.search(r"(?:[2-9A-Z]{5}-){5}[2-9A-Z]{5}", paper)
    assert password is not None
    ended = subprocess.run(
        ["sh", "-c", line], env={**os.environ, "RESTIC_PASSWORD": password[0]}, capture_output=True, text=True, check=False
    )

    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "restored" / str(source)[1:] / "a.txt").read_text() == "alpha\n"


def test_a_new_computer_recovers_from_a_folder(owner: Gdp, source: Path, tmp_path: Path, isolated_home: Path) -> None:
    """Address and password typed; then the next commands as they are shown."""
    sheet("--output", tmp_path / "sheet.pdf")
    password = password_of(text_of(tmp_path / "sheet.pdf"))
    assert confirm(password)[0] == 0
    assert here(["backup", "daten"]).code == 0
    shutil.rmtree(isolated_home / "gdp")
    code, shown = talk(["recover"], [password.lower(), str(owner.repository)])
    assert code == 0, shown
    [environment] = (isolated_home / "gdp" / "recovery").glob("*/environment")
    kept = environment.with_name("password")
    script = f". '{environment}'; gdp snapshots && gdp restore latest --host server01 --target '{tmp_path / 'out'}'"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    ended = subprocess.run(["sh", "-c", script], env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)

    assert str(environment) in shown
    assert password.lower() not in shown.lower()
    assert kept.read_text().strip() == password
    assert {stat.S_IMODE(file.stat().st_mode) for file in (environment, kept)} == {0o600}
    assert stat.S_IMODE(kept.parent.stat().st_mode) == 0o700
    assert ended.returncode == 0, ended.stderr
    assert (tmp_path / "out" / str(source)[1:] / "a.txt").read_text() == "alpha\n"


def test_recover_without_a_terminal(owner: Gdp, tmp_path: Path, isolated_home: Path) -> None:
    """The password of the sheet in a file; what is missing or wrong is said, and nothing is written."""
    sheet("--output", tmp_path / "sheet.pdf")
    file = tmp_path / "typed"
    file.write_text(password_of(text_of(tmp_path / "sheet.pdf")).replace("-", " "))
    repo = ["--repo", str(owner.repository)]
    shutil.rmtree(isolated_home / "gdp")
    assert "no terminal" in here(["recover", *repo]).err
    assert "Give --repo" in here(["recover", "--password-file", str(file)]).err
    assert "group 1" in here(["recover", *repo, "--password-file", str(owner.password_file)]).err
    other = tmp_path / "other"
    assert here(["key", "generate", str(other)]).code == 0
    assert here(["recover", *repo, "--password-file", str(other)]).code == 12
    assert not (isolated_home / "gdp" / "recovery").exists()
    assert here(["recover", *repo, "--password-file", str(file), "--host-key", "MD5:x"]).code == 1
    for _ in range(2):  # an attempt more does no harm
        assert here(["recover", *repo, "--password-file", str(file)]).code == 0


@pytest.mark.peer
def test_a_new_computer_recovers_from_a_server_by_the_code(
    server: Sshd, gdp: Gdp, source: Path, sets: SetFiles, tmp_path: Path, isolated_home: Path
) -> None:
    """The code knows address and host key; a server with another key is refused, before anything is sent to it."""
    gdp.password_file.chmod(0o600)
    config = isolated_home / ".ssh" / "config"
    key_line = config.read_text()
    alias = f"Host far\n  HostName 127.0.0.1\n  Port {server.port}\n  User {server.user}\n{key_line}"
    config.write_text(alias)
    options = ["--repo", f"sftp://far{tmp_path / 'far'}", "--password-file", str(gdp.password_file)]
    assert here(["set", "add", "daten", *options, "--source", str(source), "--recovery", "sheet", "--init"]).code == 0
    made = sheet("--output", tmp_path / "sheet.pdf")
    assert made.code == 0, made.err
    paper = text_of(tmp_path / "sheet.pdf")
    config.write_text(key_line)  # the new computer knows no alias
    shutil.rmtree(sets.folder.parent)
    fingerprint = subprocess.run(
        ["ssh-keygen", "-l", "-f", f"{server.host_key}.pub"], capture_output=True, text=True, check=True
    ).stdout.split()[1]
    assert fingerprint in paper
    assert server.url(tmp_path / "far") in "".join(paper.split())  # long ones are in several lines
    code = tmp_path / "code"
    wrong = "ssh-ed25519 SHA256:" + "A" * 43
    query = f"gdp-recovery:1?password={password_of(paper)}&repo={server.url(tmp_path / 'far')}&host-key="
    code.write_text(query + wrong.replace(" ", "%20"))
    refused = here(["recover", "--password-file", str(code)])
    assert refused.code == 1
    assert "was announced" in refused.err
    code.write_text(query + f"ssh-ed25519%20{fingerprint}")
    recovered = here(["recover", "--password-file", str(code)])

    assert recovered.code == 0, recovered.err
    assert here(["recover", "--password-file", str(code), "--host-key", wrong]).code == 1


@pytest.mark.peer
def test_restic_restores_from_a_server_by_the_printed_command(
    server: Sshd, gdp: Gdp, source: Path, tmp_path: Path, isolated_home: Path
) -> None:
    """With a port in the address, which restic writes in a way of its own."""
    restic = require_program("restic")
    gdp.password_file.chmod(0o600)
    options = ["--repo", server.url(tmp_path / "far"), "--password-file", str(gdp.password_file)]
    assert here(["set", "add", "daten", *options, "--source", str(source), "--recovery", "sheet", "--init"]).code == 0
    paper = sheet("--show").out
    password = re.search(r"(?:[2-9A-Z]{5}-){5}[2-9A-Z]{5}", paper)
    assert password is not None
    assert confirm(password[0])[0] == 0
    assert here(["backup", "daten"]).code == 0
    tools = tmp_path / "tools"
    tools.mkdir()
    trusting = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR"
    (tools / "ssh").write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -i {server.client_key} {trusting} "$@"\n')
    (tools / "ssh").chmod(0o755)
    (tools / "restic").write_text(f'#!/bin/sh\nexec {restic} --no-cache "$@"\n')
    (tools / "restic").chmod(0o755)
    command = paper[paper.index("    restic ") : paper.index("If this sheet")].replace("/srv/restored", str(tmp_path / "out"))
    environment = {**os.environ, "RESTIC_PASSWORD": password[0], "PATH": f"{tools}:{os.environ['PATH']}"}
    ended = subprocess.run(["sh", "-ec", command], env=environment, capture_output=True, text=True, check=False)

    assert ended.returncode == 0, ended.stderr
    assert "set:daten" in ended.stdout
    assert (tmp_path / "out" / str(source)[1:] / "a.txt").read_text() == "alpha\n"


def test_a_front_end_shows_the_sheet_and_hands_on_what_was_typed(owner: Gdp, sets: SetFiles, tmp_path: Path) -> None:
    """It has no terminal; the page goes through a file that only its owner can read, the answer through a pipe."""
    text, pdf = tmp_path / "sheet.txt", tmp_path / "sheet.pdf"
    made = sheet("--json", "--text", text, "--output", pdf)
    assert made.code == 0, made.err
    password = password_of(text.read_text())
    words = [sys.executable, "-m", "gdp", "recovery", "confirm", "--stdin", "-S", "daten"]
    wrong = subprocess.run(words, input="23456-" * 6, capture_output=True, text=True, check=False)
    still_inactive = not sets.read("daten").is_active
    right = subprocess.run(words, input=f"{password.lower()}\n", capture_output=True, text=True, check=False)

    assert stat.S_IMODE(text.stat().st_mode) == 0o600
    assert password == password_of(text_of(pdf))
    assert password not in made.out + made.err
    assert (wrong.returncode, still_inactive) == (1, True)
    assert right.returncode == 0, right.stderr
    assert sets.read("daten").is_active


def test_of_a_sheet_that_cannot_be_shown_nothing_is_left(owner: Gdp, tmp_path: Path) -> None:
    """A PDF whose key is gone again would be believed."""
    pdf = tmp_path / "sheet.pdf"
    failed = sheet("--json", "--output", pdf, "--text", tmp_path / "nowhere" / "sheet.txt")

    assert failed.code == 1
    assert not pdf.exists()
    assert owner("--json", "key", "list").summary["keys"] == 1
