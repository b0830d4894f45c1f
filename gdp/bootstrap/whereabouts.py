"""Where a repository is, told so that another computer finds it: no alias of ours, and the key that the server shows.

Imported for recovery only; loads SSH for a server.
"""

import contextlib
from pathlib import Path

import msgspec

from gdp.bootstrap.access import Access
from gdp.bootstrap.storages import Ask
from gdp.core.errors import BadInput, HostKeyMismatch
from gdp.core.language import N_
from gdp.model.events import Emit, Note
from gdp.model.files import FileKind
from gdp.model.target import SftpTarget, Target

_SSH_PORT = 22


class Whereabouts(msgspec.Struct, frozen=True):
    """What to write down of a repository."""

    repo: Target
    host_key: str
    """``ssh-ed25519 SHA256:...``; empty for a folder"""


def find_whereabouts(access: Access, ask: Ask, emit: Emit) -> Whereabouts:
    """Return what another computer needs. The server was reached before, and shows its key once more to prove it.

    Raises:
        BadInput: there is no way to write the address down.
        HostKeyMismatch: the server shows none of the keys that are known for it.
    """
    settings = access.settings
    if not isinstance(settings.target, SftpTarget):
        return Whereabouts(settings.target, "")
    from gdp.storage.host_keys import known_keys
    from gdp.storage.sftp_settings import settings_of_user
    from gdp.storage.ssh_config import find_route

    target = settings.target
    sftp = settings_of_user(target, settings.home / "known_hosts", Path.home())
    route = find_route(sftp)
    if route.command:
        sentence = N_("the way to {host} is a ProxyCommand of ~/.ssh/config; write it down on the sheet, which cannot tell it")
        emit(Note(sentence, {"host": target.host}))
    if not target.path.startswith("/") and route.port != _SSH_PORT:
        raise BadInput(
            N_("the folder of {target} depends on the login, and its port is in ~/.ssh/config"),
            N_("Give the set the whole address, sftp://user@host:port/folder."),
            target=target,
        )
    port = route.port if route.port != _SSH_PORT else None
    known = [key for key in known_keys(sftp, route) if not key.is_revoked]
    for key in known:
        described = f"{key.key_type} {key.fingerprint}"
        if _shows(access, described, ask, emit):
            return Whereabouts(SftpTarget(route.host, target.path, route.user, port), described)
    raise BadInput(N_("{host} shows none of the host keys that are known for it"), host=target.host)


def _shows(access: Access, host_key: str, ask: Ask, emit: Emit) -> bool:
    """Say whether the server shows a key to somebody who asks for it."""
    reaching = msgspec.structs.replace(access.settings.reaching, host_key=host_key)
    asking = Access(msgspec.structs.replace(access.settings, reaching=reaching), ask, emit)
    try:
        with contextlib.closing(asking.make_storage(access.make_storage.secrets)) as storage:
            list(storage.list(FileKind.KEYS))
    except HostKeyMismatch:
        return False
    return True
