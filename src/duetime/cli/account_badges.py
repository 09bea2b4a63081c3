"""`duetime accounts badge`: labels of accounts, for which bots' scopes ask."""

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from duetime.cli.options import Json
from duetime.cli.output import line
from duetime.cli.plain import emit
from duetime.core.bots import Badge
from duetime.core.errors import Invalid


def badge(
    account: Annotated[str, typer.Argument(metavar="ID", help="Which account.")],
    badges: Annotated[list[str] | None, typer.Argument(metavar="[KEY:VALUE...]", help="Badges to give it.")] = None,
    remove: Annotated[
        list[str] | None, typer.Option("--remove", metavar="KEY", help="A badge to take from it; may be repeated.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Give an account badges, or take some from it; without either, show those it has."""
    from duetime.app.account_changes import change_badges
    from duetime.cli.opening import actor, opened

    given = read_badges(badges or ())
    with opened() as duetime:
        after = change_badges(duetime, account, given=given, taken=remove or (), actor=actor())
    if as_json:
        emit(after)
    else:
        line(f"Account {account} has {in_words(after.badges) or 'no badges'}.")


def read_badges(written: Sequence[str]) -> dict[str, str]:
    """Return badges by key.

    Raises:
        Invalid: one has no key.
    """
    found: dict[str, str] = {}
    for each in written:
        key, _, value = each.partition(":")
        if not key.strip():
            message = f"A badge is KEY:VALUE, such as env:production, not {each!r}."
            raise Invalid(message)
        found[key.strip()] = value.strip()
    return found


def in_words(badges: Mapping[str, str]) -> str:
    """Return badges as `env:production, team:a`."""
    return ", ".join(str(Badge(key, value or None)) for key, value in sorted(badges.items()))
