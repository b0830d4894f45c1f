"""``gdp set`` and ``gdp config``: what users do with them, and what they are told."""

import json
import os
import stat
from pathlib import Path

import pytest

from gdp.cli import screen
from gdp.settings.sets import SetFiles
from tests.cli.command_line import Gdp, Outcome, here, process
from tests.sshd import Sshd


@pytest.fixture
def sets(isolated_home: Path) -> SetFiles:
    """The sets of the user's installation."""
    return SetFiles(isolated_home / "gdp", lock_seconds=0.0)


@pytest.fixture
def owner(ready: Gdp, source: Path) -> Gdp:
    """A user with a repository, a password file of his own, and one set."""
    ready.password_file.chmod(0o600)
    assert add(ready, "daten", "--source", source, "--exclude", "*.tmp").code == 0
    return ready


def add(gdp: Gdp, name: str, *options: str | Path) -> Outcome:
    """Make a set for the user's repository."""
    return here(["set", "add", name, *gdp.options, *map(str, options)])


def test_a_set_is_made_and_backed_up_by_its_name_alone(gdp: Gdp, source: Path) -> None:
    """The shortest way from nothing to a backup."""
    gdp.password_file.chmod(0o600)
    made = add(gdp, "daten", "--source", source, "--exclude", "*.tmp", "--schedule", "daily 02:30", "--mail", "a@example.com,de")
    assert (made.code, here(["init", "daten"]).code, here(["backup", "daten"]).code) == (0, 0, 0)
    listed = here(["ls", "latest", "--backup-set", "daten"]).out

    assert "nobody else can open the repository" in made.out
    assert "there is no repository at" in made.err
    assert "'gdp init daten' makes it." in made.err
    assert "b.txt" in listed
    assert "c.tmp" not in listed


def test_init_makes_the_repository_at_once(gdp: Gdp, source: Path) -> None:
    """One command for a script."""
    gdp.password_file.chmod(0o600)
    made = add(gdp, "daten", "--source", source, "--init", "--block-size", "256K")

    assert (made.code, made.err) == (0, "")
    assert "256K" in made.out
    assert here(["backup", "daten"]).code == 0


def test_a_server_is_a_target_like_a_folder(server: Sshd, gdp: Gdp, source: Path, tmp_path: Path) -> None:
    """The same over SSH, where everything is slower and can be refused."""
    gdp.password_file.chmod(0o600)
    target = ["--repo", server.url(tmp_path / "far"), "--password-file", str(gdp.password_file)]
    made = here(["set", "add", "daten", "--source", str(source), "--init", *target])

    assert made.code == 0
    assert here(["backup", "daten"]).code == 0
    assert here(["set", "check", "daten"]).code == 0
    assert "1 snapshot" in here(["snapshots", "-S", "daten"]).out


def test_a_password_file_that_others_can_read_is_refused_before_anything_is_written(
    gdp: Gdp, source: Path, sets: SetFiles
) -> None:
    """By add, and later by every command of the set; without a set such a file is read as restic reads it."""
    gdp.password_file.chmod(0o644)
    refused = add(gdp, "daten", "--source", source)
    assert refused.code == 1
    assert f"chmod 600 {gdp.password_file}" in refused.err
    assert sets.names() == []
    gdp.password_file.chmod(0o600)
    assert add(gdp, "daten", "--source", source, "--init").code == 0
    gdp.password_file.chmod(0o640)

    assert "its mode is 0640" in here(["backup", "daten"]).err
    assert "its mode is 0640" in here(["set", "check"]).err
    assert gdp("snapshots").code == 0


def test_relative_paths_are_meant_from_here(gdp: Gdp, source: Path, sets: SetFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """The service runs elsewhere."""
    gdp.password_file.chmod(0o600)
    monkeypatch.chdir(source.parent)
    made = here(["set", "add", "x", "--source", "source", "--repo", "repository", "--password-file", "password"])
    found = sets.read("x")

    assert made.code == 0
    assert found.source.paths == (str(source),)
    assert str(found.target.repo) == str(gdp.repository)
    assert found.encryption.password_file == str(gdp.password_file)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--exclude-larger-than", "big"], "--exclude-larger-than: 'big' is no size"),
        (["--schedule", "someday"], "--schedule: entry 1: the schedule 'someday' is not understood"),
        (["--bandwidth", "2M"], "--bandwidth: entry 1: the bandwidth '2M' is not understood"),
        (["--keep-daily", "many"], "--keep-daily: "),
        (["--mail", "nobody"], "no mail address"),
        (["--mail", "a@example.com,fr"], "--mail: 'fr' is not known here"),
        (["--block-size", "100K"], "--block-size: the block size must be a power of two"),
        (["--password-command", "cat x"], "a backup set takes no --password-command"),
        (["--limit-upload", "2M"], "a backup set takes no --limit-upload"),
    ],
)
def test_wrong_options_are_named_and_nothing_is_written(
    gdp: Gdp, source: Path, sets: SetFiles, options: list[str], said: str
) -> None:
    """By the option, which is what was typed."""
    gdp.password_file.chmod(0o600)
    refused = add(gdp, "daten", "--source", source, *options)

    assert refused.code == 1
    assert said in refused.err
    assert sets.names() == []


def test_what_is_missing_is_said(gdp: Gdp, source: Path) -> None:
    """With the option that gives it."""
    assert "--source" in add(gdp, "daten").err
    assert "--repo" in here(["set", "add", "daten", "--source", str(source)]).err
    assert "--password-file" in here(["set", "add", "daten", "--source", str(source), "--repo", "/x"]).err
    assert "cannot be the name" in here(["set", "add", "../x", "--source", str(source)]).err


def test_a_second_set_shares_the_repository(owner: Gdp, source: Path, sets: SetFiles) -> None:
    """One computer, one repository; what is in both sets is stored once. Each sees its own snapshots."""
    made = here(["set", "add", "zwei", "--source", str(source / "sub")])
    assert (made.code, here(["backup", "daten"]).code, here(["backup", "zwei"]).code) == (0, 0, 0)
    ids = {name: here(["snapshots", "-S", name, "--json"]).records[:-1] for name in ("daten", "zwei")}

    assert sets.read("zwei").target.repo == sets.read("daten").target.repo
    assert sets.read("zwei").is_active
    assert [[one["tags"] for one in found] for found in ids.values()] == [[["set:daten"]], [["set:zwei"]]]
    assert len(owner("snapshots", "--json").records) == 3


def test_latest_and_forget_mean_the_set_s_own_snapshots(owner: Gdp, source: Path, tmp_path: Path) -> None:
    """The rules of one set must never remove what another has backed up, nor may a restore bring back another's files."""
    assert here(["set", "add", "zwei", "--source", str(source / "sub"), "--keep-last", "1"]).code == 0
    assert here(["backup", "zwei"]).code == 0
    assert here(["set", "edit", "zwei", "--source", str(source / "a.txt")]).code == 0
    for name in ("zwei", "daten", "daten"):
        assert here(["backup", name]).code == 0
    restored = here(["restore", "latest", "-S", "zwei", "--target", str(tmp_path / "back")])
    forgotten = here(["forget", "-S", "zwei", "--json"])

    assert restored.code == 0
    assert [path.name for path in (tmp_path / "back").rglob("*") if path.is_file()] == ["a.txt"]
    assert forgotten.summary["removed"] == 1
    assert len(here(["snapshots", "-S", "daten", "--json"]).records) == 3
    assert len(here(["snapshots", "-S", "zwei", "--json"]).records) == 2


def test_forget_with_a_filter_does_not_go_by_the_set_s_rules(owner: Gdp, source: Path) -> None:
    """They are made for its own snapshots."""
    assert here(["set", "edit", "daten", "--keep-last", "1"]).code == 0
    for _ in range(2):
        assert owner("backup", "--tag", "other", source).code == 0
    refused = here(["forget", "-S", "daten", "--tag", "other"])

    assert refused.code == 1
    assert len(owner("snapshots", "--json").records) == 3


def test_what_is_typed_counts_more_and_variables_count_less(
    owner: Gdp, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever names a set means its repository, whatever the environment says."""
    monkeypatch.setenv("GDP_REPO", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GDP_PASSWORD_FILE", str(tmp_path / "nothing"))
    assert here(["backup", "daten"]).code == 0
    assert here(["backup", "-S", "daten", "--tag", "extra", "--host", "elsewhere", str(source / "a.txt")]).code == 0
    first, second, _ = owner("snapshots", "--json").records
    assert here(["snapshots", "-S", "daten", "--repo", str(tmp_path / "nowhere")]).code == 10
    assert here(["snapshots", "-S", "daten", "--password-file", str(tmp_path / "nothing")]).code == 1

    assert first["excludes"] == ["*.tmp"]
    assert first["paths"] == [str(source)]
    assert (second["tags"], second["hostname"]) == (["set:daten", "extra"], "elsewhere")
    assert second["paths"] == [str(source / "a.txt")]


def test_the_variable_for_a_set_is_not_mixed_with_one_for_a_repository(
    owner: Gdp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forgetting in the wrong repository cannot be undone."""
    monkeypatch.setenv("GDP_BACKUP_SET", "daten")
    assert here(["snapshots"]).code == 0
    assert here(["snapshots", "--repo", str(tmp_path / "nowhere"), "--password-file", str(owner.password_file)]).code == 10
    monkeypatch.setenv("GDP_REPO", str(owner.repository))

    assert "both set" in here(["snapshots"]).err


def test_a_word_is_a_set_or_a_path(owner: Gdp, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And where it could be both, nobody guesses."""
    monkeypatch.chdir(source.parent)
    (source.parent / "daten").mkdir()
    (source.parent / "daten" / "here").write_text("here")
    refused = here(["backup", "daten"])
    as_path = owner("backup", "daten")
    monkeypatch.setenv("GDP_REPO", str(owner.repository))
    monkeypatch.setenv("GDP_PASSWORD_FILE", str(owner.password_file))
    as_path_too = here(["backup", "daten"])
    (source.parent / "daten" / "here").unlink()
    (source.parent / "daten").rmdir()
    as_set = here(["backup", "daten"])

    assert "'./daten'" in refused.err
    assert (as_path.code, as_path.err) == (0, "")
    assert "means what is here" in as_path_too.err
    assert as_set.code == 0
    assert [one["tags"] for one in owner("snapshots", "--json").records[:-1] if "tags" in one] == [["set:daten"]]
    assert "dat does not exist" in here(["backup", "dat"]).err
    monkeypatch.delenv("GDP_REPO")
    assert "Did you mean 'daten'?" in here(["backup", "dat"]).err


def test_nothing_runs_before_recovery_is_settled(owner: Gdp, source: Path) -> None:
    """A password that is lost with the computer takes every backup with it."""
    assert here(["set", "edit", "daten", "--recovery", "sheet"]).code == 0
    refused = here(["backup", "daten"])
    assert refused.code == 1
    assert "gdp recovery sheet -S " in refused.err
    assert "gdp recovery decline -S " in refused.err
    assert here(["set", "check"]).code == 1
    assert here(["snapshots", "-S", "daten"]).code == 0
    assert here(["set", "edit", "daten", "--recovery", "nobody"]).code == 0

    assert here(["backup", "daten"]).code == 0


def test_commands_of_a_set_are_not_run_by_a_backup_at_once_and_that_is_said(owner: Gdp, tmp_path: Path) -> None:
    """Else a dump is missing and nobody knows."""
    assert here(["set", "edit", "daten", "--before", f"touch {tmp_path}/ran"]).code == 0
    assert "does not run the commands" in here(["backup", "daten"]).err

    assert not (tmp_path / "ran").exists()


def test_an_option_changes_a_key_and_unset_leaves_it_out(owner: Gdp, sets: SetFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables such as GDP_REPO change nothing: they are there for other commands."""
    monkeypatch.setenv("GDP_REPO", "/elsewhere")
    assert here(["set", "edit", "daten", "--keep-daily", "9", "--tag", "a", "--tag", "b", "--exclude-caches"]).code == 0
    before = sets.read("daten")
    assert here(["set", "edit", "daten", "--unset", "snapshot.tags", "--no-exclude-caches", "--window", "20:00-06:00"]).code == 0
    after = sets.read("daten")

    assert (before.retention.keep_daily, before.snapshot.tags, before.source.exclude_caches) == (9, ("a", "b"), True)
    assert (after.retention.keep_daily, after.snapshot.tags, after.source.exclude_caches) == (9, (), False)
    assert str(after.target.repo) == str(owner.repository)
    assert "no key 'x'" in here(["set", "edit", "daten", "--unset", "x"]).err
    assert "source.paths: is missing" in here(["set", "edit", "daten", "--unset", "source.paths"]).err


def editor(folder: Path, *commands: str) -> str:
    """Return the command of an editor that makes these changes, one each time it is started."""
    script = folder / "editor"
    count = folder / "count"
    lines = [f"n=$(cat {count} 2>/dev/null || echo 0); echo $((n+1)) > {count}; case $n in"]
    lines += [f"{number}) {command} ;;" for number, command in enumerate(commands)]
    script.write_text("#!/bin/sh\n" + "\n".join([*lines, "esac"]) + "\n")
    script.chmod(0o700)
    return str(script)


def test_an_editor_that_leaves_a_right_set_behind(owner: Gdp, sets: SetFiles, tmp_path: Path) -> None:
    """What is written counts, byte for byte; the file stays private."""
    words = editor(tmp_path, 'echo "# a remark" >> "$1"; sed -i "s/^# keep-daily.*/keep-daily = 5/" "$1"')
    outcome = process(["set", "edit", "daten"], environment={"VISUAL": words})

    assert outcome.code == 0
    assert sets.read("daten").retention.keep_daily == 5
    assert sets.text("daten").endswith("# a remark\n")
    assert sorted(path.name for path in sets.folder.iterdir()) == [".lock", "daten.toml"]


def test_an_editor_that_leaves_a_wrong_set_behind(owner: Gdp, sets: SetFiles, tmp_path: Path) -> None:
    """Where nobody can be asked, nothing changes, and no work is lost."""
    before = sets.text("daten")
    words = editor(tmp_path, 'echo "wrong = 1" >> "$1"')
    outcome = process(["set", "edit", "daten"], environment={"VISUAL": words})
    draft = sets.folder / ".daten.draft.toml"

    assert outcome.code == 1
    assert "report[1].wrong" in outcome.err or "wrong: this key is not known" in outcome.err
    assert str(draft) in outcome.err
    assert sets.text("daten") == before
    assert draft.read_text().endswith("wrong = 1\n")
    assert stat.S_IMODE(draft.stat().st_mode) == 0o600
    assert sets.names() == ["daten"]
    again = process(["set", "edit", "daten"], environment={"VISUAL": 'sed -i "s/^wrong = 1/# right/"'})
    assert again.code == 0
    assert str(draft) in again.out
    assert sets.text("daten").endswith("# right\n")
    assert not draft.exists()


def test_a_key_that_is_not_known_can_be_left_out(owner: Gdp, sets: SetFiles) -> None:
    """The command that changes keys mends what it complains about."""
    before = sets.text("daten")
    sets.path("daten").write_text(before.replace("[schedule]\n", '[schedule]\nwindo = ["x"]\n'))
    assert here(["backup", "daten"]).code == 1
    assert here(["set", "edit", "daten", "--unset", "schedule.windo"]).code == 0

    assert sets.text("daten") == before


def test_one_may_go_on_editing(owner: Gdp, sets: SetFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what one has written so far."""
    words = editor(tmp_path, 'echo "keep-dayly = 5" >> "$1"', 'sed -i "s/^keep-dayly.*//" "$1"; echo "# done" >> "$1"')
    monkeypatch.setenv("VISUAL", words)
    monkeypatch.setattr(screen.Screen, "agree", lambda *_: True)
    outcome = here(["set", "edit", "daten"])

    assert outcome.code == 0
    assert sets.text("daten").endswith("# done\n")


@pytest.mark.parametrize(("words", "said"), [("false", "ended with code 1"), ("/no/such/editor", "cannot be started")])
def test_an_editor_that_fails(owner: Gdp, sets: SetFiles, words: str, said: str) -> None:
    """Nothing changes, and it is said why."""
    before = sets.text("daten")
    outcome = process(["set", "edit", "daten"], environment={"VISUAL": words})

    assert outcome.code == 1
    assert said in outcome.err
    assert sets.text("daten") == before


def test_remove_asks_and_never_touches_data(owner: Gdp, sets: SetFiles) -> None:
    """A set is a page of text; the snapshots are years."""
    assert here(["backup", "daten"]).code == 0
    assert "--yes" in here(["set", "remove", "daten"]).err
    assert sets.names() == ["daten"]
    assert here(["set", "remove", "daten", "--yes"]).code == 0

    assert sets.names() == []
    assert len(owner("snapshots", "--json").records) == 2
    assert here(["set", "remove", "daten", "--yes"]).code == 1


def test_check_names_everything_that_is_wrong(owner: Gdp, source: Path, sets: SetFiles, tmp_path: Path) -> None:
    """All of it, in every set; the exit code is for scripts."""
    assert here(["set", "check"]).code == 0
    assert here(["set", "add", "weg", "--source", str(tmp_path / "gone"), "--exclude-file", str(tmp_path / "list")]).code == 0
    sets.path("schief").write_text("[source]\npaths = 3\nfoo = 1\n")
    sets.path("schief").chmod(0o600)
    outcome = here(["set", "check", "--json"])
    verdicts = {one["name"]: one["problems"] for one in outcome.records[:-1]}
    sentences = [one["error"]["message"] for one in outcome.errors]

    assert outcome.code == 1
    assert outcome.summary == {"message_type": "summary", "sets": 3, "wrong": 2}
    assert verdicts == {"daten": 0, "schief": 4, "weg": 2}
    assert any("schief.toml, line 2: source.paths" in sentence for sentence in sentences)
    assert {one["item"] for one in outcome.errors} >= {str(tmp_path / "gone"), str(tmp_path / "list")}
    assert here(["set", "check", "daten"]).code == 0


def test_check_tries_password_and_target(owner: Gdp) -> None:
    """Right text is not enough."""
    owner.password_file.write_text("another password\n")
    assert "password" in here(["set", "check"]).err
    owner.password_file.write_text("")
    assert here(["set", "check"]).code == 1
    owner.password_file.unlink()

    assert "No such file" in here(["set", "check"]).err


def test_list_and_show(owner: Gdp, source: Path, sets: SetFiles) -> None:
    """For people and for scripts; a set that is wrong hides no other."""
    sets.path("schief").write_text("")
    sets.path("schief").chmod(0o600)
    listed = here(["set", "list", "--json"])
    shown = here(["set", "show", "daten", "--json"]).summary
    text = here(["set", "show", "daten"]).out

    assert listed.code == 1
    assert [one.get("name") for one in listed.records] == ["daten", None]
    assert "source.paths: is missing" in listed.err
    assert shown["settings"]["source.exclude"] == ["*.tmp"]
    assert shown["settings"]["target.transfer-block-size"] == "16M"
    assert shown["active"] is True
    assert "*.tmp" in text
    assert "16M" not in text
    assert "16M" in here(["set", "show", "daten", "--all"]).out
    assert here(["set", "list"]).out.count("daten") >= 1


def test_a_home_without_sets_says_what_to_do(isolated_home: Path) -> None:
    """And is not filled by looking."""
    assert "gdp set add" in here(["set", "list"]).out
    assert here(["set", "check"]).code == 0

    assert list((isolated_home / "gdp").iterdir()) == []


def test_the_set_s_rate_holds_for_its_commands(owner: Gdp, monkeypatch: pytest.MonkeyPatch) -> None:
    """And one that is typed instead of it."""
    from gdp.bootstrap import storages

    made: list[object] = []
    real = storages._rate

    def watch(given: int | None, limits: object, way: object) -> object:
        rate = real(given, limits, way)  # type: ignore[arg-type]
        made.append(rate.bytes_per_second if rate else None)
        return rate

    monkeypatch.setattr(storages, "_rate", watch)
    assert here(["set", "edit", "daten", "--bandwidth", "up 2M down 4M"]).code == 0
    assert here(["snapshots", "-S", "daten"]).code == 0
    assert here(["snapshots", "-S", "daten", "--limit-upload", "1M"]).code == 0

    assert made == [2 << 20, 4 << 20, 1 << 20, 4 << 20]


def test_names_of_sets_are_completed(owner: Gdp) -> None:
    """Nobody types them by hand."""
    for words in (["gdp", "--backup-set", ""], ["gdp", "set", "show", ""], ["gdp", "init", ""]):
        environment = {"_GDP_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
        assert process([], environment=environment).out.split() == ["plain,daten"]


def test_configuration_is_set_shown_and_left_out(isolated_home: Path) -> None:
    """With exit codes for scripts."""
    assert here(["config", "get", "mail.smtp"]).code == 1
    assert here(["config", "set", "mail.smtp", "smtps://user@mail.example.com"]).code == 0
    got = here(["config", "get", "mail.smtp"])
    assert (got.code, got.out) == (0, "smtps://user@mail.example.com:465\n")
    listed = {one["key"]: one["value"] for one in here(["config", "list", "--json"]).records[:-1]}
    assert listed == {
        "language": None,
        "theme": None,
        "mail.smtp": "smtps://user@mail.example.com:465",
        "mail.password-file": None,
        "mail.from": None,
        "update.url": None,
    }
    assert here(["config", "unset", "mail.smtp"]).code == 0
    assert here(["config", "get", "mail.smtp"]).code == 1
    wrong = here(["config", "set", "mail.smtp", "mail.example.com"])
    assert wrong.code == 1
    assert "smtp://user@host:587" in wrong.err
    assert "mail.smtp" in here(["config", "get", "mail.server"]).err


def test_all_that_is_wrong_in_the_configuration_is_told(isolated_home: Path) -> None:
    """At once."""
    path = isolated_home / "gdp" / "config.toml"
    path.write_text('languge = "de"\n[mail]\nsmtp = 3\n')
    path.chmod(0o600)
    outcome = here(["config", "list"])

    assert outcome.code == 1
    assert "line 1: languge" in outcome.err
    assert "line 3: mail.smtp" in outcome.err


def test_the_configured_language_is_spoken(isolated_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the option and the variable, before the system's."""
    environment = {"GDP_LANGUAGE": "", "LANG": "en_US.UTF-8"}
    assert "Usage:" in process(["--help"], environment=environment).out
    assert here(["config", "set", "language", "de"]).code == 0

    assert "Aufruf:" in process(["--help"], environment=environment).out
    assert "Usage:" in process(["--help"], environment={**environment, "GDP_LANGUAGE": "en"}).out
    assert "Usage:" in process(["--help", "--language", "en"], environment=environment).out
    assert "Usage:" in process(["--home", str(tmp_path), "--help"], environment=environment).out


def test_secrets_are_in_no_output(owner: Gdp) -> None:
    """Neither shown nor logged."""
    secret = owner.password_file.read_text().strip()
    said = "".join(
        outcome.out + outcome.err
        for outcome in (here(["set", "show", "daten", "--all", "--json"]), here(["set", "check"]), here(["set", "list"]))
    )

    assert secret not in said
    assert json.dumps(str(owner.password_file)) in said
    assert os.path.exists(owner.password_file)
