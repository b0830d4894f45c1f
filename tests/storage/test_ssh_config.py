"""What works with `ssh backup` must work with us, or administrators lose an evening."""

import getpass
import subprocess
import sys
from pathlib import Path

import pytest

from gdp.core.errors import BadInput
from gdp.model.target import SftpTarget
from gdp.storage.sftp_settings import SftpSettings, settings_of_user
from gdp.storage.ssh_config import Route, find_route

FIND_ROUTE = """
import sys
from pathlib import Path
from gdp.model.target import SftpTarget
from gdp.storage.sftp_settings import SftpSettings
from gdp.storage.ssh_config import find_route
found = find_route(SftpSettings(SftpTarget("backup", "/srv"), Path("/nowhere"), ssh_config=Path(sys.argv[1])))
print(found.host, found.user)
"""


def route(tmp_path: Path, config: str, target: SftpTarget | None = None) -> Route:
    (tmp_path / "config").write_text(config)
    target = target or SftpTarget("backup", "/srv")
    return find_route(SftpSettings(target, tmp_path / "pins", ssh_config=tmp_path / "config"))


def test_an_alias_is_resolved(tmp_path: Path) -> None:
    """Name, user, port and key come from one line in the user's file."""
    (tmp_path / "key").write_text("")
    found = route(
        tmp_path,
        f"Host backup\n HostName storage.example\n User me\n Port 2222\n IdentityFile {tmp_path}/key\n"
        f" IdentityFile {tmp_path}/missing\n IdentitiesOnly yes\n UserKnownHostsFile {tmp_path}/a {tmp_path}/b\n",
    )

    assert found == Route(
        host="storage.example", port=2222, user="me", known_as="[storage.example]:2222", key_files=(tmp_path / "key",),
        known_hosts=(tmp_path / "a", tmp_path / "b"), uses_only_these_keys=True,
    )  # fmt: skip


def test_what_the_target_says_comes_first(tmp_path: Path) -> None:
    """As with ssh's own options."""
    target = SftpTarget("backup", "/srv", "you", 22)
    found = route(tmp_path, "Host backup\n HostName storage.example\n User me\n Port 2222\n", target)

    assert (found.user, found.port, found.known_as) == ("you", 22, "storage.example")


def test_without_a_file_the_target_is_all(tmp_path: Path) -> None:
    """A daemon's user has no ~/.ssh."""
    found = find_route(SftpSettings(SftpTarget("host", "/srv"), tmp_path / "pins", ssh_config=tmp_path / "none"))

    assert found == Route("host", 22, getpass.getuser(), "host")


def test_a_host_key_alias_names_the_key(tmp_path: Path) -> None:
    """Servers behind a balancer share one."""
    assert route(tmp_path, "Host backup\n HostKeyAlias cluster\n Port 2222\n").known_as == "cluster"


def test_a_proxy_command_makes_the_line(tmp_path: Path) -> None:
    """The way into many company networks."""
    assert route(tmp_path, "Host backup\n ProxyCommand nc -x proxy %h %p\n").command == "nc -x proxy backup 22"
    assert route(tmp_path, "Host backup\n ProxyCommand none\n").command is None


def test_a_proxy_command_knows_the_targets_port(tmp_path: Path) -> None:
    """Otherwise it would connect to another server behind the same address."""
    target = SftpTarget("backup", "/srv", port=2222)

    assert route(tmp_path, "Host backup\n Port 22\n ProxyCommand nc %h %p\n", target).command == "nc backup 2222"


@pytest.mark.parametrize(
    ("jump", "command"),
    [
        ("gate", "ssh -o BatchMode=yes -W '[backup]:22' ssh://gate"),
        ("me@gate:2222", "ssh -o BatchMode=yes -W '[backup]:22' ssh://me@gate:2222"),
        ("a,b", "ssh -o BatchMode=yes -J a -W '[backup]:22' ssh://b"),
        ("none", None),
    ],
)
def test_a_jump_is_made_by_ssh_itself(tmp_path: Path, jump: str, command: str | None) -> None:
    """Paramiko has no jumps, and ssh knows the keys for the gate."""
    assert route(tmp_path, f"Host backup\n ProxyJump {jump}\n").command == command


@pytest.mark.parametrize("config", ["Host backup\n Port high\n", "this is = no\n config file\n'"])
def test_a_file_that_makes_no_sense_is_named(tmp_path: Path, config: str) -> None:
    """A traceback out of a parser helps nobody."""
    with pytest.raises(BadInput, match="config"):
        route(tmp_path, config)


def test_a_users_settings_look_where_ssh_looks(tmp_path: Path) -> None:
    """So that a server that can be reached by hand can be backed up to without any settings."""
    settings = settings_of_user(SftpTarget("host", "/srv"), tmp_path / "pins", tmp_path)

    assert settings.ssh_config == tmp_path / ".ssh/config"
    assert tmp_path / ".ssh/known_hosts" in settings.known_hosts
    assert tmp_path / ".ssh/id_ed25519" in settings.default_keys


def test_a_program_may_decide_which_lines_count(tmp_path: Path) -> None:
    """At home the server has another address than abroad. What runs programs is loaded only for this."""
    here = "Match host backup exec true\n HostName near.example\n"
    elsewhere = "Match host backup exec false\n User never\n"
    (tmp_path / "config").write_text(here + elsewhere)
    command = [sys.executable, "-c", FIND_ROUTE, str(tmp_path / "config")]  # since it leaves lines open behind it
    run = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)

    assert run.stdout.split() == ["near.example", getpass.getuser()]
