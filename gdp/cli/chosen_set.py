"""The backup set that a command works for, and what it supplies where nothing else was given.

What is typed counts most, then the set, then variables such as GDP_REPO: whoever names a set means all of it.
"""

import os
import socket
from collections.abc import Callable
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from gdp.bootstrap.home import choose_home
from gdp.cli.common import Common, current
from gdp.core.errors import BadInput
from gdp.core.language import N_
from gdp.model.backup_set import BackupSet
from gdp.model.events import Emit, Note
from gdp.settings.sets import SetFiles

Value = TypeVar("Value")


def set_files(common: Common | None = None) -> SetFiles:
    """Return the sets of this installation."""
    return SetFiles(choose_home((common or current()).home))


def chosen_set(common: Common | None = None) -> BackupSet | None:
    """Return the set that was named, or None. Raises BadInput, BadSettings."""
    common = common or current()
    if common.backup_set is None:
        return None
    if "backup_set" not in common.typed:
        if "repo" in common.typed:
            return None
        if common.repo:
            raise BadInput(
                N_("GDP_REPO and GDP_BACKUP_SET are both set, and may mean two repositories"),
                N_("Unset one of them, or give --repo or --backup-set."),
            )
    return set_files(common).read(common.backup_set)


def use_set(name: str) -> None:
    """Let the running command work for a set that was named as its argument."""
    common = current()
    common.backup_set = name
    common.typed.add("backup_set")


def is_typed(parameter: str) -> bool:
    """Say whether an option of the running command was given, rather than left at its default."""
    return click.get_current_context().get_parameter_source(parameter) is not ParameterSource.DEFAULT


def typed_or_set(given: Value, parameter: str, from_set: Callable[[BackupSet], Value]) -> Value:
    """Return the value of an option: what was given, else what the set says, else the default."""
    chosen = None if is_typed(parameter) else chosen_set()
    return given if chosen is None else from_set(chosen)


def host_of(backup_set: BackupSet) -> str:
    """Return the computer's name in the snapshots of a set."""
    return backup_set.snapshot.host or socket.gethostname()


def means_set(words: tuple[str, ...], emit: Emit) -> bool:
    """Say whether ``gdp backup WORD`` means the set of that name. Raises BadInput when nobody can tell.

    A word with a slash, and the name of something that is here, is a path.
    """
    common = current()
    if len(words) != 1 or "/" in words[0] or {"repo", "backup_set"} & common.typed:
        return False
    name, files = words[0], set_files(common)
    if not os.path.lexists(name):
        return files.has(name) or not (common.repo or common.backup_set)
    if not files.has(name):
        return False
    if not common.repo and not common.backup_set:
        raise BadInput(
            N_("{name!r} is a backup set, and also something in this folder"),
            N_("Write './{name}' for what is here and '--backup-set {name}' for the set."),
            name=name,
        )
    emit(Note(N_("{name!r} means what is here; '--backup-set {name}' means the backup set of this name"), {"name": name}))
    return False


def fill_from(backup_set: BackupSet, given: dict[str, Any]) -> None:
    """Put what a set says about a backup between the options of the command: lists are joined, the rest is a default."""
    source, target = backup_set.source, backup_set.target
    if not (given["paths"] or given["files_from"] or given["files_from_verbatim"] or given["files_from_raw"] or given["stdin"]):
        given["paths"] = source.paths
    for name in ("exclude", "exclude_file", "exclude_if_present"):
        given[name] = (*getattr(source, name), *given[name])
    for name in ("exclude_caches", "one_file_system"):
        given[name] = given[name] or getattr(source, name)
    given["exclude_larger_than"] = given["exclude_larger_than"] or source.exclude_larger_than
    given["tags"] = ((backup_set.tag, *backup_set.snapshot.tags), *given["tags"])
    given["host"] = given["host"] or host_of(backup_set)
    defaults = {
        "pattern_rules": source.pattern_rules,
        "transfer_block_size": target.transfer_block_size,
        "compression": target.compression,
    }
    given |= {name: value for name, value in defaults.items() if not is_typed(name)}
