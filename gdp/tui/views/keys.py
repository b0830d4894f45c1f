"""Who can open a repository, in words. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from gdp.core.figures import moment
from gdp.core.gotext import parse_time
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.backup_set import BackupSet, Recovery

SHORT = 10  # digits of a key's name that tell it from others
_WAYS = N_("b makes a recovery sheet, t takes one that is printed already, e seals to a key, v does without.")
_REVOKED = N_("Nobody else can: the key of the sheet, or of the escrow, was revoked. Make another one.")
_HOLDER = N_("Whoever holds the private key {fingerprint} can open it, too: it was sealed to that.")
COLUMNS = (N_("Key"), N_("Made"), N_("User"), N_("Computer"), "")


def key_row(key: Mapping[str, Any], one: BackupSet | None = None) -> list[str]:
    """Return the cells of a key as ``gdp key list`` tells it; of a set's recovery key, what it is for."""
    made = moment(parse_time(key["created"])) if key.get("created") else str(key.get("problem", ""))
    use = translate(N_("in use")) if key.get("current") else ""
    if one is not None and one.encryption.recovery_key == key["id"]:
        use = translate(N_("escrow") if one.encryption.sealed_to else N_("recovery sheet"))
    return [str(key["id"])[:SHORT], made, str(key.get("userName", "")), str(key.get("hostName", "")), use]


def is_revoked(one: BackupSet, keys: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether the key that the sheet opens, or what was sealed, is in the repository no longer."""
    is_meant = one.is_active and one.encryption.recovery is not Recovery.NOBODY
    return is_meant and bool(one.encryption.recovery_key) and all(key["id"] != one.encryption.recovery_key for key in keys)


def recovery_lines(one: BackupSet, keys: Sequence[Mapping[str, Any]] | None = None) -> list[str]:
    """Return who can help when the password is lost, and where the password is.

    Args:
        keys: of the repository; None: not known.
    """
    facts = {"file": one.encryption.password_file, "target": one.target.repo}
    lines = [fill(N_("The repository {target} is opened with the password in {file}."), facts)]
    if not one.is_active:
        lines.append(translate(N_("It is not settled who else can open it. The set does not run before that.")))
        lines.append(translate(_WAYS))
    elif keys is not None and is_revoked(one, keys):
        lines.append(translate(_REVOKED))
    elif one.encryption.recovery is Recovery.SHEET:
        lines.append(translate(N_("Whoever holds the recovery sheet can open it, too.")))
    elif one.encryption.recovery is Recovery.ESCROW:
        template = _HOLDER if one.encryption.sealed_to else N_("Whoever holds the private key of the escrow can open it, too.")
        lines.append(fill(template, {"fingerprint": one.encryption.sealed_to}))
    else:
        lines.append(translate(N_("Nobody else can: when the file is lost, so are all backups.")))
    return lines


def sharing(sets: Sequence[BackupSet], one: BackupSet) -> list[BackupSet]:
    """Return the sets whose repository is the same, that one among them."""
    return [other for other in sets if other.target.repo == one.target.repo]
