"""Options that several commands share."""

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
EventId = Annotated[int, typer.Argument(metavar="ID", help="The event's number, as `duetime events list` shows it.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is kept in the audit trail.")]
Limit = Annotated[int, typer.Option("--limit", min=1, max=10_000, help="How many to show at most.")]
Delay = Annotated[str | None, typer.Option("--in", metavar="SPAN", help="How long from now: 10s, 5m, 1h30m, 2d.")]
At = Annotated[
    str | None, typer.Option("--at", metavar="WHEN", help="An instant with its zone, such as 2026-01-31T19:00:00Z.")
]
ScheduleJson = Annotated[
    str | None,
    typer.Option("--schedule", metavar="JSON", help="""A schedule, such as '{"_type": "periodic", "hours": 1}'."""),
]
