"""From the common options to an open, locked repository. Every command that touches one begins here."""

import contextlib
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol, TypeVar

import click
import msgspec

from gdp.bootstrap.access import Access, AccessSettings, CacheUse
from gdp.bootstrap.home import choose_home
from gdp.bootstrap.passwords import PasswordSource, choose_password, find_password
from gdp.bootstrap.storages import Login, Reaching
from gdp.cli.chosen_set import chosen_set
from gdp.cli.common import Common, current
from gdp.cli.lifeline import heed
from gdp.cli.reporting import reporting
from gdp.cli.screen import Screen
from gdp.core.errors import BadInput, DamagedData
from gdp.core.language import N_, translate
from gdp.model.events import Problem, StageBegan
from gdp.model.files import FileKind
from gdp.model.target import Target, parse_target
from gdp.model.timing.bandwidth import Bandwidth
from gdp.repo.ahead import TO_LOOK_INTO
from gdp.repo.locks import ignoring_hangup
from gdp.repo.repository import OnDamaged, Repository
from gdp.repo.snapshots import SnapshotList

LENDER = "gdp.cli.session"
"""in a command's context: who lends its open repository to the commands below it, a ``Lend``"""


class Session(msgspec.Struct, frozen=True):
    """An open repository and a screen to report to."""

    repository: Repository
    screen: Screen
    access: Access
    looked: SnapshotList | None = None
    """the snapshots, when they were read together with the index"""

    def snapshots(self) -> SnapshotList:
        """Return the snapshots of the repository."""
        return self.looked or self.repository.snapshots()

    def tell_damage(self, error: DamagedData) -> None:
        """Tell of something that cannot be read, and go on."""
        self.screen.emit(Problem(error.template, error.facts, hint=error.hint_template))


Lend = Callable[[bool], Session]
"""Is given ``looks_into``, see ``opened``"""


@contextmanager
def opened(*, exclusive: bool = False, writes: bool = False, locks: bool = True, looks_into: bool = False) -> Iterator[Session]:
    """Open the repository and hold a lock while the block runs; or use what the command around this one lends.

    Args:
        exclusive: nobody else may use the repository meanwhile.
        writes: the lock is taken also where the user wants none.
        locks: whether to lock at all.
        looks_into: snapshots and index are read at once, while the lock is being taken. An index file that cannot be read is
            told and passed over: whoever looks into snapshots wants what can be had.
    """
    lend: Lend | None = click.get_current_context().meta.get(LENDER)
    if lend is not None:
        yield lend(looks_into)
        return
    with reporting() as screen:
        access = make_access(screen)
        with opened_with(access, screen, exclusive=exclusive, writes=writes, locks=locks, looks_into=looks_into) as session:
            yield session


@contextmanager
def opened_with(
    access: Access,
    screen: Screen,
    *,
    exclusive: bool = False,
    writes: bool = False,
    locks: bool = True,
    looks_into: bool = False,
    when_reached: Callable[[], None] = lambda: None,
    meanwhile: Callable[[Repository], None] | None = None,
    begins_early: bool = False,
) -> Iterator[Session]:
    """The same, for an access that was made before workers were forked.

    ``when_reached`` is called when the repository was reached, and the key is about to be derived.
    ``meanwhile`` may read, and is called while the lock is being taken: once more whenever somebody else was faster.
    ``begins_early``: the block only reads, and runs while the lock becomes sure; it asks the lease whether to go on.
    """
    lists_ahead = TO_LOOK_INTO if looks_into else (FileKind.LOCKS,) if locks else ()
    repository = access.open(ask_password(), lists_ahead=lists_ahead, meanwhile=when_reached)
    with contextlib.closing(repository.storage):
        looked: list[SnapshotList] = []

        def look() -> None:
            if meanwhile is not None:
                meanwhile(repository)
            if looks_into:
                looked[:] = [look_into(repository, screen)]

        def look_again() -> None:
            if looks_into:
                repository.refuse_vanished_index()

        lock: AbstractContextManager[None] = contextlib.nullcontext()
        if locks:
            lock = access.locked(
                repository, exclusive=exclusive, writes=writes, meanwhile=look, when_sure=look_again, begins_early=begins_early
            )
        with ignoring_hangup(), lock:
            yield Session(repository, screen, access, looked[0] if looked else None)


def look_into(repository: Repository, screen: Screen) -> SnapshotList:
    """Read snapshots and index; an index file that cannot be read is told and passed over. Returns the snapshots."""
    screen.emit(StageBegan(N_("reading the index")))
    listed = repository.snapshots()  # before the index, so that it lists everything they need
    repository.load_index(_tell_damaged_index(screen))
    return listed


def _tell_damaged_index(screen: Screen) -> OnDamaged:
    hint = N_("What only this file lists cannot be read until 'gdp repair index' has made it anew.")

    def tell(name: str, error: DamagedData) -> None:
        screen.emit(Problem(N_("index file {name} is damaged: {reason}"), {"name": name, "reason": error}, hint=hint))

    return tell


class Workers(Protocol):
    """Processes that were forked before the repository was opened."""

    def close(self, *, at_once: bool = False) -> None:
        """End them."""


SomeWorkers = TypeVar("SomeWorkers", bound=Workers)


@contextmanager
def ending(workers: SomeWorkers) -> Iterator[SomeWorkers]:
    """End the workers after the block: at once when it fails, so that nobody goes on without the lock."""
    try:
        yield workers
    except BaseException:
        workers.close(at_once=True)
        raise
    workers.close()


def make_access(
    screen: Screen,
    repo: str | None = None,
    *,
    cache: CacheUse = CacheUse.KEPT,
    host_key: str = "",
    login: Login | None = None,
) -> Access:
    """Return the way to the repository that was named. Raises BadInput when none was.

    Args:
        host_key: see ``Reaching``.
        login: None: as it was given.
    """
    common = current()
    settings = AccessSettings(
        target=parse_target(repo) if repo else chosen_target(common),
        home=home_folder(common),
        reaching=_reaching(common, host_key, chosen_login(common) if login is None else login),
        cache=CacheUse.NONE if common.no_cache else cache,
        reads_without_lock=bool(common.no_lock),
        retry_lock_seconds=common.retry_lock or 0.0,
    )
    access = Access(settings, ask_at_terminal, screen.emit)
    heed(access.lease)
    return access


def chosen_target(common: Common) -> Target:
    """Return the repository that was named, or that of the set. Raises BadInput when there is neither."""
    chosen = chosen_set(common)
    if chosen is not None and "repo" not in common.typed:
        return chosen.target.repo
    if not common.repo:
        raise BadInput(N_("no repository was named"), N_("Give --repo or --backup-set, or set GDP_REPO."))
    return parse_target(common.repo)


def chosen_login(common: Common) -> Login:
    """Return what lets us into the server: as typed, else as the set says, else as the variables say.

    What a set knows is for its own server, and is not shown to another one that was typed.
    """
    typed = {"login_key_file", "login_password_file"} & common.typed
    chosen = None if "repo" in common.typed else chosen_set(common)
    if typed or chosen is None:
        given = {name: getattr(common, name) for name in typed or ("login_key_file", "login_password_file")}
        return Login(given.get("login_key_file") or "", given.get("login_password_file") or "")
    return Login(chosen.target.login_key_file, chosen.target.login_password_file)


def _reaching(common: Common, host_key: str, login: Login) -> Reaching:
    chosen = chosen_set(common)
    connections = common.connections or (chosen.target.connections if chosen else None)
    limits = chosen.bandwidth.limits if chosen else Bandwidth()
    return Reaching(connections, common.limit_upload, common.limit_download, limits, host_key, login)


def home_folder(common: Common) -> Path:
    """Return the folder for cache, state and logs."""
    return choose_home(common.home)


def password_source(common: Common | None = None) -> PasswordSource:
    """Return where the repository's password comes from: as typed, else as the set says, else as the variables say."""
    common = common or current()
    chosen = chosen_set(common)
    if chosen is None:
        return PasswordSource(common.password_file, common.password_command)
    if {"password_file", "password_command"} & common.typed:
        typed = {name: getattr(common, name) for name in ("password_file", "password_command") if name in common.typed}
        return PasswordSource(typed.get("password_file"), typed.get("password_command"))
    return PasswordSource(chosen.encryption.password_file, is_private=True)


def ask_password() -> bytes:
    """Return the repository's password."""
    return find_password(password_source(), ask_at_terminal, N_("Password of the repository: "))


def ask_new_password(source: PasswordSource, screen: Screen) -> bytes:
    """Return a password for a new key. Whoever chooses it at a terminal is told how strong it is."""

    def tell(typed: str) -> None:
        from gdp.model.strength import tell_strength  # start-up time

        screen.emit(tell_strength(typed))

    return choose_password(source, ask_at_terminal, N_("New password: "), tell)


def ask_at_terminal(question: str, facts: Mapping[str, object]) -> str | None:
    """Ask without showing what is typed; None where there is no terminal."""
    if not sys.stdin.isatty():
        return None
    import getpass  # start-up time

    try:
        return getpass.getpass(translate(question).format(**facts))
    except EOFError:  # Ctrl-D
        return None
