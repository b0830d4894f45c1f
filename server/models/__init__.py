"""The rows: peewee's models, the database they lie in, and the migrations that shape it."""

import importlib
import pkgutil

from server.models.base import Row


def all_rows() -> list[type[Row]]:
    """Return every kind of row, in the order in which tables can be created."""
    for module in pkgutil.iter_modules(__path__):
        importlib.import_module(f"{__name__}.{module.name}")
    return Row.__subclasses__()
