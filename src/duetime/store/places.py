"""The account that a resource id names, and conditions on it."""

from collections.abc import Collection

from sqlalchemy import Column, ColumnElement, Connection, Text, case, false, func, literal_column, or_

_COLON = literal_column("':'", Text)
_NOTHING = literal_column("''", Text)


def account_is_one_of(
    resource_id: Column[str], accounts: Collection[str], connection: Connection
) -> ColumnElement[bool]:
    """Return whether the second part of a resource id is one of `accounts`; never true where there is no resource.

    LIKE could neither find that part for sure nor compare it exactly.
    """
    if not accounts:
        return false()
    position = func.instr if connection.dialect.name == "sqlite" else func.strpos
    after_type = position(resource_id, ":") + 1
    return or_(*(func.substr(resource_id, after_type, len(each) + 1) == f"{each}:" for each in sorted(accounts)))


def account_in(resource_id: Column[str], connection: Connection) -> ColumnElement[str]:
    """Return the second part of a resource id; an empty text where there is no resource."""
    if connection.dialect.name != "sqlite":
        return func.coalesce(func.split_part(resource_id, _COLON, literal_column("2")), _NOTHING, type_=Text())
    position = func.instr(resource_id, _COLON)
    rest = func.substr(resource_id, position + literal_column("1"))
    length = func.instr(rest.concat(_COLON), _COLON) - literal_column("1")
    account = func.substr(rest, literal_column("1"), length, type_=Text())
    return case((position > literal_column("0"), account), else_=_NOTHING)
