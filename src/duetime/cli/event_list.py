"""`duetime events list`."""

from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.options import Json, Limit
from duetime.cli.output import error_line, instant, short_resource, status, table
from duetime.cli.plain import emit
from duetime.core.statuses import EventStatus

if TYPE_CHECKING:
    from duetime.core.events import Event
    from duetime.store.event_table import EventQuery
    from duetime.store.store import Transaction


def list_events(
    *,
    statuses: Annotated[
        list[EventStatus] | None, typer.Option("--status", help="Only events that stand so; may be repeated.")
    ] = None,
    event_type: Annotated[str | None, typer.Option("--type", help="Only events of this type.")] = None,
    resource_id: Annotated[str | None, typer.Option("--resource", help="Only events for this resource.")] = None,
    bot: Annotated[str | None, typer.Option("--bot", help="Only events of this bot.")] = None,
    text: Annotated[
        str | None, typer.Option("--text", help="Only events with this in their description, resource or type.")
    ] = None,
    due_next: Annotated[bool, typer.Option("--next", help="What is due next, the earliest first.")] = False,
    limit: Limit = 50,
    before: Annotated[
        int | None, typer.Option("--before", metavar="ID", help="Only events before this one: the next page.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List events, the newest first."""
    from duetime.cli.opening import opened
    from duetime.store.event_table import EventQuery

    with opened() as duetime, duetime.store.read() as tx:
        query = EventQuery(
            statuses=tuple(statuses or ()),
            event_type=event_type,
            resource_id=resource_id,
            bot_id=None if bot is None else tx.bots.by_name(bot).bot_id,
            text=text,
            after_id=before,
            most=limit,
        )
        found = list(tx.events.next_due(query)) if due_next else tx.events.find(query)
        more = len(found) == limit and not due_next and _is_more(tx, query, found[-1])
    if as_json:
        emit(found)
        return
    show_events(found)
    if more:
        error_line(f"There are more: add --before {found[-1].event_id}.")


def show_events(events: "list[Event]") -> None:
    """Print events as a table."""
    table(
        ["id!", "type", "status!", "due!", "resource"],
        (
            (
                event.event_id,
                event.event_type,
                status(event.status),
                instant(event.due_at),
                short_resource(event.resource_id) if event.resource_id else event.description,
            )
            for event in events
        ),
        numbers=["id"],
        empty="There are no such events.",
    )


def _is_more(tx: "Transaction", query: "EventQuery", last: "Event") -> bool:
    from dataclasses import replace

    return bool(tx.events.find(replace(query, after_id=last.event_id, most=1)))
