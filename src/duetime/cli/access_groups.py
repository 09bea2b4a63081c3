"""`duetime access-groups`: what is open to which logins."""

from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.options import Json, Reason
from duetime.cli.output import line, table
from duetime.cli.plain import emit
from duetime.cli.web import require_web

if TYPE_CHECKING:
    from typing import Any

    from duetime.core.access import Grants
    from duetime.store.store import Transaction

app = typer.Typer(help="Say what is open to which logins.", no_args_is_help=True)

GroupName = Annotated[str, typer.Argument(metavar="GROUP", help="The access group's name.")]
LoginName = Annotated[str, typer.Argument(metavar="LOGIN", help="The name that they log in with.")]


@app.command("list")
def list_groups(as_json: Json = False) -> None:
    """List the access groups: what they open, and who is in them."""
    from duetime.cli.grants import grants_in_words
    from duetime.cli.opening import opened

    with opened() as duetime, duetime.store.read() as tx:
        found = [(group, _document(tx, group.name)) for group in tx.access_groups.all()]
    if as_json:
        emit([document for _, document in found])
        return
    table(
        ["group", "opens", "members"],
        ((group.name, grants_in_words(group.grants), ", ".join(document["members"])) for group, document in found),
        empty="There is no access group. `duetime access-groups save GROUP --grant FEATURE:ROLE` makes one.",
    )


@app.command()
def save(
    group: GroupName,
    grant: Annotated[
        list[str],
        typer.Option(
            "--grant",
            metavar="GRANT",
            help="FEATURE:ROLE[:ACCOUNT,...], or with :payloads, such as events:editor:dev,test; may be repeated.",
        ),
    ],
    description: Annotated[str, typer.Option("--description", help="What it is for.")] = "",
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Make an access group, or put it in place of the one of this name; its members stay.

    FEATURE is events, history, bots, resources, accounts, plugins, system, audit, access, or * for all. ROLE is viewer,
    editor or admin.
    """
    from duetime.cli.grants import grants_in_words, read_grant_options
    from duetime.cli.opening import actor, opened

    require_web()
    from duetime.web.access.group_steering import save_group

    grants: Grants = read_grant_options(grant)
    with opened() as duetime, duetime.store.write() as tx:
        save_group(tx, actor=actor(), name=group, grants=grants, description=description, reason=reason)
        document = _document(tx, group)
    if as_json:
        emit(document)
        return
    line(f"Access group {group} opens {grants_in_words(grants)}.")


@app.command()
def delete(group: GroupName, reason: Reason = "", as_json: Json = False) -> None:
    """Delete an access group; nothing is open by it any more."""
    from duetime.cli.opening import actor, opened

    require_web()
    from duetime.web.access.group_steering import delete_group

    with opened() as duetime, duetime.store.write() as tx:
        document = _document(tx, group)
        delete_group(tx, actor=actor(), name=group, reason=reason)
    if as_json:
        emit(document)
        return
    line(f"Access group {group} is deleted; {len(document['members'])} logins were in it.")


@app.command()
def add(group: GroupName, login: LoginName, reason: Reason = "", as_json: Json = False) -> None:
    """Put a login into an access group; what it opens is open from the next request on."""
    _change_member(group, login, joins=True, reason=reason, as_json=as_json)


@app.command()
def remove(group: GroupName, login: LoginName, reason: Reason = "", as_json: Json = False) -> None:
    """Take a login out of an access group, from the next request on."""
    _change_member(group, login, joins=False, reason=reason, as_json=as_json)


def _change_member(group: str, login: str, *, joins: bool, reason: str, as_json: bool) -> None:
    from duetime.cli.opening import actor, opened

    require_web()
    from duetime.web.access.group_steering import add_member, remove_member

    change = add_member if joins else remove_member
    with opened() as duetime, duetime.store.write() as tx:
        found = tx.logins.get(login)
        change(tx, actor=actor(), name=group, login=found, reason=reason)
        document = _document(tx, group)
    if as_json:
        emit(document)
        return
    line(f"Access group {group} has these members: {', '.join(document['members']) or 'none'}.")


def _document(tx: "Transaction", name: str) -> "dict[str, Any]":
    from duetime.core.grant_documents import write_grants

    group = tx.access_groups.get(name)
    return {
        "name": group.name,
        "description": group.description,
        "grants": write_grants(group.grants),
        "members": [login.login for login in tx.access_groups.members(name)],
        "changed_at": group.changed_at,
    }
