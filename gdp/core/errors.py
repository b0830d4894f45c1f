"""Every way in which this program can fail, as one tree.

::

    GdpError                     1    anything not named below
    ├── BadInput                 1    an option, a path or a pattern that makes no sense
    │   └── BadSettings               ... or a settings file, with everything that is wrong in it
    ├── NoRepository            10    the target holds no repository
    ├── RepositoryLocked        11    somebody else's lock forbids what was asked
    ├── WrongPassword           12    no key file opens with this password
    ├── Interrupted            130    Ctrl-C or SIGTERM
    ├── StorageError             1    the target answered with an error
    │   ├── FileMissing               ... that a file is not there
    │   ├── StorageFull               ... that there is no room left
    │   ├── StorageDenied             ... that we may not; repeating cannot help
    │   ├── StorageUnreachable        ... not at all, or the line broke: repeating may help
    │   ├── LoginRefused              ... that it does not know us
    │   └── HostKeyMismatch           ... with another host key than the one pinned
    └── DamagedData              1    bytes that are not what they must be
        └── HostileData               ... and look like an attack rather than an accident

A message is a template with named fields, those that count as in ``{count:pack|packs}`` (see language.py), so that a front
end can say it in the user's language: ``str(error)`` is English, ``error.template`` and ``error.facts`` are what to
translate. Messages never hold secrets.
"""

from typing import ClassVar

from gdp.core.language import complete


class GdpError(Exception):
    """An error a person can act on: what happened, where, and (``hint``) what to do next.

    Args:
        template: the sentence, with ``{name}`` for each fact.
        hint: the next step, a template over the same facts; empty when there is none.
        facts: what fills the templates; paths, names and numbers, never secrets.
    """

    exit_code: ClassVar[int] = 1

    def __init__(self, template: str, hint: str = "", **facts: object) -> None:
        super().__init__(template, hint, facts)
        self.template = template
        self.hint_template = hint
        self.facts = facts

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.template, self.hint_template, self.facts)

    def __str__(self) -> str:
        return complete(self.template, self.facts, "en")

    @property
    def hint(self) -> str:
        """The next step in English, or an empty string."""
        return complete(self.hint_template, self.facts, "en")


class BadInput(GdpError):
    """What the user asked for makes no sense as it stands."""


class BadSettings(BadInput):
    """A settings file that cannot be used as it stands."""

    complaints: tuple[BadInput, ...] = ()
    """each thing that is wrong; the error itself says the first"""


class NoRepository(GdpError):
    """The target holds no repository."""

    exit_code = 10


class RepositoryLocked(GdpError):
    """A lock of somebody else forbids what was asked."""

    exit_code = 11


class WrongPassword(GdpError):
    """No key file of the repository opens with this password."""

    exit_code = 12


class Interrupted(GdpError):
    """The run was stopped by the user or the system."""

    exit_code = 130


class StorageError(GdpError):
    """The place where the repository lies answered with an error."""


class FileMissing(StorageError):
    """A file of the repository is not there."""


class StorageFull(StorageError):
    """There is no room left, or the quota is used up."""


class StorageDenied(StorageError):
    """The storage refuses for good; repeating cannot help."""


class StorageUnreachable(StorageError):
    """No answer, or the line broke. Repeating may help."""


class LoginRefused(StorageError):
    """The server does not accept our key or password."""


class HostKeyMismatch(StorageError):
    """The server shows another host key than the one pinned for it."""


class DamagedData(GdpError):
    """Stored bytes are not what they must be."""


class HostileData(DamagedData):
    """Stored data that breaks a rule only an attacker breaks, such as a file named ``../evil``."""


def _rebuild(kind: type[GdpError], template: str, hint: str, facts: dict[str, object]) -> GdpError:
    return kind(template, hint, **facts)


def kind_named(name: str) -> type[GdpError]:
    """Return the class of this tree that has a name, where an error was told by another process; GdpError for any other name."""
    found = globals().get(name)
    return found if isinstance(found, type) and issubclass(found, GdpError) else GdpError
