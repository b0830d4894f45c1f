"""What a settings file may say, and what is said about one that is wrong."""

from datetime import timedelta

import pytest

from gdp.core.compress import Compression
from gdp.core.errors import BadSettings
from gdp.core.sentences import hint_of, sentence_of
from gdp.model.backup_set import BackupSet, OnError, Recovery, ReportMode
from gdp.model.exclusion import PatternRules
from gdp.model.retention import UNLIMITED, Span
from gdp.settings.reading import line_of
from gdp.settings.sets import parse_set
from tests.settings.files import HAND_WRITTEN, SMALLEST

FULL = """
[source]
paths = ["/etc", "/srv"]
exclude = ["*.iso", "!keep.iso"]
exclude-file = ["/etc/gdp/exclude"]
exclude-if-present = [".nobackup", "TAG:begin"]
exclude-caches = true
exclude-larger-than = "1.5G"
one-file-system = true
pattern-rules = "restic"
[snapshot]
host = "server01"
tags = ["office", "daily"]
[target]
repo = "sftp://backup@storage.example.com:2222/srv/backup"
block-size = "512K"
transfer-block-size = "32M"
compression = "max"
connections = 8
[encryption]
password-file = "$CREDENTIALS_DIRECTORY/gdp"
recovery = "sheet"
recovery-confirmed = true
[schedule]
when = ["daily 02:30", "monthly last friday 22:00"]
random-offset = "15m"
retry-pauses = ["1m", "1h30m"]
window = ["20:00-06:00", "weekends"]
longest-run = "6h"
[conditions]
target-reachable = false
mains-power = true
[commands]
before = ["dump > /tmp/all"]
before-on-error = "cancel"
after = ["rm /tmp/all"]
after-on-error = "fail"
[bandwidth]
limits = ["weekdays 08:00-18:00 up 2M down 4M", "up 500K"]
[retention]
keep-last = 3
keep-daily = "unlimited"
keep-within = "1y2m"
keep-within-weekly = "3m"
keep-tag = ["a,b", "c"]
[[report]]
to = "admin@example.com"
language = "de"
mode = "problems"
[[report]]
to = "boss@example.com"
mode = "daily"
"""


def read(text: str) -> BackupSet:
    """Return the set."""
    return parse_set("daten", text, "daten.toml")


def complaints(text: str) -> list[str]:
    """Return what is said about a set that is wrong: sentence and hint."""
    with pytest.raises(BadSettings) as caught:
        read(text)
    return [f"{sentence_of(one)} | {hint_of(one)}" for one in caught.value.complaints]


def with_line(line: str, section: str = "source") -> str:
    """Return the smallest set with one more line in a section."""
    if f"[{section}]" in SMALLEST:
        return SMALLEST.replace(f"[{section}]\n", f"[{section}]\n{line}\n")
    return f"{SMALLEST}[{section}]\n{line}\n"


def test_a_set_says_everything() -> None:
    """Every key arrives as what the program uses."""
    found = read(FULL)

    source, target, schedule = found.source, found.target, found.schedule
    assert (source.paths, source.exclude) == (("/etc", "/srv"), ("*.iso", "!keep.iso"))
    assert (source.exclude_if_present, source.exclude_caches) == ((".nobackup", "TAG:begin"), True)
    assert (source.exclude_larger_than, source.pattern_rules) == (3 << 29, PatternRules.RESTIC)
    assert (found.snapshot.host, found.snapshot.tags) == ("server01", ("office", "daily"))
    assert str(target.repo) == "sftp://backup@storage.example.com:2222/srv/backup"
    assert (target.block_size, target.transfer_block_size) == (512 << 10, 32 << 20)
    assert (target.compression, target.connections) == (Compression.MAX, 8)
    assert found.encryption.recovery is Recovery.SHEET
    assert list(map(str, schedule.when)) == ["daily 02:30", "monthly last friday 22:00"]
    assert (schedule.random_offset, schedule.retry_pauses, schedule.longest_run) == (
        timedelta(minutes=15),
        (timedelta(minutes=1), timedelta(minutes=90)),
        timedelta(hours=6),
    )
    assert str(schedule.window) == "20:00-06:00; weekends"
    assert (found.conditions.target_reachable, found.conditions.mains_power) == (False, True)
    assert (found.commands.before, found.commands.before_on_error) == (("dump > /tmp/all",), OnError.CANCEL)
    assert str(found.bandwidth.limits) == "weekdays 08:00-18:00 up 2M down 4M; up 500K"
    policy = found.retention.policy()
    assert (policy.last, policy.counts, policy.within) == (3, {"daily": UNLIMITED}, Span(1, 2))
    assert (policy.within_periods, policy.tags) == ({"weekly": Span(0, 3)}, (("a", "b"), ("c",)))
    assert [(one.to, one.language, one.mode) for one in found.report] == [
        ("admin@example.com", "de", ReportMode.PROBLEMS),
        ("boss@example.com", None, ReportMode.DAILY),
    ]


@pytest.mark.parametrize("word", [OnError.IGNORE, OnError.FAIL])
def test_a_word_is_the_very_one_that_the_program_asks_for(word: OnError) -> None:
    """One that only looked like it made a run fail whose command was to be ignored."""
    assert read(with_line(f'after-on-error = "{word}"', "commands")).commands.after_on_error is word


def test_three_keys_are_enough_but_nothing_runs_before_recovery_is_settled() -> None:
    """What is lost with the password is lost for ever; nobody may find that out afterwards."""
    found = read(SMALLEST)

    assert not found.is_active
    assert found.retention.policy().is_empty
    assert read(SMALLEST + "recovery-confirmed = true\n").is_active


@pytest.mark.parametrize(
    ("line", "section", "said"),
    [
        ("exclude = 3", "source", "line 2: source.exclude: 3 stands where a list belongs | Write a list"),
        ('exclude = ["a", 3]', "source", "line 2: source.exclude: entry 2: 3 stands where a text belongs | Write it in quotes"),
        ('exclude-caches = "yes"', "source", 'line 2: source.exclude-caches: "yes" stands where yes or no'),
        ('exclude-larger-than = "big"', "source", "source.exclude-larger-than: 'big' is no size | Write it like 500K"),
        ('exclude-file = ["list"]', "source", "entry 1: 'list' is no whole path | Begin it with '/'"),
        ('exclude-if-present = ["a/b"]', "source", "'a/b' names no file"),
        ('tags = ["a,b"]', "snapshot", "line 8: snapshot.tags: entry 1: 'a,b' is no tag"),
        ('block-size = "100K"', "target", "line 4: target.block-size: the block size must be a power of two from 128K to 4M"),
        ('transfer-block-size = "1G"', "target", "'1G' is out of range | Write a size from 1M to 128M."),
        ('compression = "best"', "target", "'best' is not known here | Write one of: off, auto, max."),
        ("connections = 0", "target", "0 does not fit here | Write a whole number from 1 to 64"),
        ("connections = true", "target", "true does not fit here"),
        ('when = ["someday"]', "schedule", "line 8: schedule.when: entry 1: the schedule 'someday' is not understood"),
        ('random-offset = "5"', "schedule", "'5' is no duration | Write it like 90s, 5m or 1h30m."),
        ('window = ["8-18"]', "schedule", "schedule.window: entry 1: the window '8-18' is not understood"),
        ('after-on-error = "cancel"', "commands", "'cancel' is not known here | Write one of: ignore, fail."),
        ('limits = ["up 2"]', "bandwidth", "entry 1: the bandwidth 'up 2' is not understood: '2' is no rate"),
        ('keep-daily = "7"', "retention", 'keep-daily: "7" is no number of snapshots | Write a number without quotes'),
        ("keep-daily = -1", "retention", "-1 is no number of snapshots"),
        ('keep-within = "soon"', "retention", "'soon' is no time | Write it as 1y5m7d2h"),
        ('password-file = "geheim"', "target", "this key is not known here | It is 'encryption.password-file'"),
    ],
)
def test_each_mistake_is_named_with_file_line_key_and_what_is_allowed(line: str, section: str, said: str) -> None:
    """A message that does not say where is a search, and one that does not say what is allowed is a riddle."""
    (complaint,) = complaints(with_line(line, section))

    assert complaint.startswith("daten.toml, line ")
    assert said in complaint


def test_all_mistakes_are_told_at_once() -> None:
    """Nobody wants to meet them one after the other."""
    told = complaints(FULL.replace('compression = "max"', "compression = 3").replace("keep-last = 3", "keep-lost = 3"))

    assert [sentence.partition(": ")[0] for sentence in told] == ["daten.toml, line 18", "daten.toml, line 41"]
    with pytest.raises(BadSettings, match=r"line 18.*one of 2 mistakes"):
        read(FULL.replace('compression = "max"', "compression = 3").replace("keep-last = 3", "keep-lost = 3"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SMALLEST.replace("paths", "path"), "line 2: source.path: this key is not known | Did you mean 'paths'?"),
        (SMALLEST + "[retentoin]\n", "line 7: retentoin: this key is not known | Did you mean 'retention'?"),
        (SMALLEST + "[xyzzy]\n", "line 7: xyzzy: this key is not known | Known here: bandwidth, commands"),
        (SMALLEST + '[[report]]\nto = "a@b"\n[[report]]\ntoo = "a@b"\n', "line 10: report[2].too: this key is not known"),
        (SMALLEST.replace("repo", "# repo"), "line 3: target.repo: is missing"),
        (SMALLEST.replace("[target]\nrepo", "[targets]\nrepo"), "daten.toml: target.repo: is missing"),
        (SMALLEST + '[report]\nto = "a@b"\n', "line 7: report: this is no table | Write [[report]] above it."),
        ("target = 3\n" + SMALLEST.replace("[target]\nrepo", "[snapshot]\nhost"), "line 1: target: this is no table"),
    ],
)
def test_unknown_and_missing_keys(text: str, said: str) -> None:
    """A key that is spelt wrongly must not be an option that is silently off."""
    assert any(said in complaint for complaint in complaints(text))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('[source]\npaths = ["/etc",\n"/srv"\n\n', 2, "Unclosed array"),
        ("[source]\npaths = /etc\n", 2, "Invalid value"),
        ("[source]\n\npaths\n", 3, "Expected '=' after a key"),
        ("[source]\n[source]\n", 2, ""),
        ('a = "x\n', 1, ""),
    ],
)
def test_what_is_no_toml_is_named_with_its_line(text: str, line: int, said: str) -> None:
    """The parser's own sentence, in its place."""
    (complaint,) = complaints(text)

    assert complaint.startswith(f"daten.toml, line {line}: ")
    assert said in complaint
    assert "A settings file is TOML" in complaint


def test_a_password_is_never_shown() -> None:
    """It may have been written where a file or a server belongs, and errors end up in logs."""
    for section, line in (
        ("encryption", 'password-file = "geheim"'),
        ("target", 'repo = "sftp://anna:geheim@host/folder"'),
    ):
        key = line.partition(" ")[0]
        text = "\n".join(line if old.startswith(key) else old for old in SMALLEST.splitlines())

        assert section in "".join(complaints(text))
        assert "geheim" not in "".join(complaints(text))


def test_complaints_are_german_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what the TOML parser says."""
    monkeypatch.setenv("GDP_LANGUAGE", "de")

    assert complaints(with_line("exclude = 3")) == [
        'daten.toml, Zeile 2: source.exclude: 3 steht, wo eine Liste hingehört | Schreiben Sie eine Liste: ["...", "..."].'
    ]
    assert "Die Liste ist nicht geschlossen" in complaints("a = [1")[0]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("target",), 2),
        (("target", "block-size"), 4),
        (("source", "paths"), 7),
        (("source", "exclude-caches"), 11),
        (("encryption", "password-file"), 16),
        (("report", 1), 19),
        (("report", 1, "mode"), 21),
        (("report", 2), None),
        (("source", "nothing"), None),
    ],
)
def test_lines_are_found_in_any_toml(path: tuple[str | int, ...], line: int | None) -> None:
    """Lists over several lines, quoted keys, comments, both line ends."""
    assert line_of(HAND_WRITTEN, path) == line
