"""Escrow, from a pair of keys to a new computer: made, sealed, sent, opened, used; and all that can go wrong."""

import base64
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from gdp.cli.commands import escrow
from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.settings.sets import SetFiles
from tests.cli.command_line import Gdp, Outcome, here
from tests.conftest import require_program
from tests.sshd import Sshd


@pytest.fixture
def sets(isolated_home: Path) -> SetFiles:
    """The sets of the user's installation."""
    return SetFiles(isolated_home / "gdp")


@pytest.fixture
def owner(ready: Gdp, source: Path) -> Gdp:
    """A user with a repository and a set that wants escrow."""
    ready.password_file.chmod(0o600)
    made = here(["set", "add", "daten", *ready.options, "--source", str(source), "--host", "server01", "--recovery", "escrow"])
    assert made.code == 0, made.err
    return ready


@pytest.fixture
def key(tmp_path: Path) -> Path:
    """The private key of a receiver; the public one lies beside it."""
    file = tmp_path / "receiver"
    assert here(["recovery", "new-escrow-key", str(file)]).code == 0
    return file


def seal(key: Path, output: Path, *more: str) -> Outcome:
    return here(["recovery", "escrow", "-S", "daten", "--to-key", f"{key}.pub", "--output", str(output), *more])


def open_it(sealed: Path, key: Path, output: Path, *more: str) -> Outcome:
    return here(["recovery", "open-escrow", str(sealed), "--key", str(key), "--output", str(output), *more])


def keys_of(gdp: Gdp) -> list[str]:
    return sorted(path.name for path in (gdp.repository / "keys").iterdir())


def test_a_set_runs_once_its_password_is_sealed(owner: Gdp, sets: SetFiles, key: Path, tmp_path: Path) -> None:
    """And not a moment earlier. What was sealed is shown nowhere, and lies nowhere."""
    before = here(["backup", "daten"])
    sealed = tmp_path / "sealed"
    made = seal(key, sealed, "-v")
    after = here(["backup", "daten"])
    opened = open_it(sealed, key, tmp_path / "opened")
    password = (tmp_path / "opened").read_text().partition("password=")[2].partition("&")[0]

    assert (before.code, made.code, after.code, opened.code) == (1, 0, 0, 0), made.err + opened.err
    assert "gdp recovery escrow -S daten" in before.err
    assert sets.read("daten").encryption.recovery == "escrow"
    assert len(password) == 35
    assert password not in made.out + made.err + opened.out + opened.err + sealed.read_text()
    assert base64.b64encode(password.encode()).decode()[:20] not in sealed.read_text()
    assert password not in "".join(path.read_text(errors="replace") for path in sets.folder.parent.rglob("*") if path.is_file())
    assert len(keys_of(owner)) == 2


def test_the_receiver_restores_on_a_new_computer(
    owner: Gdp, source: Path, key: Path, tmp_path: Path, isolated_home: Path
) -> None:
    """With what the file holds and nothing else; after a mail program has changed its lines."""
    sealed, opened = tmp_path / "sealed", tmp_path / "opened"
    assert seal(key, sealed).code == 0
    assert here(["backup", "daten"]).code == 0
    sealed.write_bytes(b"\xef\xbb\xbf" + sealed.read_bytes().replace(b"\n", b"  \r\n") + b"\r\n\r\n")
    shutil.rmtree(isolated_home / "gdp")
    shown = open_it(sealed, key, opened)
    recovered = here(["recover", "--password-file", str(opened)])
    [environment] = (isolated_home / "gdp" / "recovery").glob("*/environment")
    password = environment.with_name("password")
    restored = here(
        [
            "restore",
            "latest",
            "--repo",
            str(owner.repository),
            "--password-file",
            str(password),
            "--target",
            str(tmp_path / "out"),
        ]
    )

    assert (shown.code, recovered.code, restored.code) == (0, 0, 0), shown.err + recovered.err + restored.err
    assert stat.S_IMODE(opened.stat().st_mode) == 0o600
    for word in (str(owner.repository), "server01", "daten", "gdp recover --password-file"):
        assert word in shown.out
    assert (tmp_path / "out" / str(source)[1:] / "a.txt").read_text() == "alpha\n"


def test_the_key_can_be_taken_back(owner: Gdp, key: Path, tmp_path: Path) -> None:
    """By its name, which stands in the file and in what was shown."""
    made = seal(key, tmp_path / "sealed", "--json").summary
    open_it(tmp_path / "sealed", key, tmp_path / "opened")
    removed = owner("key", "remove", made["id"])
    recovered = here(["recover", "--password-file", str(tmp_path / "opened")])

    assert (removed.code, recovered.code) == (0, 12)
    assert f"key: {made['id']}" in (tmp_path / "sealed").read_text()
    assert made["sets"] == ["daten"]


def test_records_hold_no_secret(owner: Gdp, key: Path, tmp_path: Path) -> None:
    made = seal(key, tmp_path / "sealed", "--json")
    opened = open_it(tmp_path / "sealed", key, tmp_path / "opened", "--json")
    pair = here(["--json", "recovery", "new-escrow-key", str(tmp_path / "another")])
    password = (tmp_path / "opened").read_text().partition("password=")[2].partition("&")[0]

    assert password not in made.out + made.err + opened.out + opened.err
    assert opened.summary["repository"] == str(owner.repository)
    assert set(pair.summary) == {"message_type", "private", "public", "fingerprint"}
    assert "PRIVATE" not in pair.out


def test_the_keys_are_those_of_openssl(key: Path, tmp_path: Path, owner: Gdp) -> None:
    """Nobody has to trust a private format; and the private one is for its owner alone."""
    openssl = require_program("openssl")
    public = subprocess.run([openssl, "pkey", "-in", key, "-pubout"], capture_output=True, text=True, check=True).stdout
    theirs = tmp_path / "theirs"
    subprocess.run([openssl, "genpkey", "-algorithm", "X25519", "-out", theirs], check=True)
    theirs.chmod(0o600)
    subprocess.run([openssl, "pkey", "-in", theirs, "-pubout", "-out", f"{theirs}.pub"], check=True)

    assert public == Path(f"{key}.pub").read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert seal(theirs, tmp_path / "sealed").code == 0
    assert open_it(tmp_path / "sealed", theirs, tmp_path / "opened").code == 0


def test_another_key_opens_nothing_and_says_which_would(owner: Gdp, key: Path, tmp_path: Path) -> None:
    seal(key, tmp_path / "sealed")
    other = here(["--json", "recovery", "new-escrow-key", str(tmp_path / "other")]).summary["fingerprint"]
    refused = open_it(tmp_path / "sealed", tmp_path / "other", tmp_path / "opened")

    assert refused.code == 1
    assert other in refused.err
    assert "is sealed to the key SHA256:" in refused.err
    assert not (tmp_path / "opened").exists()


def test_every_change_of_the_file_is_noticed(owner: Gdp, key: Path, tmp_path: Path) -> None:
    """Also of what is readable: nobody may pass the file of one computer off as that of another."""
    sealed = tmp_path / "sealed"
    seal(key, sealed)
    text = sealed.read_text()
    body = text.index("-----BEGIN") + 30
    place = body + 100
    changes = {
        "computer": text.replace("computer: server01", "computer: server02"),
        "byte": text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :],
        "cut": text[: body + 64] + text[text.index("\n-----END") :],
        "end": text.partition("-----END")[0],
        "base64": text[:place] + "!" + text[place + 1 :],
        "line": text.replace("set: daten\n", ""),
    }
    said = {}
    for name, changed in changes.items():
        sealed.write_text(changed)
        outcome = open_it(sealed, key, tmp_path / "opened")
        said[name] = (outcome.code, "was changed, or is not whole" in outcome.err)

    assert said == dict.fromkeys(changes, (1, True))
    assert not (tmp_path / "opened").exists()


def test_what_is_no_sealed_sheet_is_named(owner: Gdp, key: Path, tmp_path: Path) -> None:
    """A stranger's file, one of a version to come, one that is missing."""
    sealed = tmp_path / "sealed"
    seal(key, sealed)
    newer = tmp_path / "newer"
    newer.write_text(sealed.read_text().replace("GDP escrow 1", "GDP escrow 2"))
    stranger = tmp_path / "stranger"
    stranger.write_bytes(os.urandom(500))

    assert "newer version" in open_it(newer, key, tmp_path / "opened").err
    assert f"{stranger}: this is no sealed recovery sheet" in open_it(stranger, key, tmp_path / "opened").err
    assert "cannot be read" in open_it(tmp_path / "missing", key, tmp_path / "opened").err


def test_what_is_no_key_is_named_and_makes_nothing(owner: Gdp, sets: SetFiles, key: Path, tmp_path: Path) -> None:
    """Among them the private key, which must not travel, and one that others can read."""
    keys = keys_of(owner)
    (tmp_path / "rubbish.pub").write_text("ssh-ed25519 AAAA")
    (tmp_path / "private.pub").write_bytes(key.read_bytes())
    subprocess.run(
        [require_program("openssl"), "genpkey", "-algorithm", "ed25519", "-out", tmp_path / "ed"], check=True, capture_output=True
    )
    subprocess.run(
        [require_program("openssl"), "pkey", "-in", tmp_path / "ed", "-pubout", "-out", tmp_path / "ed.pub"], check=True
    )
    said = {name: seal(tmp_path / name, tmp_path / "sealed").err for name in ("rubbish", "private", "ed", "missing")}
    assert seal(key, tmp_path / "sealed").code == 0
    key.chmod(0o644)
    readable = open_it(tmp_path / "sealed", key, tmp_path / "opened")
    key.chmod(0o600)
    public = Path(f"{key}.pub")
    public.chmod(0o600)
    wrong_half = open_it(tmp_path / "sealed", public, tmp_path / "opened")

    assert "no key in PEM format" in said["rubbish"]
    assert "only the public one is needed" in said["private"]
    assert "X25519 is needed" in said["ed"]
    assert "cannot be read" in said["missing"]
    assert "chmod 600" in readable.err
    assert "opens nothing" in wrong_half.err
    assert len(keys_of(owner)) == len(keys) + 1


def test_a_key_that_was_exchanged_is_refused(owner: Gdp, sets: SetFiles, key: Path, tmp_path: Path) -> None:
    """The one who sends the key may not be who he says."""
    keys = keys_of(owner)
    refused = seal(key, tmp_path / "sealed", "--fingerprint", "SHA256:" + "A" * 43)

    assert (refused.code, keys_of(owner), sets.read("daten").is_active) == (1, keys, False)
    assert "exchanged the key" in refused.err


def test_nothing_is_overwritten(owner: Gdp, sets: SetFiles, key: Path, tmp_path: Path) -> None:
    """Neither a key, without which others would be lost, nor what was sealed before."""
    keys = keys_of(owner)
    there = tmp_path / "there"
    there.write_text("mine")
    half = tmp_path / "half"
    Path(f"{half}.pub").write_text("mine")
    answers = [
        seal(key, there),
        here(["recovery", "new-escrow-key", str(there)]),
        here(["recovery", "new-escrow-key", str(half)]),
    ]
    before = key.read_bytes()
    answers.append(here(["recovery", "new-escrow-key", str(key)]))

    assert [answer.code for answer in answers] == [1] * 4
    assert (there.read_text(), Path(f"{half}.pub").read_text(), key.read_bytes()) == ("mine", "mine", before)
    assert not half.exists()
    assert (keys_of(owner), sets.read("daten").is_active) == (keys, False)


def test_a_disk_that_is_full_leaves_no_key_and_no_settled_set(
    owner: Gdp, sets: SetFiles, key: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A password that nobody holds must not open anything."""

    def full(*_: object) -> None:
        raise BadInput(N_("no room"))

    monkeypatch.setattr(escrow, "write_new_secret", full)
    keys = keys_of(owner)
    made = seal(key, tmp_path / "sealed")

    assert made.code == 1
    assert (keys_of(owner), sets.read("daten").is_active) == (keys, False)


def test_one_seal_settles_all_sets_of_its_repository(owner: Gdp, sets: SetFiles, source: Path, key: Path, tmp_path: Path) -> None:
    for name, repo in (("zweite", owner.repository), ("fremd", tmp_path / "elsewhere")):
        options = ["--repo", str(repo), "--password-file", str(owner.password_file), "--recovery", "escrow"]
        assert here(["set", "add", name, "--source", str(source), *options]).code == 0
    assert seal(key, tmp_path / "sealed").code == 0

    assert [sets.read(name).is_active for name in ("daten", "zweite", "fremd")] == [True, True, False]


@pytest.mark.peer
def test_a_server_is_found_with_its_host_key(
    server: Sshd, gdp: Gdp, source: Path, sets: SetFiles, key: Path, tmp_path: Path
) -> None:
    """The file says which one it must show."""
    gdp.password_file.chmod(0o600)
    options = ["--repo", server.url(tmp_path / "far"), "--password-file", str(gdp.password_file)]
    assert here(["set", "add", "daten", *options, "--source", str(source), "--recovery", "escrow", "--init"]).code == 0
    assert seal(key, tmp_path / "sealed").code == 0
    shutil.rmtree(sets.folder.parent)
    opened = open_it(tmp_path / "sealed", key, tmp_path / "opened")
    recovered = here(["recover", "--password-file", str(tmp_path / "opened")])
    wrong = "ssh-ed25519 SHA256:" + "A" * 43
    refused = here(["recover", "--password-file", str(tmp_path / "opened"), "--host-key", wrong])

    assert (opened.code, recovered.code, refused.code) == (0, 0, 1), opened.err + recovered.err
    assert "ssh-ed25519 SHA256:" in opened.out
    assert "was announced" in refused.err


def test_it_is_noted_to_whom_and_with_which_key(owner: Gdp, sets: SetFiles, key: Path, tmp_path: Path) -> None:
    """Years later somebody asks who can open the backups; the set has the answer, and forgets it when nobody is to."""
    made = here(["--json", "recovery", "escrow", "-S", "daten", "--to-key", f"{key}.pub", "--output", str(tmp_path / "sealed")])
    noted = sets.read("daten").encryption
    shared = here(["set", "add", "fotos", "--source", str(tmp_path)])
    others = sets.read("fotos").encryption
    declined = here(["recovery", "decline", "-S", "daten", "--yes"])
    forgotten = sets.read("daten").encryption

    assert (made.code, shared.code, declined.code) == (0, 0, 0), shared.err
    assert noted.sealed_to == made.summary["fingerprint"]
    assert noted.recovery_key == made.summary["id"]
    assert noted.recovery_key in keys_of(owner)
    assert others == noted
    assert (forgotten.sealed_to, forgotten.recovery_key) == ("", "")
