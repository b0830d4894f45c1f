"""Carries out plans. A new version is tried before anything relies on it, and taken back when its service does not begin."""

import contextlib
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from gdp.core.errors import BadInput, GdpError
from gdp.core.language import N_
from gdp.installation.packed import Piece, copy_program
from gdp.installation.places import LOCK, PROGRAM, Places
from gdp.installation.plan import Action, Plan, Step
from gdp.installation.record import encode_record
from gdp.installation.systemd import Systemd
from gdp.installation.trial import try_program

_NEW = ".new-"
_AS_ROOT = N_("Run it as the user who installed it, or as root.")


class ServiceFails(GdpError):
    """The service does not begin with the new program."""


class Work(msgspec.Struct, frozen=True):
    """What carrying out needs."""

    places: Places
    unit_text: str
    pieces: list[Piece]
    version: str
    """that the program must say of itself"""
    systemd: Systemd | None
    environment: Mapping[str, str]
    """for programs that are started"""
    before: Callable[[Step], None] = lambda _step: None
    """called before each step"""


class _Before(msgspec.Struct, frozen=True):
    """What was in use before."""

    current: str | None
    """where the link leads"""
    record: bytes | None
    unit: bytes | None

    @classmethod
    def of(cls, places: Places) -> "_Before":
        """Look."""
        try:
            current = os.readlink(places.current)
        except OSError:
            current = None
        return cls(current, _contents(places.record), _contents(places.unit))

    def restore(self, places: Places) -> None:
        """Bring it back. Raises OSError."""
        if self.current is not None:
            _replace_link(places.current, self.current)
        for path, contents in ((places.record, self.record), (places.unit, self.unit)):
            if contents is not None:
                write_file(path, contents, 0o644)


@contextmanager
def only_installer(places: Places, *, makes: bool = True) -> Iterator[None]:
    """Be the only one who changes an installation while the block runs. Raises BadInput, GdpError."""
    try:
        if makes:
            _make_folder(places.versions)
        lock = os.open(places.program / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise cannot_write(places.program, error) from error
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadInput(
                N_("another program is changing the installation in {folder}"),
                N_("Try again in a moment."),
                folder=places.program,
            ) from error
        yield
    finally:
        os.close(lock)


def carry_out(plan: Plan, work: Work) -> None:
    """Do everything that a plan says. Raises GdpError; then what was in use before is in use again."""
    before = _Before.of(work.places)
    is_switched = False
    for step in plan.steps:
        work.before(step)
        try:
            _do(step, plan, work)
        except OSError as error:
            raise cannot_write(step.path or work.places.program, error) from error
        except GdpError as error:
            if not (is_switched and step.action is Action.SYSTEMCTL and step.words[0] in {"start", "restart"}):
                raise
            copies = [step.path for step in plan.steps if step.action is Action.COPY and step.path]
            raise _take_back(work, before, error, copies) from error
        is_switched = is_switched or step.action is Action.SWITCH


def cannot_write(path: Path, error: OSError) -> GdpError:
    """Return what to say of a place that cannot be written to."""
    return GdpError(
        N_("{path} cannot be written: {reason}"), _AS_ROOT, path=error.filename or path, reason=error.strerror or str(error)
    )


def carry_out_removal(steps: Iterable[Step], systemd: Systemd | None, before: Callable[[Step], None]) -> None:
    """Do what uninstalling has to do. Raises GdpError; what was done by then stays done, and another attempt does the rest."""
    for step in steps:
        before(step)
        try:
            match step:
                case Step(Action.SYSTEMCTL, None, words):
                    assert systemd is not None
                    systemd.order(*words)
                case Step(Action.FOLDER, Path() as path):
                    _remove_empty(path)
                case Step(_, Path() as path):
                    remove(path)
        except OSError as error:
            raise cannot_write(step.path or Path(), error) from error


def _do(step: Step, plan: Plan, work: Work) -> None:
    match step:
        case Step(Action.COPY, Path() as path):
            _put_copy(path, work)
        case Step(Action.SWITCH | Action.LINK, Path() as path, (target,)):
            _make_folder(path.parent)
            _replace_link(path, target)
        case Step(Action.UNIT, Path() as path):
            _make_folder(path.parent)
            write_file(path, work.unit_text.encode(), 0o644)
        case Step(Action.RECORD, Path() as path):
            write_file(path, encode_record(plan.record), 0o644)
        case Step(Action.SYSTEMCTL, None, words):
            assert work.systemd is not None
            work.systemd.order(*words)
        case Step(Action.REMOVE, Path() as path):
            remove(path)


def _put_copy(folder: Path, work: Work) -> None:
    """Put the program there whole, and only if it works here. What lies there already is damaged, and makes room."""
    for leftover in folder.parent.glob(f"{_NEW}*"):
        shutil.rmtree(leftover)
    new = folder.parent / f"{_NEW}{folder.name}"
    copy_program(work.pieces, new, folder.name.rpartition("-")[2])
    try:
        try_program(new / PROGRAM, work.version, work.environment)
        if folder.exists():
            folder.rename(folder.parent / f"{_NEW}damaged")
        new.rename(folder)
        _sync_folder(folder.parent)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    shutil.rmtree(folder.parent / f"{_NEW}damaged", ignore_errors=True)


def _take_back(work: Work, before: _Before, error: GdpError, copies: Iterable[Path]) -> GdpError:
    """Let the version before be in use again, its service too, and return what to say."""
    if before.current is None:
        return error
    assert work.systemd is not None
    facts: dict[str, object] = {"version": work.version, "reason": error, "before": Path(before.current).name}
    try:
        before.restore(work.places)
        for folder in copies:
            shutil.rmtree(folder, ignore_errors=True)
        work.systemd.order("daemon-reload")
        work.systemd.order("restart", work.places.unit.name)
    except (OSError, GdpError) as second:
        return ServiceFails(
            N_("the service does not begin with version {version}: {reason}; and not with {before} any more either: {second}"),
            error.hint_template,
            **facts,
            second=second,
        )
    return ServiceFails(
        N_("the service does not begin with version {version}: {reason}; it runs with {before} again"),
        error.hint_template,
        **facts,
    )


def remove(path: Path) -> None:
    """Remove a file, a link, or a folder with all that is in it; what is gone is gone. Raises OSError."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_file(path: Path, contents: bytes, mode: int) -> None:
    """Replace a file, at once or not at all. Raises OSError."""
    descriptor, temporary = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(contents)
            stream.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _replace_link(path: Path, target: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    os.replace(temporary, path)
    _sync_folder(path.parent)


def _make_folder(folder: Path) -> None:
    """Make a folder that everybody may look into, whatever the umask, and those above it."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir()
        folder.chmod(0o755)


def _remove_empty(folder: Path) -> None:
    """Remove a folder; one with something in it, which is none of ours, stays."""
    try:
        folder.rmdir()
    except FileNotFoundError:
        return
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR}:
            raise


def _contents(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
