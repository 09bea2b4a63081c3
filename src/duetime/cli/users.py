"""`duetime users`: whom bots may act for, and what may be done for them."""

from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.options import Json, Reason
from duetime.cli.output import line, status, table
from duetime.cli.plain import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duetime.core.users import User, UserStatus

app = typer.Typer(help="Say for which users bots may act, and what they may have done.", no_args_is_help=True)

UserId = Annotated[str, typer.Argument(metavar="ID", help="The user's id, as bots name their owner: divvyuser:7.")]
Patterns = Annotated[
    list[str],
    typer.Argument(metavar="PATTERN...", help="Event types, or patterns of them such as 'divvy.stop_*'."),
]


@app.command("list")
def list_users(as_json: Json = False) -> None:
    """List the users that are registered."""
    from duetime.cli.opening import opened

    with opened() as duetime, duetime.store.read() as tx:
        found = tx.users.all()
    if as_json:
        emit(found)
        return
    table(
        ["user", "name", "status!", "may have done"],
        ((user.user_resource_id, user.name, status(user.status), ", ".join(user.event_types)) for user in found),
        empty="No user is registered. `duetime users add ID` registers one.",
    )


@app.command()
def add(
    user: UserId,
    name: Annotated[str, typer.Option("--name", help="What people call the user.")] = "",
    allow: Annotated[
        list[str] | None,
        typer.Option(
            "--allow", metavar="PATTERN", help="What may be done for the user; may be repeated. Default: all."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Register a user."""
    from duetime.cli.opening import actor, opened
    from duetime.core.users import EVERYTHING

    with opened() as duetime, duetime.store.write() as tx:
        added = tx.users.add(user, name=name, event_types=allow or (EVERYTHING,))
        tx.audit.add(
            actor=actor(), verb="user.add", subject=f"user:{user}", after={"event_types": list(added.event_types)}
        )
    _say(added, as_json=as_json)


@app.command()
def disable(user: UserId, reason: Reason = "", as_json: Json = False) -> None:
    """Have nothing done for a user any more: bot runs and events that act for the user are denied."""
    from duetime.core.users import UserStatus

    _set_status(user, UserStatus.DISABLED, reason=reason, as_json=as_json)


@app.command()
def enable(user: UserId, reason: Reason = "", as_json: Json = False) -> None:
    """Let things be done for a disabled user again."""
    from duetime.core.users import UserStatus

    _set_status(user, UserStatus.ACTIVE, reason=reason, as_json=as_json)


@app.command()
def allow(user: UserId, patterns: Patterns, reason: Reason = "", as_json: Json = False) -> None:
    """Say what may be done for a user, in place of what was said before."""
    from duetime.cli.opening import actor, opened

    with opened() as duetime, duetime.store.write() as tx:
        before = tx.users.get(user)
        changed = tx.users.allow(user, patterns)
        tx.audit.add(
            actor=actor(),
            verb="user.allow",
            subject=f"user:{user}",
            reason=reason,
            before={"event_types": list(before.event_types)},
            after={"event_types": list(changed.event_types)},
        )
    _say(changed, as_json=as_json)


def _set_status(user: str, wanted: "UserStatus", *, reason: str, as_json: bool) -> None:
    from duetime.cli.opening import actor, opened
    from duetime.core.users import UserStatus

    with opened() as duetime, duetime.store.write() as tx:
        before = tx.users.get(user)
        changed = tx.users.set_status(user, wanted)
        tx.audit.add(
            actor=actor(),
            verb="user.disable" if wanted is UserStatus.DISABLED else "user.enable",
            subject=f"user:{user}",
            reason=reason,
            before={"status": before.status.value},
            after={"status": changed.status.value},
        )
    _say(changed, as_json=as_json)


def _say(user: "User", *, as_json: bool) -> None:
    if as_json:
        emit(user)
        return
    line(f"User {user.user_resource_id} is {user.status} and may have done: {_words(user.event_types)}.")


def _words(patterns: "Sequence[str]") -> str:
    return "everything" if "*" in patterns else ", ".join(patterns)
