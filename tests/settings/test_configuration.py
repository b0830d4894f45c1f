"""Language, mail, updates."""

from pathlib import Path

import pytest

from gdp.core.errors import BadInput
from gdp.model.configuration import Smtp, parse_smtp
from gdp.settings.configuration import ConfigurationFile, written_configuration
from gdp.settings.language import chosen_language


def test_without_a_file_nothing_is_set(tmp_path: Path) -> None:
    """And none is made by looking."""
    file = ConfigurationFile(tmp_path / "home")

    assert set(written_configuration(file.read()).values()) == {None}
    assert not (tmp_path / "home").exists()


def test_what_is_put_is_read(tmp_path: Path) -> None:
    """Above the sections as well as in them, in any order."""
    file = ConfigurationFile(tmp_path)
    values = {
        "mail.smtp": "smtps://backup@example.com@mail.example.com:465",
        "language": "de",
        "theme": "light",
        "mail.password-file": "/etc/gdp/mail",
        "mail.from": "Backup <backup@example.com>",
        "update.url": "https://download.example.com/gdp",
    }
    for name, value in values.items():
        file.put(name, value)

    assert written_configuration(file.read()) == values
    assert file.read().mail.smtp == Smtp("mail.example.com", 465, "backup@example.com", tls_at_once=True)
    file.put("mail.smtp", None)
    assert written_configuration(file.read())["mail.smtp"] is None


def test_comments_stay(tmp_path: Path) -> None:
    """The file is the user's."""
    file = ConfigurationFile(tmp_path)
    text = '# ours\nlanguage = "en"  # for now\n\n[mail]\n# the old one\nsmtp = "smtp://old.example.com:25"\n'
    file.path.write_text(text)
    file.path.chmod(0o600)
    file.put("language", "de")

    assert file.path.read_text() == text.replace('"en"', '"de"')


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("language", "fr", "not known here"),
        ("mail.smtp", "mail.example.com", "this is no mail server"),
        ("mail.smtp", "smtp://anna:geheim@mail.example.com", "contains a password"),
        ("mail.smtp", "smtp://mail.example.com:99999", "port"),
        ("mail.password-file", "geheim", "names no file"),
        ("mail.from", "a@example.com\nBcc: b@example.com", "no mail address"),
    ],
)
def test_wrong_values_are_refused_and_never_shown_where_they_may_be_secret(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    """And nothing is written."""
    file = ConfigurationFile(tmp_path)
    with pytest.raises(BadInput, match=f"^{name}: .*{said}") as caught:
        file.put(name, value)

    assert "geheim" not in str(caught.value) + caught.value.hint
    assert not file.path.exists()


def test_unknown_keys_are_refused_with_those_there_are(tmp_path: Path) -> None:
    """Nothing is configured that nobody reads."""
    with pytest.raises(BadInput) as caught:
        ConfigurationFile(tmp_path).put("mail.server", "x")

    assert "mail.smtp" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "port", "tls_at_once"),
    [("smtp://h", 587, False), ("smtps://h", 465, True), ("smtp://h:25", 25, False), ("smtps://[::1]:465", 465, True)],
)
def test_ports(text: str, port: int, tls_at_once: bool) -> None:
    """What is usual need not be written."""
    found = parse_smtp(text)

    assert (found.port, found.tls_at_once) == (port, tls_at_once)
    assert parse_smtp(str(found)) == found


@pytest.mark.parametrize(
    ("text", "language"),
    [('language = "de"', "de"), ('language = "fr"', None), ("language = 3", None), ("[", None), ("\xff", None)],
)
def test_the_language_is_found_at_once_and_never_fails(tmp_path: Path, text: str, language: str | None) -> None:
    """It is asked for before anything can be said."""
    assert chosen_language(tmp_path) is None
    (tmp_path / "config.toml").write_text(text, "latin-1")

    assert chosen_language(tmp_path) == language
