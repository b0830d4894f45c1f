"""Finds the cause of a trouble: by the class of an error, by templates of the engine and by the system's reasons.

Never by a sentence, which may be in any language. The innermost error counts first: "stayed out of reach" is no cause when
what it was told last was that the disk is full.
"""

from gdp.model.run import Saying, Trouble
from gdp.model.runs import Kind
from gdp.report import causes, stops
from gdp.report.cause import Cause

_REASONS = {
    "Permission denied": causes.PERMISSION,
    "Operation not permitted": causes.PERMISSION,
    "No such file or directory": causes.VANISHED,
    "Input/output error": causes.IO_ERROR,
    "Structure needs cleaning": causes.IO_ERROR,
    "Stale file handle": causes.SHARE_AWAY,
    "Host is down": causes.SHARE_AWAY,
    "No route to host": causes.SHARE_AWAY,
    "Connection timed out": causes.SHARE_AWAY,
    "Transport endpoint is not connected": causes.SHARE_AWAY,
    "Too many open files": causes.TOO_MANY_OPEN,
    "Too many open files in system": causes.TOO_MANY_OPEN,
    "it is no longer a regular file": causes.VANISHED,
}
"""why a file of this computer could not be read"""

_TEMPLATES = {
    "was saved, but changed while it was read: old and new contents may be mixed": causes.CHANGED,
    "does not exist": causes.SOURCE_MISSING,
    "{path} does not exist": causes.SOURCE_MISSING,
    "packs wait in {folder} before they are sent, and it cannot take more: {reason}": causes.LOCAL_FULL,
    "lock {name} is left in the repository: {reason}": causes.LOCK_LEFT,
    "lock {name} stays in the repository, which lets nobody delete": causes.LOCK_STAYS,
    "our lock on the repository was lost during a long pause; the run stopped before it could do harm": causes.LOCK_LOST,
    "a folder of the last snapshot cannot be read: {reason}": causes.DAMAGED,
    "index file {name} is damaged: {reason}": causes.DAMAGED,
    "block {blob} is lost": causes.DAMAGED,
    "was restored on trial, but is not what was backed up": causes.DAMAGED,
    "differs from what was backed up, although its size and time of change are the same": causes.SOURCE_UNLIKE,
    "an error in this program: {kind}: {reason}": causes.PROGRAM,
    "the password file {path} cannot be read: {reason}": causes.SECRET,
    "the password file {path} is no file": causes.SECRET,
    "the password file {path} is not UTF-8 text": causes.SECRET,
    "the password file {path} is not for its owner alone: its mode is {mode}": causes.SECRET,
    "the credential {name!r} is known to the service only": causes.SECRET,
    "the password is empty": causes.SECRET,
    "no password was given, and there is no terminal to ask for one": causes.SECRET,
    "the password program failed: {reason}": causes.SECRET,
    "{host}, port {port}, cannot be reached: {reason}": causes.UNREACHABLE,
    "{path} is out of reach: {reason}": causes.TARGET_AWAY,
    "the connection to {location} broke: {reason}": causes.LINE_LOST,
    "{location} hung up": causes.LINE_LOST,
    "{location} has not answered for too long": causes.LINE_LOST,
    "{location} takes no more data; the line has stalled": causes.LINE_LOST,
    "{location} has lost its own connection: {reason}": causes.LINE_LOST,
    "{host} broke the connection off after the login: {reason}": causes.LINE_LOST,
    "{host} broke the connection off during the login: {reason}": causes.LINE_LOST,
    "{host} does not answer as an SSH server should: {reason}": causes.PROTOCOL,
    "{host} lets us in but offers no SFTP: {reason}": causes.PROTOCOL,
    "{host} and we have no common encryption: {reason}": causes.PROTOCOL,
    "{location} sends what is no SFTP: {reason}": causes.PROTOCOL,
    "{location} does not speak version 3 of SFTP": causes.PROTOCOL,
    "the folder {location} does not exist": causes.NO_REPOSITORY,
    "the folder of {location} does not exist": causes.NO_REPOSITORY,
    stops.WINDOW_CLOSED.template: causes.TIME_LIMIT,
    stops.TIME_OVER.template: causes.TIME_LIMIT,
    stops.NOTHING_KEPT.template: causes.TOO_SHORT,
    stops.SHUTDOWN.template: causes.STOPPED,
    stops.CANCELLED.template: causes.STOPPED,
    stops.LOST.template: causes.LOST,
    stops.PAUSED.template: causes.PAUSED,
    stops.SILENT.template: causes.SILENT,
    stops.computer_off(1).template: causes.COMPUTER_OFF,
    stops.clock_set(1).template: causes.CLOCK,
    stops.clock_set(-1).template: causes.CLOCK,
    stops.OVERLAP.template: causes.OVERLAP,
    stops.ON_BATTERY.template: causes.BATTERY,
    stops.TARGET_AWAY.template: causes.TARGET_AWAY,
    stops.FORBIDDEN.template: causes.FORBIDDEN,
    stops.command_failed("", 1).template: causes.COMMAND_FAILED,
    stops.after_failed("", 1).template: causes.COMMAND_FAILED,
    stops.before_ignored("", 1).template: causes.COMMAND_IGNORED,
    stops.after_ignored("", 1).template: causes.COMMAND_IGNORED,
    stops.command_declined("").template: causes.COMMAND_DECLINED,
}

_CLASSES = {
    "BadSettings": causes.SETTINGS,
    "BadInput": causes.SETTINGS,
    "NoRepository": causes.NO_REPOSITORY,
    "RepositoryLocked": causes.LOCKED,
    "WrongPassword": causes.PASSWORD,
    "Interrupted": causes.STOPPED,
    "FileMissing": causes.DAMAGED,
    "StorageFull": causes.TARGET_FULL,
    "StorageDenied": causes.TARGET_DENIED,
    "StorageUnreachable": causes.UNREACHABLE,
    "LoginRefused": causes.LOGIN,
    "HostKeyMismatch": causes.HOST_KEY,
    "DamagedData": causes.DAMAGED,
    "HostileData": causes.DAMAGED,
    "StorageError": causes.TARGET_FAILED,
}

_DIED = stops.died(0).template
_KILLED = -9


def find_cause(trouble: Trouble, kind: Kind = Kind.BACKUP) -> Cause:
    """Return what lies behind a trouble of a run of that kind; ``causes.OTHER`` when nothing is known of it."""
    if trouble.template == _DIED:
        return causes.MEMORY if trouble.facts.get("code") == _KILLED else causes.PROGRAM
    for said in reversed(list(trouble.chain())):
        if found := _cause_here(said):
            return found
    if kind in {Kind.CHECK, Kind.DRILL}:
        return causes.DAMAGED  # whatever else they say is about the repository
    return _by_reason(trouble, causes.UNREADABLE) if trouble.path else causes.OTHER


def every_template() -> list[str]:
    """Return the templates that the catalogue knows, for a test that they are still the engine's."""
    return [*_TEMPLATES, _DIED]


def _cause_here(said: Trouble | Saying) -> Cause | None:
    if said.error_class == "StorageFull" and said.facts.get("reason") == "Disk quota exceeded":
        return causes.QUOTA
    if found := _TEMPLATES.get(said.template):
        return found
    if found := _CLASSES.get(said.error_class):
        return found
    if said.error_class == "GdpError" and said.facts.get("reason") in {"No space left on device", "Disk quota exceeded"}:
        return causes.LOCAL_FULL
    return None


def _by_reason(trouble: Trouble, otherwise: Cause) -> Cause:
    reason = trouble.facts.get("reason")
    return _REASONS.get(reason, otherwise) if isinstance(reason, str) else otherwise
