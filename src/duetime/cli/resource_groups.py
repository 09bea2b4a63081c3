"""`duetime resources groups`: resources that people put together."""

from typing import Annotated

import typer

from duetime.cli.options import Json, Limit, Reason
from duetime.cli.output import NOTHING, error_line, facts, instant, line, table
from duetime.cli.plain import emit, plain
from duetime.core.errors import Conflict

app = typer.Typer(help="Put resources together, for bots to ask about.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="The group's name.")]
_IDS = "Resource ids, as `duetime resources list --json` shows them."
Ids = Annotated[list[str], typer.Argument(metavar="ID...", help=_IDS)]


@app.command("list")
def list_groups(as_json: Json = False) -> None:
    """List the resource groups, and how many resources are in each."""
    from duetime.cli.opening import opened

    with opened() as duetime, duetime.store.read() as tx:
        found = tx.groups.all()
    if as_json:
        emit(found)
        return
    table(
        ["group", "resources", "changed!", "what for"],
        ((group.name, group.members, instant(group.changed_at), group.description) for group in found),
        numbers=["resources"],
        empty="There is no resource group. `duetime resources groups add` makes one.",
    )


@app.command()
def show(name: Name, limit: Limit = 100, as_json: Json = False) -> None:
    """Show a resource group and what is in it."""
    from duetime.cli.opening import opened

    with opened() as duetime, duetime.store.read() as tx:
        group = tx.groups.get(name)
        members = tx.groups.members(name)
        known = tx.resources.by_ids(members[:limit])
    if as_json:
        emit(group, resource_ids=members)
        return
    facts(
        [
            ("group", group.name),
            ("what for", group.description),
            ("resources", group.members),
            ("changed", instant(group.changed_at)),
        ]
    )
    rows = []
    for resource_id in members[:limit]:
        resource = known.get(resource_id)
        if resource is None:
            rows.append((resource_id, NOTHING, "not in the inventory"))
        else:
            rows.append((resource_id, resource.name, resource.state if resource.gone_at is None else "gone"))
    table(["resource", "name", "state"], rows, empty="Nothing is in it.")
    if len(members) > limit:
        error_line(f"There are more than {limit}: raise --limit.")


@app.command()
def add(
    name: Name,
    resource_ids: Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help=_IDS)] = None,
    *,
    description: Annotated[str | None, typer.Option("--description", help="What the group is for.")] = None,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Put resources into a group. A group that does not exist is made."""
    from duetime.cli.opening import actor, opened

    ids = list(dict.fromkeys(resource_ids or ()))
    with opened() as duetime, duetime.store.write() as tx:
        created = name not in {group.name for group in tx.groups.all()}
        if created or description is not None:
            tx.groups.save(name, description=description or "")
        added = tx.groups.add(name, ids)
        known = tx.resources.by_ids(ids)
        unknown = [resource_id for resource_id in ids if resource_id not in known]
        group = tx.groups.get(name)
        tx.audit.add(
            actor=actor(),
            verb="resource_group.add",
            subject=f"resource_group:{name}",
            reason=reason,
            after=plain({"created": created, "description": group.description, "resource_ids": ids}),
        )
    if as_json:
        emit(group, created=created, added=added, unknown=unknown)
        return
    if created:
        line(f"Resource group {name} is new.")
    line(f"Added {added} of {len(ids)}; it holds {_resources(group.members)} now.")
    if unknown:
        error_line(f"Warning: {len(unknown)} of them are not in the inventory, such as {unknown[0]}.")


@app.command()
def remove(name: Name, resource_ids: Ids, *, reason: Reason = "", as_json: Json = False) -> None:
    """Take resources out of a group."""
    from duetime.cli.opening import actor, opened

    with opened() as duetime, duetime.store.write() as tx:
        removed = tx.groups.remove(name, resource_ids)
        group = tx.groups.get(name)
        tx.audit.add(
            actor=actor(),
            verb="resource_group.remove",
            subject=f"resource_group:{name}",
            reason=reason,
            after=plain({"resource_ids": resource_ids}),
        )
    if as_json:
        emit(group, removed=removed)
        return
    line(f"Took out {removed} of {len(set(resource_ids))}; it holds {_resources(group.members)} now.")


@app.command()
def delete(
    name: Name,
    *,
    force: Annotated[bool, typer.Option("--force", help="Also when bots ask about it; their runs then fail.")] = False,
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Delete a resource group; its resources stay."""
    from duetime.bots.group_use import bots_asking_about
    from duetime.cli.opening import actor, opened

    with opened(plugins=True) as duetime, duetime.store.write() as tx:
        group = tx.groups.get(name)
        asking = bots_asking_about(name, tx.bots.all(), duetime.registries)
        if asking and not force:
            message = (
                f"Bots ask about resource group {name!r} and would fail without it: {', '.join(asking)}. "
                "Change them first, or give --force."
            )
            raise Conflict(message)
        before = plain(group, resource_ids=tx.groups.members(name))
        tx.groups.delete(name)
        tx.audit.add(
            actor=actor(),
            verb="resource_group.delete",
            subject=f"resource_group:{name}",
            reason=reason,
            before=before,
        )
    if as_json:
        emit(group, deleted=True, bots=asking)
        return
    line(f"Resource group {name} is deleted; what was in it ({_resources(group.members)}) stays.")
    if asking:
        error_line(f"Warning: these bots ask about it and fail from now on: {', '.join(asking)}.")


def _resources(number: int) -> str:
    return "1 resource" if number == 1 else f"{number} resources"
