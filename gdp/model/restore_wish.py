"""What somebody wants the daemon to restore: values that travel over its socket."""

import re
from typing import Literal

import msgspec

from gdp.core.errors import BadInput
from gdp.core.language import N_

_SNAPSHOT = re.compile(r"(latest|[0-9a-f]{4,64})(:/.*)?", re.DOTALL)

OverwriteRule = Literal["always", "if-changed", "if-newer", "never"]


class RestoreWish(msgspec.Struct, frozen=True, kw_only=True):
    """One restore. ``check`` says whether it can be begun at all."""

    snapshot: str
    """``latest``, or digits of an id; with ``:/folder`` behind it that folder is the whole"""
    target: str
    """an absolute path; ``/``: everything goes back to its place"""
    paths: tuple[str, ...] = ()
    """in the snapshot, absolute; empty: all"""
    overwrite: OverwriteRule = "always"
    delete: bool = False
    verify: bool = False

    def check(self) -> None:
        """Raise BadInput where this is no restore."""
        if not _SNAPSHOT.fullmatch(self.snapshot):
            raise BadInput(N_("{name!r} is no snapshot"), N_("'gdp snapshots' shows their ids."), name=self.snapshot)
        for path in (self.target, *self.paths):
            if not path.startswith("/") or "\0" in path:
                raise BadInput(N_("{path!r} is no absolute path"), path=path)

    def words(self) -> tuple[str, ...]:
        """Return what follows the program and its common options."""
        switches = [f"--{name}" for name in ("delete", "verify") if getattr(self, name)]
        options = ("--target", self.target, "--overwrite", self.overwrite, *switches)
        return ("restore", "-vv", *options, "--", self.snapshot, *self.paths)


def read_wish(fields: object) -> RestoreWish:
    """Return the restore that a request describes. Raises BadInput."""
    try:
        wish = msgspec.convert(fields, RestoreWish)
    except msgspec.ValidationError as error:
        raise BadInput(N_("the daemon does not understand what is to be restored: {reason}"), reason=str(error)) from error
    wish.check()
    return wish
