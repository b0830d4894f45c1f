"""Sentences that count: the right form in both languages, wherever the template and its facts come together."""

import importlib.util
import os
from collections.abc import Iterator
from types import ModuleType

import pytest
from babel.messages.catalog import Catalog

from gdp.core.errors import GdpError
from gdp.core.language import complete, grouped
from gdp.core.sentences import fill, hint_of, sentence_of
from tests.conftest import PROJECT


@pytest.fixture(name="catalogue", scope="module")
def the_catalogue_tool() -> ModuleType:
    """Return .ci/catalogue.py as a module."""
    spec = importlib.util.spec_from_file_location("catalogue", PROJECT / ".ci" / "catalogue.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("count", "english", "german"),
    [
        (0, "0 files were kept", "0 Dateien blieben"),
        (1, "1 file was kept", "1 Datei blieb"),
        (2, "2 files were kept", "2 Dateien blieben"),
        (1204, "1,204 files were kept", "1.204 Dateien blieben"),
        ("?", "? files were kept", "? Dateien blieben"),
    ],
)
def test_a_sentence_counts(count: object, english: str, german: str) -> None:
    """One thing is one thing. What is not known is many."""
    assert complete("{count:file was|files were} kept", {"count": count}, "en") == english
    assert complete("{count:Datei blieb|Dateien blieben}", {"count": count}, "de") == german


def test_other_fields_are_filled_as_ever() -> None:
    """A port and a line are numbers that nobody counts."""
    facts = {"port": 2222, "name": "a|b", "ratio": 1.5}

    assert complete("{port} {name!r} {ratio:.2f} {{x}}", facts, "en") == "2222 'a|b' 1.50 {x}"


def test_what_was_tried_is_named_in_the_readers_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files keep their names; what has none is translated."""
    monkeypatch.setenv("GDP_LANGUAGE", "de")

    assert fill("{tried}", {"tried": "/root/.ssh/id_rsa, the SSH agent's key, a password"}) == (
        "/root/.ssh/id_rsa, der Schlüssel des SSH-Agenten, ein Passwort"
    )
    assert fill("{tried}", {"tried": "-"}) == "-"


def test_a_fraction_is_written_as_the_language_writes_it() -> None:
    """The pause before another attempt is 4.2 s here and 4,2 s there."""
    assert complete("in {seconds} s, {ratio:.2f}", {"seconds": 4.2, "ratio": 1.5}, "en") == "in 4.2 s, 1.50"
    assert complete("in {seconds} s, {ratio:.2f}", {"seconds": 4.2, "ratio": 1.5}, "de") == "in 4,2 s, 1,50"


def test_errors_count_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """English in the log, the user's language on the screen; the hint as well; an error inside another one."""
    inner = GdpError("an identifier has {length:byte|bytes} instead of 32", length=1)
    error = GdpError(
        "index file {name} is damaged: {reason}", "{count:file|files} with other contents", name="ab", count=1000, reason=inner
    )
    monkeypatch.setenv("GDP_LANGUAGE", "de")

    assert str(error) == "index file ab is damaged: an identifier has 1 byte instead of 32"
    assert error.hint == "1,000 files with other contents"
    assert sentence_of(error) == "die Indexdatei ab ist beschädigt: eine ID hat 1 Byte statt 32"
    assert hint_of(error) == "1.000 Dateien mit anderem Inhalt"


def sentences(catalogue: ModuleType) -> Iterator[str]:
    """Yield every marked sentence that is a template."""
    found: Catalog = catalogue.extract()
    for message in found:
        for text in (message.id,) if isinstance(message.id, str) else message.id:
            if text and any("|" in spec for spec in catalogue.specs(text)):
                yield text


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_counted_sentence_has_both_forms(language: str, catalogue: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """No sentence says "1 snapshots", and none fails to be said."""
    monkeypatch.setenv("GDP_LANGUAGE", language)
    assert os.environ["GDP_LANGUAGE"] == language
    for text in sentences(catalogue):
        one, many = (fill(text, dict.fromkeys(catalogue.fields(text), count)) for count in (1, 1000))

        assert "|" not in one + many
        assert "{" not in one + many
        assert "1 " in one
        assert f"{grouped(1000, language)} " in many


@pytest.mark.parametrize(
    ("english", "german", "complaint"),
    [
        ("{n:file|files}", "{n:Datei}", "not two forms"),
        ("{n:02d}", "{n:02d}", ""),
        ("{n:file|files}", "{n:Datei|}", "not two forms"),
        ("{n:file|files|many}", "{n:Datei|Dateien}", "not two forms"),
        ("{n:file|files}", "{m:Datei|Dateien}", "unknown field"),
        ("{n:file|files}", "{n:Datei|Dateien}", ""),
        ("{n:file|files}", "Dateien", ""),
    ],
)
def test_the_check_of_the_catalogue_knows_what_is_counted(
    english: str, german: str, complaint: str, catalogue: ModuleType
) -> None:
    """A translation that would say half a word is found before a user reads it."""
    translated = Catalog(locale="de")
    translated.add(english, german)
    complaints: list[str] = catalogue.gaps(translated)

    assert bool(complaints) == bool(complaint)
    assert all(complaint in found for found in complaints)
