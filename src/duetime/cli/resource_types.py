"""`duetime resources types`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.options import Json
from duetime.cli.output import table
from duetime.cli.plain import emit, plain
from duetime.core.errors import UnknownName, nearest
from duetime.core.json_types import JsonObject

if TYPE_CHECKING:
    from duetime.core.cloud import Operation, ResourceTypeFacts

IRREVERSIBLE = "irreversible"


def list_types(
    resource_type: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="Only this one.")] = None,
    as_json: Json = False,
) -> None:
    """List the types of resources that AWS accounts can harvest, and what can be done to each.

    Needs no database, no account and no network.
    """
    from duetime.providers.aws.provider import AwsProvider

    facts = AwsProvider().resource_types()
    if resource_type is not None and resource_type not in facts:
        raise UnknownName("resource type", resource_type, near=nearest(resource_type, facts))
    shown = [facts[name] for name in sorted(facts) if resource_type in (None, name)]
    if as_json:
        emit([_sorted(kind) for kind in shown])
        return
    table(
        ["type!", "operations: resources in one call, what undoes it, states"],
        (("\n".join(_about(kind)), "\n".join(_operations(kind))) for kind in shown),
        empty="There are none.",
    )


def _sorted(kind: "ResourceTypeFacts") -> JsonObject:
    """Return the facts as JSON that is the same each time: sets of states have no order."""
    body: JsonObject = plain(kind)
    body["operations"] = {
        name: plain(operation, wanted=sorted(operation.wanted), passing=sorted(operation.passing))
        for name, operation in kind.operations.items()
    }
    return body


def _about(kind: "ResourceTypeFacts") -> Iterator[str]:
    yield kind.resource_type
    yield f"  {kind.title}"
    yield f"  {kind.service}, {'by region' if kind.regional else 'global'}"


def _operations(kind: "ResourceTypeFacts") -> Iterator[str]:
    for operation in kind.operations.values():
        yield "; ".join(_facts(operation))


def _facts(operation: "Operation") -> Iterator[str]:
    undone = IRREVERSIBLE if operation.inverse is None else f"undone by {operation.inverse}"
    yield f"{operation.name}: {operation.batch}, {undone}"
    if operation.wanted:
        yield f"nothing to do when {', '.join(sorted(operation.wanted))}"
    if operation.passing:
        yield f"waits while {', '.join(sorted(operation.passing))}"
