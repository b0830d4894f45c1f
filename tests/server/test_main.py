"""``gdp-server`` promises nothing it does not do."""

import sys

import pytest

from server.__main__ import main


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("de", "Diese Version enthält die Kundenverwaltung noch nicht."), ("en", "does not contain the customer administration")],
)
def test_says_that_it_is_not_there_and_fails(
    language: str, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A service manager must see a failure, a person the reason."""
    monkeypatch.setenv("GDP_LANGUAGE", language)
    monkeypatch.setattr(sys, "argv", ["gdp-server"])
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 1
    assert sentence in capsys.readouterr().err


def test_help_says_what_is_to_come(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Asking is no failure."""
    monkeypatch.setattr(sys, "argv", ["gdp-server", "--help"])
    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 0
    assert "GDPAC" in capsys.readouterr().out
