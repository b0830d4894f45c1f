"""``gdp restore --by-daemon``: the daemon makes the restore, and this command only asks for it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from gdp.cli.chosen_set import is_typed
from gdp.cli.common import current
from gdp.cli.daemon_link import daemon
from gdp.cli.reporting import reporting
from gdp.core.errors import BadInput
from gdp.core.language import N_, translate
from gdp.model.restore_wish import read_wish

_TAKEN = {"name", "wanted", "target", "overwrite", "delete", "verify", "by_daemon"}


def let_daemon_restore(given: Mapping[str, Any]) -> int:
    """Ask for it and return the exit code. Raises BadInput, NoDaemon."""
    name = current().backup_set
    if name is None:
        raise BadInput(N_("the daemon restores for a backup set only"), N_("Name it with --backup-set."))
    if any(map(is_typed, given.keys() - _TAKEN)):
        raise BadInput(
            N_("patterns, --host, --tag, --path, --sparse and --dry-run do not go together with --by-daemon"),
            N_("Name the snapshot by its id, and the paths in it."),
        )
    wish = read_wish(
        {
            "snapshot": given["name"],
            "target": str(Path(given["target"]).absolute()),
            "paths": [os.path.join("/", path) for path in given["wanted"]],
            **{field: given[field] for field in ("overwrite", "delete", "verify")},
        }
    )
    with reporting() as screen, daemon() as client:
        answer = client.ask("restore", set=name, **msgspec.to_builtins(wish))
        sentence = translate(N_("run {number} restores to {target}; 'gdp status' shows how far it is"))
        screen.say(sentence.format(number=answer["run"]["id"], target=wish.target))
        screen.record("summary", answer)
        return 0
