"""`duetime resources`: the inventory."""

from typing import Annotated

import typer

from duetime.cli import resource_groups, resource_types
from duetime.cli.options import Json, Limit
from duetime.cli.output import error_line, instant, short_resource, table
from duetime.cli.plain import emit
from duetime.core.errors import Invalid
from duetime.core.predicates import (
    AccountIn,
    All,
    Predicate,
    RegionIn,
    StateIn,
    TagIn,
    TagPresent,
    TypeIn,
)

app = typer.Typer(help="See the inventory, as the harvests found it.", no_args_is_help=True)
app.add_typer(resource_groups.app, name="groups")
app.command("types")(resource_types.list_types)

_Several = list[str] | None


@app.command("list")
def list_resources(
    *,
    accounts: Annotated[_Several, typer.Option("--account", help="Only of this account; may be repeated.")] = None,
    regions: Annotated[_Several, typer.Option("--region", help="Only in this region; may be repeated.")] = None,
    types: Annotated[_Several, typer.Option("--type", help="Only of this type, such as instance.")] = None,
    states: Annotated[_Several, typer.Option("--state", help="Only in this state, such as running.")] = None,
    tags: Annotated[
        _Several, typer.Option("--tag", metavar="KEY[=VALUE]", help="Only with this tag; all of them must hold.")
    ] = None,
    limit: Limit = 100,
    as_json: Json = False,
) -> None:
    """List the resources that exist, by id."""
    from duetime.cli.opening import opened

    asked: list[Predicate] = [_tag(tag) for tag in tags or ()]
    for values, predicate in ((accounts, AccountIn), (regions, RegionIn), (types, TypeIn), (states, StateIn)):
        if values:
            asked.append(predicate(tuple(values)))
    with opened() as duetime, duetime.store.read() as tx:
        found = tx.resources.matching(All(tuple(asked)), most=limit + 1)
    shown = found[:limit]
    if as_json:
        emit(shown)
        return
    table(
        ["type", "account", "region", "id", "name", "state"],
        (
            (
                resource.resource_type,
                resource.account,
                resource.region,
                short_resource(resource.resource_id),
                resource.name,
                resource.state,
            )
            for resource in shown
        ),
        empty="There are no such resources. `duetime accounts harvest` reads them in.",
    )
    if shown:
        oldest = min((each.harvested_at for each in shown if each.harvested_at is not None), default=None)
        error_line(f"As of {instant(oldest)}.")
    if len(found) > limit:
        error_line(f"There are more than {limit}: narrow it down, or raise --limit.")


def _tag(written: str) -> Predicate:
    key, has_value, value = written.partition("=")
    if not key:
        message = f"--tag takes KEY or KEY=VALUE, not {written!r}."
        raise Invalid(message)
    return TagIn(key, (value,)) if has_value else TagPresent(key)
