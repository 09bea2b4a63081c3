"""Conditions on the account that a resource id names."""

from collections.abc import Collection

from sqlalchemy import Column, ColumnElement, Connection, false, func, or_


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
