"""A target that is misread sends a backup to the wrong place, and one with a password in it sends that into every log."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gdp.core.errors import BadInput
from gdp.model.target import LocalTarget, SftpTarget, parse_target


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/srv/backup", LocalTarget(Path("/srv/backup"))),
        ("backup", LocalTarget(Path("backup"))),
        ("C:\\backup", LocalTarget(Path("C:\\backup"))),
        ("sftp://host/srv", SftpTarget("host", "/srv")),
        ("SFTP://host/srv", SftpTarget("host", "/srv")),
        ("sftp://me@host:2222/srv/a", SftpTarget("host", "/srv/a", "me", 2222)),
        ("sftp://me@[2001:db8::1]:22/srv", SftpTarget("2001:db8::1", "/srv", "me", 22)),
        ("sftp://[fe80::1%eth0]/srv", SftpTarget("fe80::1%eth0", "/srv")),
        ("sftp://a%40b@host/my%20files", SftpTarget("host", "/my files", "a@b")),
        ("sftp://host//srv//a/", SftpTarget("host", "/srv/a")),
        ("sftp://host/", SftpTarget("host", "/")),
        ("sftp:me@host:/srv", SftpTarget("host", "/srv", "me")),
        ("sftp:host:backup/a", SftpTarget("host", "backup/a")),
        ("sftp:me@[::1]:/srv", SftpTarget("::1", "/srv", "me")),
    ],
)
def test_what_makes_sense_is_understood(text: str, expected: LocalTarget | SftpTarget) -> None:
    """Both ways of writing are common, and both copied from restic's command lines."""
    assert parse_target(text) == expected
    assert parse_target(str(expected)) == expected


@pytest.mark.parametrize(
    "text",
    ["", "  ", "sftp://", "sftp://host", "sftp://me@/srv", "sftp://host:0/x", "sftp://host:65536/x", "sftp://host:a/x",
     "sftp://::1/x", "sftp://ho st/x", "sftp://-oProxyCommand=x/y", "sftp://host/%ff", "sftp://host/%00", "sftp:host",
     "sftp:me@host", "sftp:@host:/x", "http://host/x", "s3://bucket/x", "a\0b"],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_with_a_hint(text: str) -> None:
    """Better now than as a strange error in the night."""
    with pytest.raises(BadInput) as caught:
        parse_target(text)
    assert caught.value.hint


@pytest.mark.parametrize("text", ["sftp://me:geheim@host/srv", "sftp:me:geheim@host:/srv", "sftp://me:ge/heim@host/srv"])
def test_a_password_is_refused_and_not_repeated(text: str) -> None:
    """The message lands in the report that is mailed."""
    with pytest.raises(BadInput) as caught:
        parse_target(text)
    assert "heim" not in str(caught.value)


@given(
    st.text("abz09.-", min_size=1).filter(lambda host: not host.startswith("-")),
    st.text(st.characters(codec="utf-8", exclude_characters="\0/"), min_size=1),
    st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1),
    st.none() | st.integers(1, 65535),
)
def test_every_target_survives_being_written_down(host: str, path: str, user: str | None, port: int | None) -> None:
    """It goes through configuration files and command lines as text."""
    target = SftpTarget(host, f"/{path}", user, port)

    assert parse_target(str(target)) == target
