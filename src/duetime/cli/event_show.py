"""`duetime events show`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from duetime.cli.options import EventId, Json
from duetime.cli.output import console, distance, facts, instant, line, status, table
from duetime.cli.plain import emit
from duetime.core.wording import write_span

if TYPE_CHECKING:
    from collections.abc import Mapping

    from duetime.core.events import Event, Run
    from duetime.store.audit_table import AuditEntry

NEXT_TIMES = 5


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything there is to say about one event."""

    event: "Event"
    bot: str | None
    now: datetime
    next_times: tuple[datetime, ...]
    explanation: tuple[str, ...]
    runs: "tuple[Run, ...]"
    audit: "tuple[AuditEntry, ...]"
    conflicts: tuple[str, ...]
    undoes: str | None
    undone_by: "Mapping[str, int]"
    inverse: str | None


def show(event_id: EventId, as_json: Json = False) -> None:
    """Show everything about an event, and why it did or did not run."""
    from duetime.cli.opening import opened

    with opened() as duetime:
        shown = _read(duetime.store, event_id)
    if as_json:
        emit(
            shown.event,
            schedule_in_words=shown.event.schedule.describe(),
            next_times=shown.next_times,
            explanation=shown.explanation,
            runs=shown.runs,
            audit=shown.audit,
            conflicts=shown.conflicts,
            undoes=shown.undoes,
            undone_by=shown.undone_by,
        )
        return
    facts(_facts(shown))
    _title("Why it did or did not run")
    for sentence in shown.explanation:
        line(sentence)
    for sentence in shown.conflicts:
        line(sentence)
    _title("History")
    _runs(shown)
    undoable = _undoable(shown)
    if undoable is not None:
        line(f"Undo it: `duetime history undo {undoable}`.")
    if shown.audit:
        _title("Changes")
        _audit(shown)


def _read(store: Any, event_id: int) -> Shown:
    from duetime.scheduling.explain import explain
    from duetime.scheduling.situation import situation_of

    with store.read() as tx:
        situation = situation_of(tx, event_id)
        event = situation.event
        kind = tx.event_types.by_ids([event.event_type]).get(event.event_type)
        bot = None if event.bot_id is None else tx.bots.by_id(event.bot_id)
        return Shown(
            event=event,
            bot=None if bot is None else bot.name,
            now=tx.now,
            next_times=_next_times(event),
            explanation=explain(situation),
            runs=tuple(tx.runs.of_event(event_id, most=20)),
            audit=tuple(tx.audit.about(f"event:{event_id}", most=20)),
            conflicts=_conflicts(tx, event),
            undoes=tx.notes.undone_runs([event_id]).get(event_id),
            undone_by=tx.notes.undoing_events([event_id]),
            inverse=None if kind is None else kind.inverse,
        )


def _undoable(shown: Shown) -> str | None:
    """Return the last run that may be undone, or None: only its note says whether it changed anything."""
    from duetime.core.statuses import RunStatus

    if shown.inverse is None:
        return None
    run = next((run for run in reversed(shown.runs) if run.status is RunStatus.SUCCEEDED), None)
    return None if run is None or run.run_id in shown.undone_by else run.run_id


def _conflicts(tx: Any, event: "Event") -> tuple[str, ...]:
    """Say which other live events want the opposite for the same resource at nearly the same time."""
    from duetime.bots.conflicts import conflicts_of

    if event.status.is_final:
        return ()
    found = conflicts_of(tx, event_id=event.event_id, resource_id=event.resource_id)
    return tuple(conflict.in_words() for conflict in found)


def _next_times(event: "Event") -> tuple[datetime, ...]:
    """Return the due time that is owed and the ones after it."""
    if event.status.is_final:
        return ()
    times = [event.due_at]
    while event.recurring and len(times) < NEXT_TIMES:
        following = event.schedule.next_after(times[-1])
        if following is None:
            break
        times.append(following)
    return tuple(times)


def _facts(shown: Shown) -> Iterator[tuple[str, Any]]:
    event = shown.event
    yield "event", str(event.event_id)
    yield "type", event.event_type
    yield "status", status(event.status)
    if event.description:
        yield "description", event.description
    if event.resource_id is not None:
        yield "resource", event.resource_id
    if shown.bot is not None:
        yield "bot", shown.bot
    if event.args:
        yield "arguments", json.dumps(dict(event.args), ensure_ascii=False)
    yield "schedule", event.schedule.describe()
    if event.status.is_final:
        yield "due", instant(event.due_at)
        yield "ended", instant(event.finished_at)
    else:
        yield "due", f"{instant(event.due_at)} ({distance(event.due_at, now=shown.now)})"
        if event.ready_at != event.due_at:
            yield "ready", f"{instant(event.ready_at)} ({distance(event.ready_at, now=shown.now)})"
        if event.recurring:
            yield "next times", "\n".join(map(instant, shown.next_times))
    if event.expires_at is not None:
        yield "expires", instant(event.expires_at)
    yield "when lost", str(event.on_lost)
    if shown.undoes is not None:
        yield "undoes", f"run {shown.undoes}"
    elif event.parent_id is not None:
        yield "again for", f"event {event.parent_id}"
    for run_id, undoing in shown.undone_by.items():
        yield "undone by", f"event {undoing} (run {run_id})"
    yield "created", f"{instant(event.created_at)} by {event.created_by or 'nobody named'}"


def _runs(shown: Shown) -> None:
    table(
        ["due!", "try", "status!", "took", "result"],
        (
            (
                instant(run.due_at),
                run.attempt,
                status(run.status),
                None if run.duration is None else write_span(run.duration),
                run.error or run.reason or run.result,
            )
            for run in shown.runs
        ),
        numbers=["try"],
        empty="It has not run yet.",
    )


def _audit(shown: Shown) -> None:
    table(
        ["when!", "who", "what", "why"],
        ((instant(entry.at), entry.actor, entry.verb, entry.reason) for entry in reversed(shown.audit)),
        empty="",
    )


def _title(text: str) -> None:
    console().print(f"\n{text}", style="bold")
