"""How strong a passphrase is said to be."""

import pytest

from gdp.core.sentences import fill
from gdp.model.strength import Strength, estimate_strength, tell_strength


@pytest.mark.parametrize(
    ("passphrase", "strength"),
    [
        ("", Strength.WEAK),
        ("geheim", Strength.WEAK),
        ("Sommer2024", Strength.WEAK),
        ("password" * 40, Strength.WEAK),
        ("wq8Zk2#nP0vL", Strength.FAIR),
        ("Laterne Kupfer sieben Igel", Strength.STRONG),
        ("39K2R-VH3V6-HCH6K-2WCV7-DDW24-DTT6N", Strength.STRONG),
    ],
)
def test_strength_follows_what_guessing_costs(passphrase: str, strength: Strength) -> None:
    """Length alone, and a year behind a word, make nobody safe."""
    assert estimate_strength(passphrase).strength is strength


@pytest.mark.parametrize("passphrase", ["a", "x" * 500, "ä ö ü €", "\ud800", "Laterne Kupfer sieben Igel", "wq8Zk2#n"])
def test_the_sentence_holds_nothing_of_the_passphrase(passphrase: str) -> None:
    """It may end in a log."""
    note = tell_strength(passphrase)
    said = fill(note.template, note.facts)

    assert said.startswith("Strength: ")
    assert len(passphrase) == 1 or passphrase not in said


def test_times_are_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the language of whoever reads them."""
    assert "within a minute" in fill(tell_strength("geheim").template, tell_strength("geheim").facts)
    note = tell_strength("Laterne Kupfer sieben Igel Fenster")

    assert "more than 1,000 centuries" in fill(note.template, note.facts)
    monkeypatch.setenv("GDP_LANGUAGE", "de")
    assert "mehr als 1.000 Jahrhunderte" in fill(note.template, note.facts)
