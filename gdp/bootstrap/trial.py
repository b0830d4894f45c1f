"""Tries whether a backup set would run: sources, patterns, password, target. Writes nothing to the target."""

import contextlib
import os

from gdp.bootstrap.access import Access
from gdp.bootstrap.passwords import PasswordSource, find_password
from gdp.core.errors import GdpError, NoRepository
from gdp.core.language import N_
from gdp.engine.patterns.differences import tell_differences
from gdp.engine.patterns.lists import parse_patterns
from gdp.engine.patterns.selector import make_excludes
from gdp.model.backup_set import BackupSet
from gdp.model.events import Emit, Note, Problem
from gdp.model.exclusion import Pattern
from gdp.model.sizes import typed_size
from gdp.repo.repository import Repository


def try_set(backup_set: BackupSet, access: Access, emit: Emit) -> None:
    """Emit a Problem for each thing that would go wrong, and a Note for what is worth knowing."""
    if not backup_set.is_active:
        hint = N_(
            "'gdp recovery sheet -S {name}' makes a recovery sheet, 'gdp recovery escrow -S {name}' seals a password for "
            "somebody else, 'gdp recovery decline -S {name}' settles that nobody can."
        )
        emit(Problem(N_("it is not settled who can help when the password is lost"), {"name": backup_set.name}, hint=hint))
    _try_sources(backup_set, emit)
    _try_patterns(backup_set, emit)
    try:
        password = find_password(PasswordSource(backup_set.encryption.password_file, is_private=True), lambda *_: None, "")
        repository = access.open(password)
    except NoRepository:
        facts: dict[str, object] = {"target": backup_set.target.repo, "name": backup_set.name}
        emit(Problem(N_("there is no repository at {target} yet"), facts, hint=N_("'gdp init {name}' makes it.")))
        return
    except GdpError as error:
        emit(problem_of(error))
        return
    with contextlib.closing(repository.storage):
        _compare_block_size(backup_set, repository, emit)


def problem_of(error: GdpError) -> Problem:
    """Return an error as an event."""
    return Problem(error.template, error.facts, hint=error.hint_template)


def _try_sources(backup_set: BackupSet, emit: Emit) -> None:
    for path in backup_set.source.paths:
        if not os.path.lexists(path):
            emit(Problem(N_("does not exist"), {}, path, N_("Check the spelling, or take it out of the list.")))
        elif not os.access(path, os.R_OK) and not os.path.islink(path):
            emit(Problem(N_("cannot be read: {reason}"), {"reason": "Permission denied"}, path, N_("Run it as root.")))


def _try_patterns(backup_set: BackupSet, emit: Emit) -> None:
    source = backup_set.source
    patterns = [Pattern(text) for text in source.exclude]
    for name in source.exclude_file:
        try:
            with open(name, "rb") as stream:
                text = stream.read().decode("utf-8", "surrogateescape")
        except OSError as error:
            emit(Problem(N_("cannot be read: {reason}"), {"reason": error.strerror or str(error)}, name))
            continue
        patterns += parse_patterns(text, source.pattern_rules, os.environ)
    try:
        make_excludes(patterns, source.pattern_rules)
    except GdpError as error:
        emit(problem_of(error))
    for note in tell_differences(patterns, source.pattern_rules):
        emit(note)


def _compare_block_size(backup_set: BackupSet, repository: Repository, emit: Emit) -> None:
    wanted, found = backup_set.target.block_size, repository.chunker_parameters().average_bytes
    if wanted != found:
        sentence = N_("the repository was made with blocks of {found}; {wanted} in the set changes nothing any more")
        emit(Note(sentence, {"found": typed_size(found), "wanted": typed_size(wanted)}))
