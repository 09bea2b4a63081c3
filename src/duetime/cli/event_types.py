"""`duetime events types`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.options import Json
from duetime.cli.output import table
from duetime.cli.plain import emit, plain
from duetime.core.errors import UnknownEventType, nearest

if TYPE_CHECKING:
    from duetime.core.event_types import EventType

IRREVERSIBLE = "irreversible"


def list_types(
    event_type: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="Only this one.")] = None,
    as_json: Json = False,
) -> None:
    """List the event types that are known: what each does, its settings, what undoes it, and who can run it."""
    from duetime.cli.opening import opened
    from duetime.scheduling.situation import beating_workers

    with opened() as duetime, duetime.store.read() as tx:
        kinds = tx.event_types.all()
        workers = beating_workers(tx)
        counts = {count.event_type: count.scheduled for count in tx.events.scheduled_by_type(now=tx.now)}
    if event_type is not None:
        known = [kind.event_type for kind in kinds]
        kinds = [kind for kind in kinds if kind.event_type == event_type]
        if not kinds:
            raise UnknownEventType(event_type, near=nearest(event_type, known))
    able = {kind.event_type: sum(kind.event_type in worker.event_types for worker in workers) for kind in kinds}
    if as_json:
        emit([plain(kind, workers=able[kind.event_type], scheduled=counts.get(kind.event_type, 0)) for kind in kinds])
        return
    table(
        ["type!", "what it does, its settings, what undoes it"],
        (
            (
                "\n".join(_standing(kind, workers=able[kind.event_type], scheduled=counts.get(kind.event_type, 0))),
                "\n".join(_about(kind)),
            )
            for kind in kinds
        ),
        empty="No event type is known. Run `duetime db upgrade`, or start a worker.",
    )


def _standing(kind: "EventType", *, workers: int, scheduled: int) -> Iterator[str]:
    yield kind.event_type
    yield f"  from {kind.plugin}"
    yield f"  {workers} worker{'' if workers == 1 else 's'}, {scheduled} scheduled"


def _about(kind: "EventType") -> Iterator[str]:
    if kind.description:
        yield kind.description
    settings = ", ".join(_settings(kind))
    if settings:
        yield f"Settings: {settings}."
    undone = IRREVERSIBLE if kind.inverse is None else f"undone by {kind.inverse}"
    yield f"{'Destructive, ' if kind.destructive else ''}{undone}.".capitalize()
    served = f"up to {kind.max_group} in one call" if kind.max_group > 1 else "one at a time"
    tries = "never tried again" if kind.retry.attempts == 1 else f"up to {kind.retry.attempts} tries"
    yield f"{served}, {tries}.".capitalize()


def _settings(kind: "EventType") -> Iterator[str]:
    required = kind.arguments.get("required", ())
    for name, schema in kind.arguments.get("properties", {}).items():
        said = [schema["type"]] if "type" in schema else []
        said += ["required"] if name in required else []
        yield f"{name} ({', '.join(said)})" if said else name
    if kind.arguments.get("additionalProperties"):
        yield "any others"
