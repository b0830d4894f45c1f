"""What a recovery sheet says to programs: its code, and restic's commands."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gdp.core.errors import BadInput
from gdp.core.typed_password import make_password
from gdp.model.recovery_sheet import RecoverySheet, read_qr_text, restic_address
from gdp.model.target import parse_target

WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(str.strip)


@given(WORDS, WORDS, st.sampled_from(["/srv/b", "sftp://u@h:2222/srv/a%20b", "sftp://u@[2001:db8::1]/x", "sftp:u@h:rel"]))
def test_the_code_says_what_the_sheet_says(set_name: str, host: str, address: str) -> None:
    """On one line, whatever the names are: it is typed or pasted where a password is asked for."""
    sheet = RecoverySheet(
        password=make_password(), repo=parse_target(address), host_key="ssh-ed25519 SHA256:a+/b", set_name=set_name, host=host
    )
    found = read_qr_text(sheet.qr_text + "\n")

    assert sheet.qr_text.isascii()
    assert sheet.qr_text.isprintable()
    assert (found.password, found.repo, found.host_key) == (sheet.password, sheet.repo, sheet.host_key)
    assert (found.set_name, found.host) == (set_name, host)


def test_a_plus_sign_is_one() -> None:
    """Fingerprints have some, and whoever writes the line by hand does not encode them."""
    assert read_qr_text("gdp-recovery:1?password=x&repo=/y&host-key=SHA256:a+b").host_key == "SHA256:a+b"


@pytest.mark.parametrize("text", ["gdp-recovery:2?password=x&repo=/y", "gdp-recovery:1?repo=/y", "gdp-recovery:1?password=x", ""])
def test_a_code_that_is_not_whole_is_refused(text: str) -> None:
    """And nothing of it is shown."""
    with pytest.raises(BadInput):
        read_qr_text(text)


@pytest.mark.parametrize(
    ("ours", "restics"),
    [
        ("/srv/backup", "/srv/backup"),
        ("sftp://u@h/srv/backup", "sftp:u@h:/srv/backup"),
        ("sftp://u@h:22/srv/backup", "sftp:u@h:/srv/backup"),
        ("sftp://u@h:2222/srv/backup", "sftp://u@h:2222//srv/backup"),
        ("sftp://u@[2001:db8::1]/srv", "sftp://u@[2001:db8::1]//srv"),
        ("sftp://u@h:2222/a%20b", "sftp://u@h:2222//a%20b"),
        ("sftp://h:2222/", "sftp://h:2222//"),
        ("sftp:u@h:backup", "sftp:u@h:backup"),
    ],
)
def test_addresses_are_restics(ours: str, restics: str) -> None:
    """In its URLs a folder from the root has two slashes; with one it lies in the login folder."""
    assert restic_address(parse_target(ours)) == restics


@settings(max_examples=40)  # each starts a shell
@given(st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=20))
def test_a_shell_reads_the_words_that_are_meant(name: str) -> None:
    """Also names that paper cannot show."""
    sheet = RecoverySheet(
        password="x", repo=parse_target("/srv/b"), host="h", tag="set:" + name.encode("utf-8", "replace").decode()
    )
    [word] = [word for word in sheet.restic_commands[1] if "set:" in word]

    assert word.isascii()
    assert word.isprintable()
    said = subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True).stdout
    assert said.decode() == sheet.tag


def test_a_sheet_never_shows_its_password_by_accident() -> None:
    """A log, a traceback, a debugger."""
    sheet = RecoverySheet(password=make_password(), repo=parse_target("/srv/b"))

    assert sheet.password not in f"{sheet} {sheet!r}"
