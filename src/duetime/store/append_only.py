"""Tables that only grow: the database itself refuses to change or delete their rows."""

from sqlalchemy import DDL, Table, event

_REFUSE = "BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
_UPDATE = "CREATE TRIGGER {table}_keep_update BEFORE UPDATE ON {table} "
_DELETE = "CREATE TRIGGER {table}_keep_delete BEFORE DELETE ON {table} "
_REPLACE = "CREATE TRIGGER {table}_keep_replace BEFORE INSERT ON {table} WHEN "
"""INSERT OR REPLACE deletes without firing the trigger for it."""
_IS_THERE = "EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key}) "
_RAISE = "RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'restrict_violation'"
_FUNCTION = "CREATE FUNCTION {table}_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
_ANY = "CREATE TRIGGER {table}_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
_CALL = "FOR EACH STATEMENT EXECUTE FUNCTION {table}_keep()"

_TRIGGERS = {
    "sqlite": (_UPDATE + _REFUSE, _DELETE + _REFUSE, _REPLACE + _IS_THERE + _REFUSE),
    "postgresql": (_FUNCTION + _RAISE + "; END $$", _ANY + _CALL),
}


def keep_append_only(table: Table) -> None:
    """Let `table` be created with triggers that refuse every UPDATE and DELETE."""
    (key,) = table.primary_key
    for dialect, statements in _TRIGGERS.items():
        for statement in statements:
            made = DDL(statement.format(table=table.name, key=key.name))  # type: ignore[no-untyped-call]
            event.listen(table, "after_create", made.execute_if(dialect=dialect))
