"""Looks at a target that somebody is about to choose: does it answer, may we in, what lies there. Tries everything once."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec

from gdp.bootstrap.storages import Ask
from gdp.core.language import N_
from gdp.model.target import LocalTarget, SftpTarget, Target
from gdp.storage.found import Found, look_at_folder, make_folder


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


def look_at(target: Target, home: Path, ask: Ask, *, host_key: str = "", makes_folder: bool = False) -> Seen:
    """Return what there is at a target.

    Args:
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
    return _look_at_server(target, home, ask, host_key, makes_folder=makes_folder)


def _look_at_server(target: SftpTarget, home: Path, ask: Ask, host_key: str, *, makes_folder: bool) -> Seen:
    from gdp.storage.sftp import SftpStorage  # loads SSH
    from gdp.storage.sftp_settings import SecretKind, SecretRequest, settings_of_user
    from gdp.storage.ssh_greeting import greet

    settings = settings_of_user(target, home / "known_hosts", Path.home())
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

    def answer(request: SecretRequest) -> str | None:
        is_password = request.kind is SecretKind.PASSWORD
        question = N_("Password of {about}: ") if is_password else N_("Passphrase of the key {about}: ")
        return ask(question, {"about": request.about})

    with closing(SftpStorage(settings, ask=answer)) as storage:
        found = storage.look()
        if makes_folder and found is Found.MISSING:
            storage.make_root()
            found = Found.EMPTY
    return msgspec.structs.replace(seen, folder=found)
