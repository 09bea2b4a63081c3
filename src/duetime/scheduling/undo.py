"""Undoing a run: another event, with what the run's job wrote down before it acted."""

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import blake2b
from typing import Any, NamedTuple

from duetime.core.errors import CannotUndo, UnknownName
from duetime.core.event_types import EventType
from duetime.core.events import Event, OnExisting, Run, run_id_of
from duetime.core.statuses import EventStatus, RunStatus
from duetime.scheduling.client import Client
from duetime.scheduling.preparation import Request, prepare
from duetime.store.note_table import Note
from duetime.store.store import Transaction


class Undo(NamedTuple):
    """What was asked for.

    Attributes:
        event: the event that undoes the run.
        is_new: whether it was scheduled just now, and not by somebody before.
        later: the names of the newest runs that changed the resource after the one that is undone, and stand: what is
            put back is what was there before them too.
    """

    event: Event
    is_new: bool
    later: tuple[str, ...] = ()


def undo_run(
    client: Client,
    run_id: str,
    *,
    when: datetime | None = None,
    user_resource_id: str | None = None,
    actor: str = "",
    reason: str = "",
) -> Undo:
    """Schedule the event that undoes a run.

    It has the run's event as its parent and appears in the history like any other. While it lives no second one is
    scheduled; when it came to nothing, it may be asked for again.

    Args:
        client: what schedules.
        run_id: the run's name, `event/due time/attempt`.
        when: when to undo it; None = now.
        user_resource_id: the user that the event acts for; None = nobody in particular.
        actor: who asks.
        reason: why.

    Raises:
        UnknownName: there is no such run.
        CannotUndo: nothing undoes it; the error says why.
        UnknownEventType: nobody has brought the event type that would.
    """
    known = client.event_types()
    with client.store.write() as tx:
        run = tx.runs.get(run_id)
        if run.status is not RunStatus.SUCCEEDED:
            ended = run.status.replace("_", " ")
            raise CannotUndo(run.run_id, f"it ended as '{ended}', and only what succeeded can be undone")
        note = tx.notes.locked(run.event_id, due_at=run.due_at)
        event_type, arguments = _inverse(run, note, kind=known.get(run.event_type))
        later = _later(tx, run, note)
        key = _key(run)
        earlier = tx.events.live_with_key(key) or _earlier(tx, run, note)
        if earlier is not None:
            return Undo(earlier, is_new=False, later=later)
        request = Request(
            event_type=event_type,
            schedule=tx.now if when is None else when,
            resource_id=run.resource_id,
            args=arguments,
            description=f"undoes {run.event_type} of run {run.run_id}",
            on_existing=OnExisting.ADD,
            parent_id=run.event_id,
            user_resource_id=user_resource_id,
            created_by=actor,
        )
        prepared = prepare(request, known=known, now=tx.now, key=key, most_bytes=client.max_argument_bytes)
        event_id = tx.events.add(prepared, now=tx.now)
        tx.notes.mark_undone(run.event_id, due_at=run.due_at, by=event_id)
        tx.audit.add(
            actor=actor,
            verb="event.undo",
            subject=f"event:{event_id}",
            reason=reason,
            after={"event_type": event_type, "undoes": run.run_id, "due_at": prepared.due_at.isoformat()},
        )
        return Undo(tx.events.get(event_id), is_new=True, later=later)


def _inverse(run: Run, note: Note | None, *, kind: EventType | None) -> tuple[str, Mapping[str, Any]]:
    """Return the event type and arguments that undo a run.

    Raises:
        CannotUndo: there are none.
    """
    undo = None if note is None else note.note.get("undo")
    if isinstance(undo, dict):
        event_type = undo.get("event_type") or (None if kind is None else kind.inverse)
        arguments = undo.get("args", {})
        if isinstance(event_type, str) and isinstance(arguments, dict):
            return event_type, arguments
    if kind is not None and kind.inverse is None:
        raise CannotUndo(run.run_id, f"{run.event_type} is irreversible")
    if _changed_nothing(run):
        raise CannotUndo(run.run_id, "it changed nothing")
    if note is None:
        raise CannotUndo(
            run.run_id, "what was there before is not known: the note is gone with the history of its time, or none was"
        )
    raise CannotUndo(run.run_id, "for this type of resource it is irreversible")


def _changed_nothing(run: Run) -> bool:
    try:
        result = json.loads(run.result or "null")
    except ValueError:
        return False
    return isinstance(result, dict) and result.get("changed") is False


def _earlier(tx: Transaction, run: Run, note: Note | None) -> Event | None:
    """Return the event that was scheduled before to undo the run and lives, or None when it came to nothing.

    Raises:
        CannotUndo: that event has undone it.
    """
    if note is None or note.undone_by is None:
        return None
    try:
        event = tx.events.get(note.undone_by)
    except UnknownName:  # pruned
        return None
    if not event.status.is_final:
        return event
    if event.status is EventStatus.SUCCEEDED:
        own = run_id_of(event.event_id, event.due_at, event.attempt)
        raise CannotUndo(
            run.run_id, f"event {event.event_id} has undone it already; to take that back: duetime history undo {own}"
        )
    return None


def _later(tx: Transaction, run: Run, note: Note | None) -> tuple[str, ...]:
    if note is None or run.resource_id is None:
        return ()
    return tuple(tx.notes.later_runs(run.resource_id, than=note.written_at))


def _key(run: Run) -> bytes:
    """Return the dedupe key of the event that undoes a run; see `Client.run_now` for the other of its kind."""
    return blake2b(f"undo\x1f{run.event_id}\x1f{run.due_at.isoformat()}".encode(), digest_size=16).digest()
