"""Restoring snapshots: ``plan_restore`` says what would be done, ``restore`` does it with worker processes."""

from gdp.engine.restore.options import Overwrite, RestoreOptions, RestoreResult
from gdp.engine.restore.run import plan_restore, restore
from gdp.engine.restore.worker import OpenStorage, connect, start_workers

__all__ = [
    "OpenStorage",
    "Overwrite",
    "RestoreOptions",
    "RestoreResult",
    "connect",
    "plan_restore",
    "restore",
    "start_workers",
]
