"""Looks at a target that somebody is about to choose: does it answer, may we in, what lies there. Tries everything once."""

import os
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from gdp.bootstrap.storages import Ask, Login
from gdp.core.errors import LoginRefused
from gdp.model.target import LocalTarget, SftpTarget, Target
from gdp.storage.found import Found, look_at_folder, make_folder

if TYPE_CHECKING:
    from gdp.storage.sftp_settings import AskSecret, SftpSettings

_AGENT = "SSH_AUTH_SOCK"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """What was seen."""

    host: str = ""
    """as in a known_hosts file; empty for a folder of this computer"""
    user: str = ""
    """as whom we log in"""
    host_key: str = ""
    """``ssh-ed25519 SHA256:...``"""
    is_known: bool = True
    """the server's key is pinned or was given; where it is not, nothing more was tried"""
    folder: Found | None = None
    """None: not looked at"""
    is_unattended: bool = True
    """a backup that runs by itself is let in as well: without an SSH agent, and with nobody to type a secret"""


def look_at(target: Target, home: Path, ask: Ask, login: Login, *, host_key: str = "", makes_folder: bool = False) -> Seen:
    """Return what there is at a target.

    Args:
        login: what lets us in, besides what lies in ``~/.ssh``.
        host_key: that a server which is not known yet must show, and that is pinned then; empty: a new server is not entered.
        makes_folder: make the folder where it is missing.

    Raises:
        StorageError: it cannot be reached, does not let us in, or shows another host key.
    """
    if isinstance(target, LocalTarget):
        found = look_at_folder(target.path)
        if makes_folder and found is Found.MISSING:
            make_folder(target.path)
            found = Found.EMPTY
        return Seen(folder=found)
    return _look_at_server(target, home, ask, login, host_key, makes_folder=makes_folder)


def _look_at_server(target: SftpTarget, home: Path, ask: Ask, login: Login, host_key: str, *, makes_folder: bool) -> Seen:
    from gdp.bootstrap.login import with_key  # loads SSH
    from gdp.storage.sftp_settings import settings_of_user
    from gdp.storage.ssh_greeting import greet

    settings = with_key(settings_of_user(target, home / "known_hosts", Path.home()), login)
    greeting = greet(settings)
    seen = Seen(
        host=greeting.host,
        user=greeting.user,
        host_key=f"{greeting.key_type} {greeting.fingerprint}",
        is_known=greeting.is_known or bool(host_key),
    )
    if not seen.is_known:
        return seen
    if host_key:
        key_type, _, fingerprint = host_key.rpartition(" ")
        settings = replace(settings, expected_fingerprint=fingerprint, expected_key_type=key_type or None)
    found, is_unattended = _enter(settings, ask, login, makes_folder=makes_folder)
    return msgspec.structs.replace(seen, folder=found, is_unattended=is_unattended)


def _enter(settings: "SftpSettings", ask: Ask, login: Login, *, makes_folder: bool) -> tuple[Found, bool]:
    """Log in as a backup does that runs by itself, and only where that is refused with an agent or somebody to ask.

    Returns what lies there, and whether the first was enough.
    """
    from gdp.bootstrap.login import answering

    wanted: list[str] = []

    def ask_nobody(question: str, _facts: Mapping[str, object]) -> None:
        wanted.append(question)

    try:
        return _find(replace(settings, uses_agent=False), answering(login, ask_nobody), makes_folder=makes_folder), True
    except LoginRefused:
        if not wanted and not os.environ.get(_AGENT):
            raise
    return _find(settings, answering(login, ask), makes_folder=makes_folder), False


def _find(settings: "SftpSettings", ask: "AskSecret", *, makes_folder: bool) -> Found:
    from gdp.storage.sftp import SftpStorage  # loads SSH

    with closing(SftpStorage(settings, ask=ask)) as storage:
        found = storage.look()
        if makes_folder and found is Found.MISSING:
            storage.make_root()
            found = Found.EMPTY
    return found
