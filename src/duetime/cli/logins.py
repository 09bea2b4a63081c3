"""`duetime logins`: who may log in to the pages and the API."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.options import Json, Reason
from duetime.cli.output import error_line, instant, line, status, table
from duetime.cli.plain import emit
from duetime.cli.web import require_web
from duetime.core.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from duetime.core.logins import AccessGroup, Login, LoginStatus

app = typer.Typer(help="Say who may log in to the pages and use the API.", no_args_is_help=True)

LoginName = Annotated[str, typer.Argument(metavar="LOGIN", help="The name that they log in with.")]
Typed = Annotated[
    bool, typer.Option("--ask", help="Ask for the password at the terminal, or read it as a line of standard input.")
]
MOST = 1_000_000


@app.command("list")
def list_logins(as_json: Json = False) -> None:
    """List the logins."""
    from duetime.cli.opening import opened

    with opened() as duetime, duetime.store.read() as tx:
        found = tx.logins.page(most=MOST).rows
        groups = tx.access_groups.of_logins([login.login_id for login in found])
    if as_json:
        emit([_document(login, groups.get(login.login_id, [])) for login in found])
        return
    table(
        ["login!", "name", "status!", "access groups", "last login!"],
        (
            (
                login.login,
                login.name,
                status(login.status),
                ", ".join(group.name for group in groups.get(login.login_id, [])),
                instant(login.seen_at),
            )
            for login in found
        ),
        empty="There is no login. `duetime web` makes the first administrator; `duetime logins add LOGIN` adds one.",
    )


@app.command()
def add(
    login: LoginName,
    *,
    name: Annotated[str, typer.Option("--name", help="What people call them.")] = "",
    group: Annotated[
        list[str] | None, typer.Option("--group", help="An access group to put them into; may be repeated.")
    ] = None,
    user: Annotated[
        str | None, typer.Option("--user", metavar="ID", help="The user that events they schedule act for.")
    ] = None,
    subject: Annotated[
        str | None,
        typer.Option("--subject", help="What the identity provider of the settings calls them; then no password."),
    ] = None,
    ask: Typed = False,
    as_json: Json = False,
) -> None:
    """Add a login. Its password is made up and printed once; it must be changed at the first login."""
    from duetime.cli.opening import actor, opened

    require_web()
    from duetime.web.access.login_steering import add_login

    identity = None if subject is None else (_issuer(), subject)
    password, kept = (None, None) if subject is not None and not ask else _new_password(login, ask=ask)
    with opened() as duetime, duetime.store.write() as tx:
        added = add_login(
            tx,
            actor=actor(),
            login=login,
            password_hash=kept,
            name=name,
            user_resource_id=user,
            groups=group or (),
            identity=identity,
        )
        groups = tx.access_groups.of(added.login_id)
    _say(added, groups, password=password, shown=not ask, as_json=as_json, done="is added")


@app.command()
def disable(login: LoginName, reason: Reason = "", as_json: Json = False) -> None:
    """Let a login in no more: its sessions end and its API keys stop at once."""
    from duetime.core.logins import LoginStatus

    _set_status(login, LoginStatus.DISABLED, reason=reason, as_json=as_json)


@app.command()
def enable(login: LoginName, reason: Reason = "", as_json: Json = False) -> None:
    """Let a disabled login in again."""
    from duetime.core.logins import LoginStatus

    _set_status(login, LoginStatus.ACTIVE, reason=reason, as_json=as_json)


@app.command("set-password")
def set_password(login: LoginName, ask: Typed = False, as_json: Json = False) -> None:
    """Give a login another password, made up and printed once. Its sessions end; its API keys stay."""
    from duetime.cli.opening import actor, opened

    require_web()
    from duetime.web.access import login_steering

    password, kept = _new_password(login, ask=ask)
    with opened() as duetime, duetime.store.write() as tx:
        found = tx.logins.get(login)
        changed = login_steering.set_password(tx, actor=actor(), login=found, password_hash=kept, must_change=True)
        groups = tx.access_groups.of(changed.login_id)
    _say(changed, groups, password=password, shown=not ask, as_json=as_json, done="has a new password")


@app.command()
def reset(login: LoginName, ask: Typed = False, reason: Reason = "", as_json: Json = False) -> None:
    """Take a login back from whoever has got hold of it, or lift a block after too many attempts.

    It gets a new password, its sessions end, its API keys are revoked.
    """
    from duetime.cli.opening import actor, opened

    require_web()
    from duetime.web.access.login_steering import reset_login

    password, kept = _new_password(login, ask=ask)
    with opened() as duetime, duetime.store.write() as tx:
        changed = reset_login(tx, actor=actor(), login=tx.logins.get(login), password_hash=kept, reason=reason)
        groups = tx.access_groups.of(changed.login_id)
    _say(changed, groups, password=password, shown=not ask, as_json=as_json, done="is reset")


def _set_status(login: str, wanted: "LoginStatus", *, reason: str, as_json: bool) -> None:
    from duetime.cli.opening import actor, opened

    require_web()
    from duetime.web.access import login_steering

    with opened() as duetime, duetime.store.write() as tx:
        found = tx.logins.get(login)
        changed = login_steering.set_status(tx, actor=actor(), login=found, status=wanted, reason=reason)
        groups = tx.access_groups.of(changed.login_id)
    _say(changed, groups, password=None, shown=False, as_json=as_json, done=f"is {changed.status}")


def _new_password(login: str, *, ask: bool) -> tuple[str, str]:
    """Return a password and what is kept of it; it is never an argument, which other users of a machine can see."""
    from duetime.web.access.passwords import Passwords, new_password, require_good

    if not ask:
        password = new_password()
    elif sys.stdin.isatty():
        password = typer.prompt("New password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    require_good(password, login=login)
    return password, Passwords().hash(password)


def _issuer() -> str:
    from duetime.app.settings import read_settings

    issuer = read_settings().oidc_issuer
    if not issuer:
        raise Invalid("A subject belongs to an identity provider, and the setting oidc_issuer names none.")
    return issuer


def _say(
    login: "Login",
    groups: "Sequence[AccessGroup]",
    *,
    password: str | None,
    shown: bool,
    as_json: bool,
    done: str,
) -> None:
    told = password if shown else None
    if as_json:
        emit(_document(login, groups) | ({} if told is None else {"one_time_password": told}))
        return
    names = ", ".join(group.name for group in groups)
    line(f"Login {login.login} {done}; its access groups: {names or 'none'}.")
    if told is not None:
        line(f"Its password for one login is {told}")
        error_line("It is shown this once.")


def _document(login: "Login", groups: "Sequence[AccessGroup]") -> "dict[str, Any]":
    """Return a login as programs see it: without what is kept of its password."""
    return {
        "login": login.login,
        "name": login.name,
        "status": login.status,
        "groups": [group.name for group in groups],
        "user_resource_id": login.user_resource_id,
        "has_password": login.password_hash is not None,
        "must_change": login.must_change,
        "oidc_issuer": login.oidc_issuer,
        "oidc_subject": login.oidc_subject,
        "created_at": login.created_at,
        "changed_at": login.changed_at,
        "seen_at": login.seen_at,
    }
