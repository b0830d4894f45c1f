"""What a set that is being made or changed takes over from others, and what its recovery means then. Pure."""

from collections.abc import Iterable
from typing import Any

from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.backup_set import BackupSet, Recovery
from gdp.settings.editing import Changes
from gdp.settings.sets import written_values

_SHARED = (
    "target.repo",
    "target.block-size",
    "target.transfer-block-size",
    "target.login-key-file",
    "target.login-password-file",
    "encryption.password-file",
    "encryption.recovery",
    "encryption.recovery-confirmed",
    "encryption.recovery-key",
    "encryption.sealed-to",
)
"""what belongs to the repository rather than to one of its sets"""
_NEEDED = {
    "source.paths": (N_("a backup set needs something to back up"), N_("Give --source PATH.")),
    "target.repo": (N_("a backup set needs a repository"), N_("Give --repo, a folder or sftp://user@host/folder.")),
    "encryption.password-file": (
        N_("a backup set needs a password file"),
        N_("Give --password-file, a file with mode 0600 or $CREDENTIALS_DIRECTORY/NAME."),
    ),
}


def complete(values: Changes, others: Iterable[BackupSet]) -> dict[str, Any]:
    """Return the values of a new set, with the repository that it shares and its recovery settled where it can be.

    Without a target it takes the repository of the other sets, if they have one and the same; with the target of another set,
    that one's password. A password file that was given says that nobody else is to be able to open the repository.

    Raises:
        BadInput: something is missing.
    """
    written = [written_values(other) for other in others]
    if "target.repo" not in values:
        written = written if len({shared["target.repo"] for shared in written}) == 1 else []
    else:
        written = [shared for shared in written if shared["target.repo"] == values["target.repo"]]
    completed = dict(values)
    if written and "encryption.password-file" not in values:
        completed = {name: written[0][name] for name in _SHARED if written[0][name] != ""} | completed
    for name, (what, how) in _NEEDED.items():
        if not completed.get(name):
            raise BadInput(what, how)
    if "encryption.recovery" in values or "encryption.recovery-confirmed" not in completed:
        recovery = completed.setdefault("encryption.recovery", str(Recovery.NOBODY))
        completed["encryption.recovery-confirmed"] = recovery == Recovery.NOBODY
    return completed


def settle(changes: Changes, was: BackupSet | None) -> dict[str, Any]:
    """Return the changes to a set, with what they mean for its recovery.

    To choose nobody settles it. Another choice must be confirmed, and one that was confirmed must be once more for another
    password.
    """
    recovery = changes.get("encryption.recovery")
    if recovery is not None:
        return {**changes, "encryption.recovery-confirmed": recovery == Recovery.NOBODY}
    if "encryption.password-file" in changes and was is not None and was.encryption.recovery is not Recovery.NOBODY:
        return {**changes, "encryption.recovery-confirmed": False}
    return dict(changes)
