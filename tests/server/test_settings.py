"""What is wrong in the settings is said with file and key, before anything begins."""

import re
from pathlib import Path

import pytest

from server.bootstrap.home import make_home, post_office, read_home, secret_key
from server.domain.errors import SetupError
from server.gateways.outbox import OutboxFolder
from server.gateways.smtp import SmtpServer
from server.language import sentence_of, speaking
from server.services.links import invitation_link
from server.settings import Settings, Smtp, read_settings, smtp_address


def write(folder: Path, text: str) -> Path:
    """Write a settings file, and return the folder."""
    (folder / "settings.toml").write_text(text, "utf-8")
    return folder


@pytest.mark.parametrize("language", ["de", "en"])
def test_the_first_file_says_nothing_but_defaults(tmp_path: Path, language: str) -> None:
    """Every line that is a setting is commented out; with the comment taken away it is valid."""
    with speaking(language):
        make_home(tmp_path)
    text = (tmp_path / "settings.toml").read_text("utf-8")

    assert read_settings(tmp_path) == Settings()
    write(tmp_path, re.sub(r"^#(?=[a-z-]+ = )", "", text, flags=re.MULTILINE))
    read = read_settings(tmp_path)
    assert read.web.url == "https://gdpac.example.com"
    assert smtp_address(read.mail.smtp) == Smtp("mail.example.com", 587, tls_at_once=False, user="gdpac")
    assert read.database.url.startswith("postgresql://")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[web\n", r"is not TOML: .*line 1"),
        ("[web]\nport = 'x'\n", r"web\.port: Expected `int`"),
        ("[web]\nprot = 1\n", r"web: Object contains unknown field `prot`"),
        ("wen = 1\n", r"at the top: Object contains unknown field `wen`"),
        ("[web]\nport = 0\n", r"web\.port: a number from 1 to 65535"),
        ("[web]\nthreads = 99\n", r"web\.threads: a number from 1 to 24"),
        ("[web]\nproxies = -1\n", r"web\.proxies"),
        ("[web]\nurl = 'gdpac.example.com'\n", r"web\.url: an address such as"),
        ("[web]\nurl = 'https://gdpac.example.com/path'\n", r"web\.url"),
        ("[mail]\nsmtp = 'mail.example.com'\n", r"mail\.smtp: an address such as"),
        ("[mail]\nsmtp = 'smtp://a:password@mail.example.com'\n", r"mail\.smtp"),
        ("[mail]\nsmtp = 'smtp://mail.example.com:x'\n", r"mail\.smtp"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, said: str) -> None:
    """With the file."""
    with pytest.raises(SetupError, match=said) as refused:
        read_settings(write(tmp_path, text))

    assert str(tmp_path / "settings.toml") in str(refused.value)


def test_mistakes_are_named_in_german(tmp_path: Path) -> None:
    """The reason too."""
    with pytest.raises(SetupError) as refused:
        read_settings(write(tmp_path, "[web]\nport = 0\n"))

    with speaking("de"):
        assert "web.port: erwartet wird eine Zahl von 1 bis 65535" in sentence_of(refused.value)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("smtp://mail.example.com", Smtp("mail.example.com", 587, tls_at_once=False, user=None)),
        ("smtps://a%40b.de@mail.example.com:466", Smtp("mail.example.com", 466, tls_at_once=True, user="a@b.de")),
        ("http://mail.example.com", None),
        ("smtp://", None),
    ],
)
def test_addresses_of_mail_servers(text: str, address: Smtp | None) -> None:
    """A user's name may be an address itself."""
    assert smtp_address(text) == address


def test_a_home_is_for_its_owner_alone_and_stays_as_it_is(tmp_path: Path) -> None:
    """Said twice, nothing is lost."""
    home = make_home(tmp_path / "data")
    key = secret_key(home)
    write(home.folder, "[web]\nurl = 'https://gdpac.example.com/'\n")

    again = make_home(tmp_path / "data")
    assert secret_key(again) == key
    assert len(key) == 32
    assert again.settings.web.url == "https://gdpac.example.com/"
    assert invitation_link("t") == "https://gdpac.example.com/invitation/t"
    assert [path.stat().st_mode & 0o077 for path in (home.folder, home.folder / "secret-key")] == [0, 0]


def test_where_the_rows_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command counts most, then the environment, then the file."""
    make_home(tmp_path)
    assert read_home(tmp_path).database_url == str(tmp_path / "gdpac.sqlite")
    write(tmp_path, "[database]\nurl = 'postgresql://file/x'\n")
    assert read_home(tmp_path).database_url == "postgresql://file/x"
    monkeypatch.setenv("GDP_DATABASE", "postgresql://environment/x")
    assert read_home(tmp_path).database_url == "postgresql://environment/x"
    assert read_home(tmp_path, database_url="postgresql://command/x").database_url == "postgresql://command/x"


def test_who_takes_mails(tmp_path: Path) -> None:
    """The folder, until a server is named; its password lies in a file that nobody else may read, and is never shown."""
    make_home(tmp_path)
    assert isinstance(post_office(read_home(tmp_path)), OutboxFolder)

    write(tmp_path, "[mail]\nsmtp = 'smtps://gdpac@mail.example.com'\npassword-file = 'mail-password'\n")
    (tmp_path / "mail-password").write_text("swordfish\n")
    (tmp_path / "mail-password").chmod(0o644)
    with pytest.raises(SetupError, match="Others may read"):
        post_office(read_home(tmp_path))
    (tmp_path / "mail-password").chmod(0o600)
    office = post_office(read_home(tmp_path))
    assert isinstance(office, SmtpServer)
    assert (office.password, office.tls_at_once) == ("swordfish", True)
    assert "swordfish" not in repr(office)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """With what to do."""
    with pytest.raises(SetupError, match="no data folder") as refused:
        read_home(tmp_path / "nowhere")
    assert "init" in refused.value.hint
