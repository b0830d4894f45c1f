"""Password files that settings name."""

from pathlib import Path

import pytest

from gdp.core.errors import BadInput
from gdp.settings.secrets import check_secret, read_secret


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A password in a file."""
    path = tmp_path / "password"
    path.write_text("geheim\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("bits", [0o600, 0o400])
def test_a_file_of_ours_alone_is_read(secret: Path, bits: int) -> None:
    """As it is."""
    secret.chmod(bits)
    check_secret(str(secret))

    assert read_secret(str(secret), {}) == b"geheim\n"


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o644, 0o660, 0o601])
def test_a_file_that_others_can_read_is_refused_with_what_to_do(secret: Path, bits: int) -> None:
    """A password that everybody on the computer knows protects nothing."""
    secret.chmod(bits)
    with pytest.raises(BadInput, match=f"its mode is {bits:04o}") as caught:
        read_secret(str(secret), {})

    assert caught.value.hint == f"Run: chmod 600 {secret}"
    with pytest.raises(BadInput, match="its mode"):
        check_secret(str(secret))


def test_a_link_counts_as_what_it_leads_to(secret: Path, tmp_path: Path) -> None:
    """A link's own mode says nothing."""
    link = tmp_path / "link"
    link.symlink_to(secret)
    assert read_secret(str(link), {}) == b"geheim\n"
    secret.chmod(0o644)

    with pytest.raises(BadInput, match="its mode"):
        read_secret(str(link), {})


def test_a_credential_of_systemd(tmp_path: Path) -> None:
    """It lies in a folder that systemd guards; the service's group may be let in."""
    (tmp_path / "gdp").write_text("geheim")
    (tmp_path / "gdp").chmod(0o440)

    assert read_secret("$CREDENTIALS_DIRECTORY/gdp", {"CREDENTIALS_DIRECTORY": str(tmp_path)}) == b"geheim"
    with pytest.raises(BadInput, match="known to the service only"):
        read_secret("$CREDENTIALS_DIRECTORY/gdp", {})
    check_secret("$CREDENTIALS_DIRECTORY/gdp")


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    """A pipe would hang the service."""
    import os

    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(BadInput, match="is no file"):
        read_secret(str(tmp_path / "pipe"), {})
    with pytest.raises(BadInput, match="No such file"):
        read_secret(str(tmp_path / "nothing"), {})
