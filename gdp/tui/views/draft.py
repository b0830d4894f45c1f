"""A backup set while it is being made: what was entered so far, and what it means. Pure.

Whatever was typed stays as it was typed, so that going back shows it again.
"""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.backup_set import BackupSet, Recovery
from gdp.model.sizes import typed_size
from gdp.model.target import HIGHEST_PORT, LocalTarget, SftpTarget, Target, parse_target
from gdp.tui.views.schedules import FIRST, WHEN, values_of_typed

USUAL_SOURCES = ("/etc", "/home", "/root", "/srv", "/var", "/opt", "/usr/local")
USUAL_EXCLUDES = ("/var/cache/", "/var/tmp/", "/var/run/", "/var/lock/", "**/.cache/")
USUAL_KEEP = {"daily": "7", "weekly": "4", "monthly": "12", "yearly": ""}
USUAL_SCHEDULE = {WHEN: [FIRST], "schedule.random-offset": "30m"}
PERIODS = ("daily", "weekly", "monthly", "yearly")


class Place(StrEnum):
    """Where backups go."""

    SHARED = "shared"
    """to the repository of another set"""
    SERVER = "server"
    FOLDER = "folder"


class PasswordBy(StrEnum):
    """Who chooses the password."""

    GENERATED = "generated"
    TYPED = "typed"


class LoginBy(StrEnum):
    """What lets us into the server."""

    KEY = "key"
    PASSWORD = "password"


class Draft(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that was entered."""

    name: str = ""
    place: Place = Place.SERVER
    shared: str = ""
    """the set whose repository is shared"""
    host: str = ""
    port: str = ""
    user: str = ""
    remote_folder: str = ""
    login_by: LoginBy = LoginBy.KEY
    key_file: str = ""
    """empty: one of ``~/.ssh``"""
    login_password: str = ""
    folder: str = ""
    seen: Mapping[str, Any] = {}
    """what ``gdp reach`` said of the target, and of no other"""
    sources: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    password_by: PasswordBy = PasswordBy.GENERATED
    password: str = ""
    repeated: str = ""
    recovery: Recovery = Recovery.SHEET
    block_size: str = ""
    transfer_block_size: str = ""
    advice: Mapping[str, Any] = {}
    """what ``gdp advise`` said"""
    schedule: Mapping[str, Any] = msgspec.field(default_factory=lambda: dict(USUAL_SCHEDULE))
    """by the keys of a set, as it was typed"""
    keep: Mapping[str, str] = msgspec.field(default_factory=lambda: dict(USUAL_KEEP))
    reports: bool = True
    mail_to: str = ""
    mail_mode: str = "every-run"
    mail_language: str = ""
    smtp_host: str = ""
    smtp_port: str = ""
    smtp_user: str = ""
    smtp_password: str = ""
    smtp_tls: bool = False
    sender: str = ""
    password_file: str = ""
    """where the password lies, once the repository is being made"""
    login_password_file: str = ""
    """the same for the password that lets us into the server"""

    def __repr__(self) -> str:
        return f"Draft(name={self.name!r})"  # several fields are secrets

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("name", self.name)]

    @property
    def has_repository(self) -> bool:
        """Say whether there is one at the target already."""
        return self.place is Place.SHARED or self.seen.get("folder") == "repository"


def first_draft(sets: Sequence[BackupSet], existing: Iterable[str], name: str) -> Draft:
    """Return what is right for most.

    Args:
        sets: that there are.
        existing: those of ``USUAL_SOURCES`` that exist.
        name: to be called, unless a set is called so.
    """
    sources = tuple(existing)
    draft = Draft(name=free_name(name, [one.name for one in sets]), sources=sources, excludes=USUAL_EXCLUDES)
    draft = msgspec.structs.replace(draft, excludes=fitting_excludes(draft))
    if not sets:
        return draft
    reports = sets[0].report
    to = reports[0].to if reports else ""
    return msgspec.structs.replace(draft, place=Place.SHARED, shared=sets[0].name, mail_to=to, reports=bool(reports))


def fitting_excludes(draft: Draft) -> tuple[str, ...]:
    """Return the patterns, without those of the usual ones that lie in no source: they would only be asked about."""
    return tuple(
        pattern
        for pattern in draft.excludes
        if pattern not in USUAL_EXCLUDES or not pattern.startswith("/") or _below(pattern, draft.sources)
    )


def free_name(name: str, taken: Sequence[str]) -> str:
    """Return the name, with a number where it is taken."""
    number, found = 2, name
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    return found


def target_of(draft: Draft) -> Target:
    """Return where backups go. Raises BadInput, with the field it is about as its fact ``field``."""
    if draft.place is Place.FOLDER:
        path = Path(draft.folder.strip())
        if not path.is_absolute():
            raise _wrong("folder", N_("the folder must begin with a slash"), N_("Such as /mnt/backup/server01."))
        return LocalTarget(path)
    host = draft.host.strip()
    if host.lower().startswith("sftp:"):
        target = parse_target(host)
        assert isinstance(target, SftpTarget)
        return target
    if not host or (any(character in host for character in " /@:[]") and host.count(":") < 2):
        raise _wrong("host", N_("the server's name is missing or malformed"), N_("Such as backup.example.com."))
    port = draft.port.strip()
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) <= HIGHEST_PORT):
        raise _wrong("port", N_("the port is not a number from 1 to 65535"), N_("Leave it empty for 22."))
    folder = draft.remote_folder.strip()
    if not folder:
        raise _wrong("remote_folder", N_("the folder on the server is missing"), N_("Such as /srv/backup/server01."))
    if not folder.startswith("/") and port:
        raise _wrong("remote_folder", N_("with a port, the folder must begin with a slash"), N_("Such as /srv/backup/server01."))
    return SftpTarget(host.strip("[]"), folder.rstrip("/") or "/", draft.user.strip() or None, int(port) if port else None)


def spelled_out(draft: Draft) -> Draft:
    """Return the draft with a target that was typed whole (``sftp://user@host/folder``) in its fields. Raises BadInput."""
    if draft.place is not Place.SERVER or not draft.host.strip().lower().startswith("sftp:"):
        return draft
    target = target_of(draft)
    assert isinstance(target, SftpTarget)
    return msgspec.structs.replace(
        draft, host=target.host, port=str(target.port or ""), user=target.user or "", remote_folder=target.path
    )


def values_of(draft: Draft, sets: Sequence[BackupSet]) -> dict[str, Any]:
    """Return the set's keys as its file has them; ``complete`` adds what it shares with others. Raises BadInput."""
    values: dict[str, Any] = {
        "source.paths": list(draft.sources),
        "source.exclude": list(fitting_excludes(draft)),
        "source.exclude-caches": True,
        **values_of_typed(draft.schedule),
    }
    values |= {f"retention.keep-{period}": int(text) for period, text in draft.keep.items() if text.strip()}
    if draft.place is Place.SHARED:
        shared = next(one for one in sets if one.name == draft.shared)
        values["target.repo"] = str(shared.target.repo)
    else:
        values |= {"target.repo": str(target_of(draft)), "encryption.password-file": draft.password_file}
        values |= {"encryption.recovery": str(draft.recovery), **_login_values(draft)}
    if draft.block_size:
        values["target.block-size"] = draft.block_size
    elif isinstance(draft.seen.get("block_size"), int):
        values["target.block-size"] = typed_size(draft.seen["block_size"])
    if draft.transfer_block_size:
        values["target.transfer-block-size"] = draft.transfer_block_size
    if draft.reports:
        entry = {"to": draft.mail_to.strip(), "mode": draft.mail_mode}
        values["report"] = [entry | ({"language": draft.mail_language} if draft.mail_language else {})]
    return values


def _login_values(draft: Draft) -> dict[str, str]:
    if draft.place is not Place.SERVER:
        return {}
    key, password = "target.login-key-file", "target.login-password-file"
    values = {key: draft.key_file} if draft.login_by is LoginBy.KEY else {password: draft.login_password_file}
    return {name: value for name, value in values.items() if value}


def _below(pattern: str, sources: Sequence[str]) -> bool:
    return any(pattern.startswith(f"{source.rstrip('/')}/") for source in sources)


def _wrong(field: str, what: str, how: str) -> BadInput:
    return BadInput(what, how, field=field)
