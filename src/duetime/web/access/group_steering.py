"""Changing access groups and who is in them. Each change is in the audit trail.

Whoever calls this has made sure that `actor` may do it.
"""

from typing import Any

from duetime.core.access import Grants
from duetime.core.grant_documents import write_grants
from duetime.core.logins import AccessGroup, Login
from duetime.store.store import Transaction
from duetime.web.access.administrators import keeping_an_administrator


def save_group(
    tx: Transaction, *, actor: str, name: str, grants: Grants, description: str = "", reason: str = ""
) -> AccessGroup:
    """Make a group, or put it in place of the one of this name; its members stay.

    Raises:
        Invalid: the name is none that a group can have.
        LastAdministrator: nobody would administer access any more.
    """
    with keeping_an_administrator(tx):
        before = tx.access_groups.find(name)
        saved = tx.access_groups.save(name, grants=grants, description=description)
        if before is None or _facts(before) != _facts(saved):
            tx.audit.add(
                actor=actor,
                verb="access_group.save",
                subject=f"access_group:{name}",
                reason=reason,
                before=None if before is None else _facts(before),
                after=_facts(saved),
            )
    return saved


def delete_group(tx: Transaction, *, actor: str, name: str, reason: str = "") -> None:
    """Delete a group; nothing is open by it any more.

    Raises:
        LastAdministrator: nobody would administer access any more.
        UnknownName: there is none of this name.
    """
    with keeping_an_administrator(tx):
        before = tx.access_groups.get(name)
        members = [login.login for login in tx.access_groups.members(name)]
        tx.access_groups.delete(name)
        tx.audit.add(
            actor=actor,
            verb="access_group.delete",
            subject=f"access_group:{name}",
            reason=reason,
            before={**_facts(before), "members": members},
        )


def add_member(tx: Transaction, *, actor: str, name: str, login: Login, reason: str = "") -> bool:
    """Put a login into a group; return whether it was not in it.

    Raises:
        UnknownName: there is no group of this name.
    """
    tx.access_groups.lock()
    added = tx.access_groups.add_member(name, login.login_id)
    if added:
        tx.audit.add(
            actor=actor,
            verb="access_group.add_member",
            subject=f"access_group:{name}",
            reason=reason,
            after={"login": login.login},
        )
    return added


def remove_member(tx: Transaction, *, actor: str, name: str, login: Login, reason: str = "") -> bool:
    """Take a login out of a group; return whether it was in it.

    Raises:
        LastAdministrator: nobody would administer access any more.
        UnknownName: there is no group of this name.
    """
    with keeping_an_administrator(tx):
        removed = tx.access_groups.remove_member(name, login.login_id)
        if removed:
            tx.audit.add(
                actor=actor,
                verb="access_group.remove_member",
                subject=f"access_group:{name}",
                reason=reason,
                before={"login": login.login},
            )
    return removed


def _facts(group: AccessGroup) -> dict[str, Any]:
    return {"description": group.description, "grants": write_grants(group.grants)}
