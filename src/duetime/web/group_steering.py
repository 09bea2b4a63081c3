"""What a visitor sees of resource groups, and may change in them.

A group belongs to no account. Who reaches some accounts alone sees the groups that hold a resource of theirs, and of
those the resources of theirs; making and deleting groups is for visitors of all accounts.
"""

from collections.abc import Sequence

from duetime.app.app import App
from duetime.bots.group_use import bots_asking_about
from duetime.core.access import Feature, Reach, Role
from duetime.core.errors import Conflict, UnknownName
from duetime.core.resource_groups import ResourceGroup
from duetime.store.store import Transaction
from duetime.web.errors import Forbidden
from duetime.web.reach import account_of
from duetime.web.visitor import Visitor


def group_for(tx: Transaction, visitor: Visitor, name: str) -> ResourceGroup:
    """Return a group, with as many members as the visitor may see.

    Raises:
        UnknownName: there is none with this name that holds anything the visitor may see.
    """
    group = tx.groups.find(name, accounts=visitor.reach(Feature.RESOURCES).accounts)
    if group is None:
        raise UnknownName("resource group", name)
    return group


def save_group(app: App, visitor: Visitor, name: str, *, description: str, reason: str = "") -> bool:
    """Make a group or change its description; return whether it is new.

    Raises:
        Forbidden: the visitor does not edit resources of all accounts.
        Invalid: the name is none that people could write down again.
    """
    _require_everywhere(visitor, Role.EDITOR)
    with app.store.write() as tx:
        before = tx.groups.find(name)
        tx.groups.save(name, description=description)
        tx.audit.add(
            actor=visitor.actor,
            verb="resource_group.save",
            subject=f"resource_group:{name}",
            reason=reason,
            before=None if before is None else {"description": before.description},
            after={"description": description},
        )
        return before is None


def delete_group(app: App, visitor: Visitor, name: str, *, force: bool, reason: str = "") -> None:
    """Delete a group; its resources stay.

    Raises:
        Forbidden: the visitor does not edit resources of all accounts.
        UnknownName: there is no such group.
        Conflict: bots ask about it, and `force` does not say that they may fail.
    """
    _require_everywhere(visitor, Role.ADMIN)
    with app.store.write() as tx:
        group = tx.groups.get(name)
        asking = bots_asking_about(name, tx.bots.all(), app.registries)
        if asking and not force:
            said = ", ".join(asking) if visitor.reach(Feature.BOTS).is_everywhere else str(len(asking))
            message = (
                f"Bots ask about resource group {name!r} and would fail without it: {said}. Change them first, or "
                "delete it with force."
            )
            raise Conflict(message)
        before = {"description": group.description, "resource_ids": tx.groups.members(name)}
        tx.groups.delete(name)
        tx.audit.add(
            actor=visitor.actor,
            verb="resource_group.delete",
            subject=f"resource_group:{name}",
            reason=reason,
            before=before,
        )


def change_members(
    app: App,
    visitor: Visitor,
    name: str,
    *,
    add: Sequence[str] = (),
    remove: Sequence[str] = (),
    reason: str = "",
) -> tuple[int, int]:
    """Put resources into a group and take others out; return how many were not, and were, in it.

    Raises:
        UnknownName: there is no such group, or it holds nothing that the visitor may see.
        Forbidden: one of the resources lies in an account in which the visitor is no editor.
        InvalidResourceId: one of the texts is no resource id.
    """
    edits = visitor.reach(Feature.RESOURCES, Role.EDITOR)
    with app.store.write() as tx:
        group_for(tx, visitor, name)
        for resource_id in (*add, *remove):
            _require_covered(edits, resource_id)
        added, removed = tx.groups.add(name, add), tx.groups.remove(name, remove)
        if added or removed:
            tx.audit.add(
                actor=visitor.actor,
                verb="resource_group.members",
                subject=f"resource_group:{name}",
                reason=reason,
                after={"added": list(add), "removed": list(remove)},
            )
        return added, removed


def _require_everywhere(visitor: Visitor, role: Role) -> None:
    if not visitor.reach(Feature.RESOURCES, role).is_everywhere:
        raise Forbidden(Feature.RESOURCES, role, "in all accounts: a resource group belongs to none")


def _require_covered(edits: Reach, resource_id: str) -> None:
    if not edits.covers(account_of(resource_id)):
        raise Forbidden(Feature.RESOURCES, Role.EDITOR, f"in the account of {resource_id[:200]}")
