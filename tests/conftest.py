"""What every test may ask for. No test sees the real home folder, the user's language or the user's repository."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

import pytest

from tests import awkward

PROJECT = Path(__file__).resolve().parent.parent
_USERS_OWN = (
    "GDP_REPO",
    "GDP_PASSWORD_FILE",
    "GDP_PASSWORD",
    "NO_COLOR",
    "SSH_AUTH_SOCK",
    "LC_ALL",
    "LC_MESSAGES",
    "LANGUAGE",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what is marked ``root`` where we are not."""
    if os.geteuid() != 0:
        for item in items:
            if item.get_closest_marker("root"):
                item.add_marker(pytest.mark.skip(reason="needs to run as root"))


def absent(what: str) -> NoReturn:
    """Skip the test because ``what`` is not installed; where CI=true fail it instead: there nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{what} is missing, and CI must not skip what needs it")
    pytest.skip(f"{what} is not installed")


def require_program(name: str) -> Path:
    """Return the path of a program (``sshd`` is looked for where Debian keeps it too), or skip as ``absent`` does."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        absent(name)
    return Path(path)


@pytest.fixture(autouse=True)
def isolated_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a home of its own, English, and none of the user's settings. Children inherit it."""
    home = tmp_path_factory.mktemp("home")
    for name in _USERS_OWN:
        monkeypatch.delenv(name, raising=False)
    for name in [name for name in os.environ if name.startswith("RESTIC_")]:
        monkeypatch.delenv(name)
    for name, folder in {
        "HOME": "",
        "GDP_HOME": "gdp",
        "XDG_CONFIG_HOME": ".config",
        "XDG_CACHE_HOME": ".cache",
        "XDG_DATA_HOME": ".local/share",
        "XDG_STATE_HOME": ".local/state",
        "XDG_RUNTIME_DIR": ".run",
    }.items():
        (home / folder).mkdir(parents=True, exist_ok=True, mode=0o700)
        monkeypatch.setenv(name, str(home / folder))
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("GDP_LANGUAGE", "en")
    return home


@pytest.fixture(scope="session")
def peer_restic() -> Path:
    """The restic to compare with: GDP_TEST_RESTIC, else the installed one."""
    if chosen := os.environ.get("GDP_TEST_RESTIC"):
        return Path(chosen)
    return require_program("restic")


@pytest.fixture(scope="session")
def shared_fixtures() -> Path:
    """Repositories written by several restics, as archives. Not part of the project, so their absence skips."""
    folder = Path(os.environ.get("GDP_SHARED", PROJECT.parent / "shared")) / "fixtures" / "restic"
    if not folder.is_dir():
        pytest.skip("the shared repositories are not here (GDP_SHARED names the folder that holds fixtures/)")
    return folder


@pytest.fixture(scope="session")
def built_awkward_tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An awkward tree that several tests read. Never changed."""
    folder = tmp_path_factory.mktemp("awkward") / "tree"
    awkward.build(folder, for_restic=True)
    yield folder
    _make_removable(folder)


@pytest.fixture
def awkward_tree(tmp_path: Path) -> Iterator[Path]:
    """An awkward tree of the test's own, with everything restic can carry; see ``tests/awkward.py``."""
    folder = tmp_path / "awkward"
    awkward.build(folder, for_restic=True)
    yield folder
    _make_removable(folder)


def _make_removable(top: Path) -> None:
    """Let pytest delete folders that their owner may not write to."""
    for folder, _subfolders, _files in os.walk(os.fsencode(top)):
        os.chmod(folder, 0o700)
