"""Who changed what, when and why: append-only, and chained by hashes."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, insert, select

from duetime.core.json_types import canonical
from duetime.core.sanitising import clean_text, history_text
from duetime.store.audit_chain import AuditChain, ChainReport, entry_hash
from duetime.store.audit_query import AuditQuery
from duetime.store.page import Page
from duetime.store.tables import audit_entries
from duetime.store.window import Window

LONGEST_REASON = 1000
_PROVISIONAL = 2**62
"""Where the numbers begin that entries have as long as their transaction has not ended."""


def reason_text(reason: str) -> str:
    """Return a reason as history keeps it: text that every database takes, without secrets, of a bounded length."""
    return (history_text(reason) or "")[:LONGEST_REASON]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change.

    Attributes:
        audit_id: its number; a provisional one above 2**62 as long as the transaction that makes the change lasts.
        verb: what was done, such as `event.cancel`.
        subject: what it was done to, such as `event:17`.
    """

    audit_id: int
    at: datetime
    actor: str
    verb: str
    subject: str
    reason: str
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


class _NewEntry(NamedTuple):
    """An entry as it will be written, with the fields of a row."""

    audit_id: int
    at: datetime
    actor: str
    verb: str
    subject: str
    reason: str
    before: str | None
    after: str | None


class AuditTable:
    """The audit trail.

    Entries are gathered and written when their transaction ends: on PostgreSQL, where many append at once, the end of
    the chain is then locked for the last moment alone, and by those that will wait for nothing else.
    """

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self._new: list[_NewEntry] = []

    def add(
        self,
        *,
        actor: str,
        verb: str,
        subject: str,
        reason: str = "",
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
    ) -> None:
        """Append one entry; it is kept only if the transaction that makes the change commits."""
        entry = _NewEntry(
            audit_id=_PROVISIONAL + len(self._new),
            at=self._now,
            actor=clean_text(actor),
            verb=clean_text(verb),
            subject=clean_text(subject),
            reason=reason_text(reason),
            before=None if before is None else clean_text(canonical(before)),
            after=None if after is None else clean_text(canonical(after)),
        )
        self._new.append(entry)

    def flush(self) -> None:
        """Write what was added. Only a commit may follow: others that append wait for it."""
        if not self._new:
            return
        last_id, previous = AuditChain(self._connection).hold_end()
        rows: list[dict[str, Any]] = []
        for audit_id, new in enumerate(self._new, last_id + 1):
            entry = new._replace(audit_id=audit_id)
            previous = entry_hash(entry, previous=previous)
            rows.append({**entry._asdict(), "entry_hash": previous})
        self._connection.execute(insert(audit_entries), rows)
        self._new.clear()

    def verify(self, *, head: str | None = None) -> ChainReport:
        """Follow the chain of hashes over the whole trail; see `AuditChain.verify`."""
        return AuditChain(self._connection).verify(head=head)

    def about(self, subject: str, *, most: int = 100) -> list[AuditEntry]:
        """Return the entries about one subject, newest first."""
        return list(self.page(AuditQuery(subject=subject, most=most)).rows)

    def page(self, query: AuditQuery) -> Page[AuditEntry, int]:
        """Return a page of entries, newest first; what follows it has `query.after_id` = its `next`.

        The first page begins with the entries of this very transaction. A page looks through at most
        `page.MOST_LOOKED_AT` rows and may therefore be short, or empty, before the list ends.
        """
        most = max(1, query.most)
        key = [audit_entries.c.audit_id]
        among, filters = query.bounds(), query.filters()
        window = Window.of(self._connection, key, among=among) if filters else Window.open()
        statement = (
            select(audit_entries)
            .where(*among, *filters, window.condition)
            .order_by(audit_entries.c.audit_id.desc())
            .limit(most + 1)
        )
        found = [_entry_of(row) for row in self._connection.execute(statement)]
        found = [*(_entry_of(new) for new in reversed(self._new) if query.matches(new)), *found]
        shown = tuple(found[:most])
        if len(found) > most:
            return Page(shown, next=shown[-1].audit_id)
        if window.end is None:
            return Page(shown, next=None)
        (end,) = window.end
        at = select(audit_entries.c.at).where(audit_entries.c.audit_id == end)
        return Page(shown, next=end, looked_back_to=self._connection.execute(at).scalar_one())


def _entry_of(row: Row[Any] | _NewEntry) -> AuditEntry:
    return AuditEntry(
        audit_id=row.audit_id,
        at=row.at,
        actor=row.actor,
        verb=row.verb,
        subject=row.subject,
        reason=row.reason,
        before=json.loads(row.before) if row.before else None,
        after=json.loads(row.after) if row.after else None,
    )
