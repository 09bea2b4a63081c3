"""What jobs wrote down before they acted: read by their next attempts, and by whoever undoes what they did."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, exists, select, tuple_, update

from duetime.core.errors import StaleClaim
from duetime.core.events import run_id_of
from duetime.core.json_types import JsonObject, canonical
from duetime.core.statuses import RunStatus
from duetime.store.tables import events, notes, runs
from duetime.store.upsert import upsert

_SUCCEEDED = and_(runs.c.final, runs.c.status == RunStatus.SUCCEEDED.value)


class NewNote(NamedTuple):
    """A note of one claim.

    Attributes:
        token: the claim's fencing token.
        due_at: the due time that the claim is for.
        resource_id: the resource that the event is for.
    """

    event_id: int
    token: int
    due_at: datetime
    note: JsonObject
    resource_id: str | None = None


class Note(NamedTuple):
    """A note as it is kept.

    Attributes:
        undone_by: the event that was scheduled to undo what the note tells of.
    """

    note: JsonObject
    written_at: datetime
    undone_by: int | None


class PastNote(NamedTuple):
    """A note whose run succeeded."""

    event_id: int
    event_type: str
    note: JsonObject
    undone_by: int | None


class NoteTable:
    """One note per event and due time."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def write(self, new: Sequence[NewNote]) -> None:
        """Write notes whose claims still hold, each in place of the one before; all of them, or none.

        Raises:
            StaleClaim: a claim holds no longer. The transaction must be rolled back; nothing was written.
            TypeError, ValueError: a note is no plain JSON.
        """
        ids = sorted({note.event_id for note in new})
        # The rows stay locked: whoever takes a claim away waits until the notes are there, or comes first.
        statement = (
            select(events.c.event_id, events.c.claim_token)
            .where(events.c.event_id.in_(ids))
            .order_by(events.c.event_id)
            .with_for_update(read=True)
        )
        tokens: dict[int, int] = {row.event_id: row.claim_token for row in self._connection.execute(statement)}
        for note in new:
            if tokens.get(note.event_id) != note.token:
                raise StaleClaim(note.event_id, token=note.token)
        rows = [
            {
                "event_id": note.event_id,
                "due_at": note.due_at,
                "resource_id": note.resource_id,
                "note": canonical(note.note),
                "written_at": self._now,
            }
            for note in new
        ]
        upsert(self._connection, notes, rows)

    def read(self, due_times: Iterable[tuple[int, datetime]]) -> Mapping[int, JsonObject]:
        """Return the notes of events, each at one due time, by event; those without one are left out."""
        wanted = dict(due_times)
        # A group's due times are one or few: two lists bind fewer values than pairs, and the key finds them as well.
        statement = select(notes.c.event_id, notes.c.due_at, notes.c.note).where(
            notes.c.event_id.in_(list(wanted)), notes.c.due_at.in_(list(set(wanted.values())))
        )
        rows = self._connection.execute(statement)
        return {row.event_id: json.loads(row.note) for row in rows if wanted[row.event_id] == row.due_at}

    def of_resource(self, resource_id: str, *, event_types: Collection[str], most: int = 100) -> list[PastNote]:
        """Return the notes of a resource's runs that succeeded, of these event types, the newest first."""
        statement = (
            select(runs.c.event_id, runs.c.event_type, notes.c.note, notes.c.undone_by)
            .join_from(notes, runs, and_(runs.c.event_id == notes.c.event_id, runs.c.due_at == notes.c.due_at))
            .where(notes.c.resource_id == resource_id, runs.c.event_type.in_(list(event_types)), _SUCCEEDED)
            .order_by(notes.c.written_at.desc(), notes.c.event_id.desc())
            .limit(most)
        )
        rows = self._connection.execute(statement)
        return [PastNote(row.event_id, row.event_type, json.loads(row.note), row.undone_by) for row in rows]

    def later_runs(self, resource_id: str, *, than: datetime, most: int = 5) -> list[str]:
        """Return the names of a resource's runs that changed it after `than` and still stand, the newest first.

        What was undone, and the undoing itself, are left out.
        """
        undoing = notes.alias()
        undone_by = select(undoing.c.undone_by).where(
            undoing.c.resource_id == resource_id, undoing.c.undone_by.is_not(None)
        )
        statement = (
            select(runs.c.event_id, runs.c.due_at, runs.c.attempt)
            .join_from(notes, runs, and_(runs.c.event_id == notes.c.event_id, runs.c.due_at == notes.c.due_at))
            .where(
                notes.c.resource_id == resource_id,
                notes.c.written_at > than,
                notes.c.undone_by.is_(None),
                notes.c.event_id.not_in(undone_by),
                _SUCCEEDED,
            )
            .order_by(notes.c.written_at.desc(), notes.c.event_id.desc())
            .limit(most)
        )
        rows: Iterable[Row[Any]] = self._connection.execute(statement)
        return [self._name(row) for row in rows]

    def locked(self, event_id: int, *, due_at: datetime) -> Note | None:
        """Return the note of an event at a due time, with its row locked until the transaction ends."""
        statement = (
            select(notes.c.note, notes.c.written_at, notes.c.undone_by)
            .where(notes.c.event_id == event_id, notes.c.due_at == due_at)
            .with_for_update()
        )
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else Note(json.loads(row.note), row.written_at, row.undone_by)

    def mark_undone(self, event_id: int, *, due_at: datetime, by: int) -> None:
        """Note which event undoes what an event did at a due time."""
        self._connection.execute(
            update(notes).where(notes.c.event_id == event_id, notes.c.due_at == due_at).values(undone_by=by)
        )

    def undone_runs(self, event_ids: Collection[int]) -> Mapping[int, str]:
        """Return, by the event that undoes it, the name of the run that is undone; other events are left out."""
        return {row.undone_by: self._name(row) for row in self._pairs(notes.c.undone_by.in_(list(event_ids)))}

    def undoing_events(self, event_ids: Collection[int]) -> Mapping[str, int]:
        """Return, by the names of these events' runs, the events that undo them; other runs are left out."""
        return {self._name(row): row.undone_by for row in self._pairs(notes.c.event_id.in_(list(event_ids)))}

    def prune(self, *, before: datetime, most: int) -> int:
        """Delete notes written before `before` whose run is no longer in the history, at most `most`; return how many.

        Notes of due times that have no answer yet stay, however old they are.
        """
        has_run = exists().where(runs.c.event_id == notes.c.event_id, runs.c.due_at == notes.c.due_at)
        is_live = exists().where(
            events.c.event_id == notes.c.event_id, events.c.due_at == notes.c.due_at, events.c.finished_at.is_(None)
        )
        key = (notes.c.event_id, notes.c.due_at)
        oldest = (
            select(*key).where(notes.c.written_at < before, ~has_run, ~is_live).order_by(notes.c.written_at).limit(most)
        )
        return int(self._connection.execute(delete(notes).where(tuple_(*key).in_(oldest))).rowcount)

    def _pairs(self, which: ColumnElement[bool]) -> Iterable[Row[Any]]:
        """Return the runs that somebody has asked to undo, with the events that do."""
        statement = select(runs.c.event_id, runs.c.due_at, runs.c.attempt, notes.c.undone_by).join_from(
            notes, runs, and_(runs.c.event_id == notes.c.event_id, runs.c.due_at == notes.c.due_at)
        )
        return self._connection.execute(statement.where(which, notes.c.undone_by.is_not(None), _SUCCEEDED))

    @staticmethod
    def _name(row: Row[Any]) -> str:
        return run_id_of(row.event_id, row.due_at, row.attempt)
