"""Who can open a repository, in words. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from gdp.core.figures import moment
from gdp.core.gotext import parse_time
from gdp.core.language import N_, translate
from gdp.core.sentences import fill
from gdp.model.backup_set import BackupSet, Recovery

SHORT = 10  # digits of a key's name that tell it from others
COLUMNS = (N_("Key"), N_("Made"), N_("User"), N_("Computer"), "")


def key_row(key: Mapping[str, Any]) -> list[str]:
    """Return the cells of a key as ``gdp key list`` tells it."""
    made = moment(parse_time(key["created"])) if key.get("created") else str(key.get("problem", ""))
    in_use = translate(N_("in use")) if key.get("current") else ""
    return [str(key["id"])[:SHORT], made, str(key.get("userName", "")), str(key.get("hostName", "")), in_use]


def recovery_lines(one: BackupSet) -> list[str]:
    """Return who can help when the password is lost, and where the password is."""
    facts = {"file": one.encryption.password_file, "target": one.target.repo}
    lines = [fill(N_("The repository {target} is opened with the password in {file}."), facts)]
    if not one.is_active:
        lines.append(translate(N_("It is not settled who else can open it. The set does not run before that.")))
        lines.append(translate(N_("b makes a recovery sheet, e an escrow, v settles that nobody else can.")))
    elif one.encryption.recovery is Recovery.SHEET:
        lines.append(translate(N_("Whoever holds the recovery sheet can open it, too.")))
    elif one.encryption.recovery is Recovery.ESCROW:
        lines.append(translate(N_("Whoever holds the private key of the escrow can open it, too.")))
    else:
        lines.append(translate(N_("Nobody else can: when the file is lost, so are all backups.")))
    return lines


def sharing(sets: Sequence[BackupSet], one: BackupSet) -> list[BackupSet]:
    """Return the sets whose repository is the same, that one among them."""
    return [other for other in sets if other.target.repo == one.target.repo]
