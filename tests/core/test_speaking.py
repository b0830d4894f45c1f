"""One process tells the same thing in several languages."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from gdp.core import figures
from gdp.core.language import current_language, speaking, translate, translate_plural

SENTENCE = "does not exist"
GERMAN = "gibt es nicht"


def test_a_block_speaks_another_language_than_the_user() -> None:
    """A mail to a German administrator from a computer that speaks English."""
    with speaking("de"):
        german = translate(SENTENCE), translate_plural("{count} thing", "{count} things", 2), figures.count(1204)
        with speaking("en"):
            english = translate(SENTENCE), figures.count(1204)
        again = translate(SENTENCE)

    assert german == (again, "{count} things", "1.204") == (GERMAN, "{count} things", "1.204")
    assert english == (translate(SENTENCE), figures.count(1204)) == (SENTENCE, "1,204")


def test_none_is_the_users_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever that is."""
    monkeypatch.setenv("GDP_LANGUAGE", "de")

    with speaking(None):
        assert current_language() == "de"


def test_an_error_in_the_block_ends_it() -> None:
    """The next mail must not be in the language of one that failed."""
    with pytest.raises(ZeroDivisionError), speaking("de"):
        _ = 1 / 0

    assert current_language() == "en"


def test_other_threads_go_on_as_they_were() -> None:
    """The daemon writes its log meanwhile."""
    heard: list[str] = []
    with speaking("de"):
        thread = threading.Thread(target=lambda: heard.append(current_language()))
        thread.start()
        thread.join()

    assert heard == ["en"]


def test_moments_are_told_with_their_zone() -> None:
    """Whoever reads a report may be elsewhere than the computer."""
    moment = datetime(2026, 3, 4, 22, 5, tzinfo=UTC)
    zone = timezone(timedelta(hours=1), "CET")
    with speaking("de"):
        german = figures.local_moment(moment, zone)

    assert (german, figures.local_moment(moment, zone)) == ("04.03.2026 23:05 CET", "2026-03-04 23:05 CET")
