"""The steps lead to the shape that the models need, in either database, whoever runs them."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from peewee import Database

from server.domain.errors import SetupError
from server.models import all_rows
from server.models.database import bind, disconnect, make_database
from server.models.migrations import all_steps, applied_steps, check_shape, migrate, pending_steps


@pytest.fixture
def empty(empty_url: str) -> Iterator[Database]:
    """A database without a shape."""
    chosen = make_database(empty_url)
    bind(chosen)
    yield chosen
    disconnect(chosen)


def shape(database: Database, table: str) -> dict[str, object]:
    """Return what can be told of a table: columns, keys, indexes."""
    return {
        "columns": {one.name: (one.data_type.lower(), one.null, one.primary_key) for one in database.get_columns(table)},
        "indexes": {(tuple(one.columns), one.unique) for one in database.get_indexes(table)},
        "keys": {(one.column, one.dest_table, one.dest_column) for one in database.get_foreign_keys(table)},
    }


def test_the_steps_lead_to_what_the_models_say(empty: Database, tmp_path: Path) -> None:
    """Column by column; a model that was changed without a step fails here."""
    rows = all_rows()
    empty.create_tables(rows)
    wanted = {row._meta.table_name: shape(empty, row._meta.table_name) for row in rows}
    empty.drop_tables(rows)
    migrate(empty)

    reached = {table: shape(empty, table) for table in empty.get_tables() if table != "migration"}
    for told in (wanted, reached):
        told["party"]["indexes"] -= {(("kind",), True)}  # type: ignore[operator] # of the one operator: no model says so
        for table in told.values():
            columns = table["columns"]
            assert isinstance(columns, dict)
            for name, (kind, *rest) in columns.items():
                columns[name] = ({"boolean": "integer", "serial": "integer"}.get(kind, kind), *rest)
    assert reached == wanted


def test_a_new_database_gets_every_step_once(empty: Database) -> None:
    """The second time there is nothing to do."""
    assert pending_steps(empty) == all_steps()
    assert migrate(empty) == all_steps()
    assert migrate(empty) == ()
    assert applied_steps(empty) == all_steps()
    check_shape(empty)


def test_two_who_migrate_at_once_do_not_meet(empty: Database, empty_url: str) -> None:
    """Two processes that are started at the same time."""
    databases = [make_database(empty_url) for _ in range(2)]
    done: list[int] = []
    failed: list[Exception] = []

    def run(own: Database) -> None:
        try:
            done.append(len(migrate(own)))
        except Exception as error:  # noqa: BLE001 told below
            failed.append(error)
        finally:
            disconnect(own)

    threads = [threading.Thread(target=run, args=(one,)) for one in databases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert not failed
    assert sum(done) == len(all_steps())


def test_a_shape_that_does_not_fit_is_refused_with_what_to_do(empty: Database) -> None:
    """Empty, older, newer."""
    with pytest.raises(SetupError, match="empty") as refused:
        check_shape(empty)
    assert "init" in refused.value.hint

    migrate(empty)
    last = all_steps()[-1]
    empty.execute_sql(f"UPDATE migration SET number = 9999, name = 'later' WHERE number = {last.number}")
    with pytest.raises(SetupError, match=r"newer version.*9999"):
        check_shape(empty)

    empty.execute_sql("DELETE FROM migration WHERE number = 9999")
    empty.execute_sql("INSERT INTO migration (number, name, applied_at) SELECT 0, 'first', '2026-01-01 00:00:00+00:00'")
    with pytest.raises(SetupError, match="newer version"):
        check_shape(empty)
