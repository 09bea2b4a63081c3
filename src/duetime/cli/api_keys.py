"""`duetime api-keys`: keys by which programs use the API."""

from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.options import Json, Reason
from duetime.cli.output import error_line, instant, line, status, table
from duetime.cli.plain import emit
from duetime.cli.web import require_web

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from duetime.core.logins import ApiKey

app = typer.Typer(help="Make and take back the keys by which programs use the API.", no_args_is_help=True)

LoginName = Annotated[str, typer.Argument(metavar="LOGIN", help="Whom the key acts for.")]
MOST = 1_000_000


@app.command("list")
def list_keys(
    login: Annotated[str | None, typer.Option("--login", help="Only keys that act for this login.")] = None,
    as_json: Json = False,
) -> None:
    """List the API keys, the newest first; the keys themselves are kept nowhere."""
    from duetime.cli.grants import grants_in_words
    from duetime.cli.opening import opened

    with opened() as duetime, duetime.store.read() as tx:
        login_id = None if login is None else tx.logins.get(login).login_id
        found = tx.api_keys.page(login_id=login_id, most=MOST).rows
        logins = {key: each.login for key, each in tx.logins.by_ids({key.login_id for key in found}).items()}
        now = tx.now
    if as_json:
        emit([_document(key, logins.get(key.login_id, ""), now=now) for key in found])
        return
    table(
        ["id", "login", "name", "begins with!", "opens", "status!", "ends!", "last used!"],
        (
            (
                key.key_id,
                logins.get(key.login_id, ""),
                key.name,
                f"dt_{key.prefix}",
                grants_in_words(key.grants),
                status(_state(key, now=now)),
                instant(key.expires_at),
                instant(key.used_at),
            )
            for key in found
        ),
        numbers=["id"],
        empty="There is no API key. `duetime api-keys create LOGIN --name NAME --grant FEATURE:ROLE` makes one.",
    )


@app.command()
def create(
    login: LoginName,
    name: Annotated[str, typer.Option("--name", help="What the key is for.")],
    grant: Annotated[
        list[str],
        typer.Option(
            "--grant",
            metavar="GRANT",
            help="What it opens: FEATURE:ROLE[:ACCOUNT,...], or with :payloads; may be repeated.",
        ),
    ],
    days: Annotated[int, typer.Option("--days", min=0, max=3650, help="After how many days it ends; 0 = never.")] = 90,
    as_json: Json = False,
) -> None:
    """Make an API key and print it, this once."""
    from datetime import timedelta

    from duetime.cli.grants import read_grant_options
    from duetime.cli.opening import actor, opened

    require_web()
    from duetime.web.access.key_steering import create_key

    grants = read_grant_options(grant)
    with opened() as duetime, duetime.store.write() as tx:
        made = create_key(
            tx,
            actor=actor(),
            login=tx.logins.get(login),
            name=name,
            grants=grants,
            expires_at=tx.now + timedelta(days=days) if days else None,
        )
        now = tx.now
    if as_json:
        emit(_document(made.key, login.strip().lower(), now=now) | {"secret": made.text})
        return
    line(made.text)
    error_line(f"Key {made.key.key_id} acts for {login} and ends {_end(made.key)}. It is shown this once.")


@app.command()
def revoke(
    key_id: Annotated[int, typer.Argument(metavar="ID", min=1, help="The key's number, as the list shows it.")],
    reason: Reason = "",
    as_json: Json = False,
) -> None:
    """Take an API key back, for good and from the next request on."""
    from duetime.cli.opening import actor, opened

    require_web()
    from duetime.web.access.key_steering import revoke_key

    with opened() as duetime, duetime.store.write() as tx:
        key = revoke_key(tx, actor=actor(), key=tx.api_keys.get(key_id), reason=reason)
        login, now = tx.logins.require(key.login_id).login, tx.now
    if as_json:
        emit(_document(key, login, now=now))
        return
    line(f"Key {key.key_id} ({key.name}) of {login} is revoked.")


def _state(key: "ApiKey", *, now: "datetime") -> str:
    if key.revoked_at is not None:
        return "revoked"
    return "valid" if key.is_live(now=now) else "expired"


def _end(key: "ApiKey") -> str:
    return "never" if key.expires_at is None else f"at {instant(key.expires_at)}"


def _document(key: "ApiKey", login: str, *, now: "datetime") -> "dict[str, Any]":
    from duetime.core.grant_documents import write_grants

    return {
        "key_id": key.key_id,
        "login": login,
        "name": key.name,
        "prefix": key.prefix,
        "grants": write_grants(key.grants),
        "status": _state(key, now=now),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "used_at": key.used_at,
        "revoked_at": key.revoked_at,
    }
