"""Where an installation keeps its files."""

from pathlib import Path

import platformdirs
import pytest

from gdp.bootstrap.home import choose_home


@pytest.mark.parametrize("folder", [None, "", "  ", "/somewhere/data"])
def test_without_a_word_it_is_the_user_s_data_folder(folder: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Found without loading the library that knows it, and the same."""
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.delenv("GDP_HOME")
    if folder is not None:
        monkeypatch.setenv("XDG_DATA_HOME", folder)

    assert choose_home(None) == platformdirs.user_data_path("gdp", appauthor=False)


def test_the_option_counts_more_than_the_variable() -> None:
    """What is typed is meant."""
    assert choose_home(Path("/a"), {"GDP_HOME": "/b"}) == Path("/a")
    assert choose_home(None, {"GDP_HOME": "/b"}) == Path("/b")
