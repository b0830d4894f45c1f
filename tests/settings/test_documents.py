"""docs/settings.md, the schema and the command line know the same keys."""

import re
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from gdp.cli.set_options import COMMON_KEYS, OPTIONS
from gdp.settings.schema import CONFIGURATION, SET, Key, Section, every_key
from tests.conftest import PROJECT

PAGE = (PROJECT / "docs" / "settings.md").read_text()
NOTED = {f"encryption.{name}" for name in ("recovery-confirmed", "recovery-key", "sealed-to")}
KEYS = [*every_key(SET), *every_key(CONFIGURATION)]


def documented() -> dict[str, list[str]]:
    """Return the row of each key, by its whole name."""
    rows: dict[str, list[str]] = {}
    section = ""
    for line in PAGE.partition("## A set")[2].splitlines():
        if line.startswith("### "):
            name = line.strip("# []")
            section = "" if " " in name else f"{name}."
        elif match := re.match(r"\| `([^`]+)` \| (.*) \|$", line):
            rows[section + match[1]] = [cell.strip() for cell in match[2].split(" | ")]
    return rows


def test_every_key_is_documented_and_no_other() -> None:
    """What is not documented is not there for anybody."""
    assert list(documented()) == [section.path_of(key) for section, key in KEYS]


@pytest.mark.parametrize(("section", "key"), KEYS, ids=lambda item: getattr(item, "name", ""))
def test_type_default_and_example_are_right(section: Section, key: Key) -> None:
    """The example is read, the default is what holds."""
    kind, default, example, about = documented()[section.path_of(key)]
    value = section.default_of(key)
    written = None if value is None else key.kind.write(value)

    assert kind == key.kind.word
    assert default == ("required" if key.is_required else "" if written is None or written == "" else f"`{as_toml(written)}`")
    read = key.kind.read(tomlkit.parse(f"x = {example.strip('`')}").unwrap()["x"])
    assert key.kind.read(key.kind.write(read)) == read
    assert read != value, "an example that changes nothing shows nothing"
    assert about


def test_every_key_of_a_set_has_an_option() -> None:
    """Everything can be done on the command line; recovery is confirmed by what confirms it."""
    keys = {section.name if section.is_many else section.path_of(key) for section, key in every_key(SET)}

    assert {option.key for option in OPTIONS} | set(COMMON_KEYS.values()) == keys - NOTED


def test_every_type_is_explained() -> None:
    """The words in the table of keys are in the table of types."""
    explained = PAGE.partition("## Values")[2].partition("## A set")[0]
    for word in ("size", "duration", "time", "schedule, hours, limit", "number / unlimited"):
        assert f"| {word} |" in explained


def as_toml(value: Any) -> str:
    """Return a value as the documents write it."""
    text: str = tomlkit.item(value).as_string()
    return text


def test_the_page_is_linked() -> None:
    """Whoever begins at the list of documents finds it."""
    assert "(settings.md)" in Path(PROJECT / "docs" / "README.md").read_text()
