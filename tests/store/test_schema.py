import threading

import pytest
from sqlalchemy import CheckConstraint, inspect, text
from sqlalchemy.schema import CreateTable

from duetime.core.errors import DatabaseMissing
from duetime.store import access_tables, statistics_tables
from duetime.store.hot_path import CLAIM_COLUMNS, INSERT_COLUMNS
from duetime.store.metadata import metadata
from duetime.store.schema import current, newest, require_current, upgrade
from duetime.store.store import Store


def test_migrations_lead_to_the_tables(store: Store, empty: Store) -> None:
    """Create the tables straight from `tables.py` too and compare what the database says of both."""
    assert access_tables.logins.metadata is statistics_tables.run_counts.metadata is metadata
    metadata.create_all(empty.engine)
    migrated = _catalogue(store)
    assert migrated == _catalogue(empty)
    assert {len(lines) > 5 for lines in migrated.values()} == {True}


def test_every_check_of_the_tables_is_in_the_database(store: Store) -> None:
    wanted = {
        constraint.name
        for table in metadata.tables.values()
        for constraint in table.constraints
        if isinstance(constraint, CheckConstraint)
    }
    found = {check["name"] for table in metadata.tables for check in inspect(store.engine).get_check_constraints(table)}
    assert found == wanted
    assert len(wanted) > 10


def _catalogue(store: Store) -> dict[str, list[str]]:
    """Return every column, check and index, in the database's own words."""
    with store.engine.connect() as connection:
        found = inspect(connection)
        columns = [
            f"{table}.{column['name']}: {column['type']} nullable={column['nullable']} default={column['default']}"
            for table in metadata.tables
            for column in found.get_columns(table)
        ]
        if store.is_sqlite:
            checks = [str(check) for table in metadata.tables for check in found.get_check_constraints(table)]
            keys = [str(found.get_pk_constraint(table)) for table in metadata.tables]
            indexes = connection.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"))
            checks += connection.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'trigger'"))
        else:
            checks = list(
                connection.scalars(
                    text(
                        "SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)"
                        " FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u', 'p')"
                    )
                )
            )
            keys = []
            checks += connection.scalars(text("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal"))
            checks += connection.scalars(
                text("SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace")
            )
            indexes = connection.scalars(text("SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'"))
        ours = [line for line in indexes if "runs_default" not in line]
    found_lines = {"columns": columns, "checks": checks + keys, "indexes": ours}
    return {
        kind: sorted(line for line in lines if "alembic" not in line and "runs_default" not in line)
        for kind, lines in found_lines.items()
    }


def test_an_empty_database_is_refused_with_the_remedy(empty: Store) -> None:
    assert current(empty.engine) is None
    with pytest.raises(DatabaseMissing, match=r"it has no duetime schema. Run `duetime db upgrade` first"):
        require_current(empty.engine)


def test_a_newer_database_is_refused(store: Store) -> None:
    require_current(store.engine)
    with store.engine.connect() as connection, connection.begin():
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DatabaseMissing, match=f"its schema is 9999, and {newest()} is needed"):
        require_current(store.engine)


def test_upgrading_twice_changes_nothing(store: Store) -> None:
    before = _catalogue(store)
    assert upgrade(store.engine) == newest()
    assert _catalogue(store) == before


def test_two_processes_may_upgrade_at_once(empty: Store) -> None:
    reached: list[str] = []
    barrier = threading.Barrier(2)

    def run() -> None:
        with Store(empty.url.render_as_string(hide_password=False)) as store:
            barrier.wait(10)
            reached.append(upgrade(store.engine))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert reached == [newest()] * 2


@pytest.mark.postgres
def test_history_is_partitioned_with_a_default(postgresql_store: Store) -> None:
    with postgresql_store.engine.connect() as connection:
        partitions = connection.execute(
            text(
                "SELECT relname, pg_get_expr(relpartbound, oid) FROM pg_class"
                " WHERE oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = 'runs'::regclass) AND relkind = 'r'"
            )
        ).all()
        key = connection.execute(text("SELECT pg_get_partkeydef('runs'::regclass)")).scalar_one()
    assert [tuple(partition) for partition in partitions] == [("runs_default", "DEFAULT")]
    assert key == "RANGE (due_at)"


def test_the_hot_path_names_columns_that_exist() -> None:
    columns = set(metadata.tables["events"].columns.keys())
    assert set(CLAIM_COLUMNS.split(", ")) <= columns
    assert set(INSERT_COLUMNS.split(", ")) <= columns


@pytest.mark.parametrize("table", ["events", "sessions", "bots", "audit_entries"])
def test_an_id_is_never_given_again(sqlite_store: Store, table: str) -> None:
    """What an audit entry or a message says of a deleted row must not come to mean another one."""
    assert "AUTOINCREMENT" in str(CreateTable(metadata.tables[table]).compile(dialect=sqlite_store.engine.dialect))
