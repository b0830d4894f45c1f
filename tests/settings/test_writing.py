"""Settings files are changed key by key and replaced whole."""

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gdp.core.errors import BadInput, BadSettings, GdpError
from gdp.settings.editing import change
from gdp.settings.files import only_writer
from gdp.settings.sets import SetFiles, written_values
from tests.settings.files import HAND_WRITTEN, VALUES


@pytest.fixture
def sets(tmp_path: Path) -> SetFiles:
    """An installation without sets. Whoever waits for a lock would wait in vain."""
    return SetFiles(tmp_path / "home", lock_seconds=0.0)


def put(sets: SetFiles, text: str, name: str = "daten") -> Path:
    """Write a set as a user would in an editor."""
    sets.folder.mkdir(parents=True, exist_ok=True)
    path = sets.path(name)
    path.write_bytes(text.encode())
    path.chmod(0o600)
    return path


def mode(path: Path) -> int:
    """Return the permission bits."""
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_set_explains_itself_and_says_what_was_given(sets: SetFiles) -> None:
    """Whoever opens the file understands it without the documents."""
    made = sets.add("daten", {**VALUES, "report": [{"to": "a@example.com"}, {"to": "b@example.com", "mode": "daily"}]})
    text = sets.text("daten")

    assert made == sets.read("daten")
    assert {name: written_values(made)[name] for name in VALUES} == VALUES
    assert [one.to for one in made.report] == ["a@example.com", "b@example.com"]
    for section in ("source", "target", "encryption", "schedule", "retention", "bandwidth"):
        before, _, _ = text.partition(f"\n[{section}]\n")
        assert before.splitlines()[-1].startswith("# "), section
    assert '# when = ["daily 02:30"]' in text


def test_the_comments_are_in_the_language_of_whoever_makes_it(sets: SetFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """German first."""
    monkeypatch.setenv("GDP_LANGUAGE", "de")
    sets.add("daten", VALUES)

    assert "# Was gesichert wird" in sets.text("daten")


def test_what_stands_there_as_an_example_is_right(sets: SetFiles) -> None:
    """Whoever takes the # away must not meet an error."""
    sets.add("daten", VALUES)
    put(sets, re.sub(r"^# (?=\[|[a-z-]+ = )", "", sets.text("daten"), flags=re.MULTILINE))

    assert sets.read("daten").schedule.when


def test_only_the_owner_may_look(sets: SetFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths, addresses and commands are nobody else's business, whatever the umask."""
    old = os.umask(0)
    try:
        sets.add("daten", VALUES)
        sets.change("daten", {"retention.keep-daily": 7})
    finally:
        os.umask(old)

    assert (mode(sets.path("daten")), mode(sets.folder), mode(sets.folder.parent)) == (0o600, 0o700, 0o700)


CHANGES = [
    ("target.repo", "/srv/other", "repo = '/srv/backup' ", 'repo = "/srv/other" '),
    ("source.exclude-caches", False, "exclude-caches = true", "exclude-caches = false"),
    ("source.exclude", ["*.iso"], "exclude-caches = true\n", 'exclude-caches = true\nexclude = ["*.iso"]\n'),
    ("encryption.recovery", "sheet", '/password"\n', '/password"\nrecovery = "sheet"\n'),
    ("source.exclude-caches", None, "exclude-caches = true\n", ""),
]


@pytest.mark.parametrize(("name", "value", "old", "new"), CHANGES)
def test_a_change_leaves_all_else_as_it_is(name: str, value: object, old: str, new: str) -> None:
    """Byte for byte: comments, order, quotes, blank lines and line ends are the user's."""
    assert HAND_WRITTEN.count(old) == 1

    assert change(HAND_WRITTEN, {name: value}) == HAND_WRITTEN.replace(old, new)


def test_a_section_that_is_not_there_is_made(sets: SetFiles) -> None:
    """And all that was there stays."""
    changed = change(HAND_WRITTEN, {"retention.keep-daily": 7, "retention.keep-last": 2})

    assert "[retention]\nkeep-daily = 7\nkeep-last = 2\n" in changed
    for line in HAND_WRITTEN.splitlines():
        assert line in changed.splitlines()


def test_a_list_that_is_the_same_keeps_its_comments() -> None:
    """Scripts set what is set already, every night."""
    assert change(HAND_WRITTEN, {"source.paths": ["/etc", "/srv/daten"]}) == HAND_WRITTEN


def test_a_new_key_stands_below_the_comments_of_its_section(sets: SetFiles) -> None:
    """And not in the next section's."""
    sets.add("daten", VALUES)
    sets.change("daten", {"conditions.mains-power": True})

    below = sets.text("daten").partition("[conditions]\n")[2]
    assert below.startswith("# target-reachable = true\n# mains-power = false\nmains-power = true\n\n# ")


def test_a_set_that_would_be_wrong_is_not_written(sets: SetFiles) -> None:
    """The old one goes on."""
    path = put(sets, HAND_WRITTEN)
    with pytest.raises(BadSettings):
        sets.change("daten", {"target.compression": "best"})

    assert path.read_bytes() == HAND_WRITTEN.encode()


def test_what_is_wrong_can_be_changed_to_what_is_right(sets: SetFiles) -> None:
    """The command that is named in the message must work."""
    put(sets, HAND_WRITTEN.replace("exclude-caches = true", 'exclude-caches = "true"'))
    sets.change("daten", {"source.exclude-caches": True})

    assert sets.text("daten") == HAND_WRITTEN


def test_a_set_is_made_once(sets: SetFiles) -> None:
    """Add never overwrites, not even a file that is wrong."""
    path = put(sets, "wrong")
    with pytest.raises(BadInput, match="already"):
        sets.add("daten", VALUES)

    assert path.read_text() == "wrong"


def test_two_writers_do_not_meet(sets: SetFiles) -> None:
    """The second one is told; nothing is lost."""
    sets.add("daten", VALUES)
    with only_writer(sets.folder), pytest.raises(BadInput, match="another program is changing"):
        sets.change("daten", {"retention.keep-daily": 7})

    assert sets.change("daten", {"retention.keep-daily": 7}).retention.keep_daily == 7


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    """Each changes a key of its own, all at once: every change is there in the end."""
    sets = SetFiles(tmp_path / "home")
    sets.add("daten", VALUES)
    rules = ("last", "hourly", "daily", "weekly", "monthly", "yearly")
    code = (
        "import sys; from pathlib import Path; from gdp.settings.sets import SetFiles; "
        "SetFiles(Path(sys.argv[1])).change('daten', {f'retention.keep-{sys.argv[2]}': int(sys.argv[3])})"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "home"), rule, str(number)])
        for number, rule in enumerate(rules, 1)
    ]

    assert [process.wait() for process in running] == [0] * len(rules)
    retention = sets.read("daten").retention
    assert [getattr(retention, f"keep_{rule}") for rule in rules] == [1, 2, 3, 4, 5, 6]


def test_a_text_that_somebody_else_changed_meanwhile_is_not_overwritten(sets: SetFiles) -> None:
    """An editor is open for hours."""
    put(sets, HAND_WRITTEN)
    sets.change("daten", {"retention.keep-daily": 7})
    with pytest.raises(BadInput, match="somebody else meanwhile"):
        sets.replace("daten", HAND_WRITTEN + "# more\n", was=HAND_WRITTEN)

    assert sets.read("daten").retention.keep_daily == 7


def test_a_full_disk_leaves_the_old_file(sets: SetFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor anything half written beside it."""
    path = put(sets, HAND_WRITTEN)

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(GdpError, match="No space left"):
        sets.change("daten", {"retention.keep-daily": 7})

    assert path.read_bytes() == HAND_WRITTEN.encode()
    assert sorted(entry.name for entry in sets.folder.iterdir()) == [".lock", "daten.toml"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_said(sets: SetFiles) -> None:
    """With what to do."""
    put(sets, HAND_WRITTEN)
    sets.folder.chmod(0o500)
    with pytest.raises(GdpError, match="cannot be written") as caught:
        sets.change("daten", {"retention.keep-daily": 7})
    sets.folder.chmod(0o700)

    assert "--home" in caught.value.hint


def test_a_folder_that_is_a_file_is_said(tmp_path: Path) -> None:
    """Root meets this one as well."""
    (tmp_path / "home").write_text("")
    with pytest.raises(GdpError, match="cannot be written"):
        SetFiles(tmp_path / "home").add("daten", VALUES)


def test_links_are_followed_and_stay(tmp_path: Path) -> None:
    """A home on another disk, a set kept under version control: the link is not replaced by a file."""
    real = tmp_path / "real"
    real.mkdir()
    (tmp_path / "home").symlink_to(real)
    sets = SetFiles(tmp_path / "home")
    sets.add("daten", VALUES)
    kept = tmp_path / "kept.toml"
    os.rename(sets.path("daten"), kept)
    sets.path("daten").symlink_to(kept)
    sets.change("daten", {"retention.keep-daily": 7})

    assert sets.path("daten").is_symlink()
    assert "keep-daily = 7" in kept.read_text()
    assert (real / "sets" / "daten.toml").is_symlink()
    sets.remove("daten")
    assert kept.exists()
    assert sets.names() == []


@pytest.mark.parametrize("bits", [0o620, 0o602, 0o666])
def test_a_file_that_others_can_change_is_not_believed(sets: SetFiles, bits: int) -> None:
    """It names commands that run as us."""
    put(sets, HAND_WRITTEN).chmod(bits)
    with pytest.raises(BadInput, match="can be changed by other users") as caught:
        sets.read("daten")

    assert "chmod 600" in caught.value.hint


def test_bytes_that_are_no_text_are_named_with_their_line(sets: SetFiles) -> None:
    """A file from another system."""
    path = put(sets, HAND_WRITTEN)
    path.write_bytes(b"[source]\n# B\xfcro\n")
    with pytest.raises(BadInput, match="line 2: this is not UTF-8"):
        sets.read("daten")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".hidden", "-x", "a b", "a,b", "x" * 65, "u\u0308ber"])
def test_names_that_are_no_names(sets: SetFiles, name: str) -> None:
    """A name becomes a file's and part of a tag."""
    with pytest.raises(BadInput, match="cannot be the name"):
        sets.add(name, VALUES)


def test_a_set_that_is_not_there_is_said_with_the_nearest(sets: SetFiles) -> None:
    """Typing errors."""
    sets.add("daten", VALUES)
    with pytest.raises(BadInput) as caught:
        sets.read("datne")

    assert caught.value.hint == "Did you mean 'daten'?"
    with pytest.raises(BadInput, match="there is no backup set"):
        sets.remove("datne")


@pytest.mark.root
def test_what_root_writes_for_somebody_still_belongs_to_him(sets: SetFiles) -> None:
    """Else his own program could not read it any more."""
    path = put(sets, HAND_WRITTEN)
    os.chown(path, 65534, 65534)
    sets.change("daten", {"retention.keep-daily": 7})

    assert (path.stat().st_uid, path.stat().st_gid) == (65534, 65534)
