"""Who changed what, when and why: append-only."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from duetime.core.json_types import canonical
from duetime.core.sanitising import clean_text, history_text
from duetime.store.tables import audit_entries

LONGEST_REASON = 1000


def reason_text(reason: str) -> str:
    """Return a reason as history keeps it: text that every database takes, without secrets, of a bounded length."""
    return (history_text(reason) or "")[:LONGEST_REASON]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One change.

    Attributes:
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


class AuditTable:
    """The audit trail."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

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
        self._connection.execute(
            insert(audit_entries).values(
                at=self._now,
                actor=clean_text(actor),
                verb=verb,
                subject=subject,
                reason=reason_text(reason),
                before=None if before is None else canonical(before),
                after=None if after is None else canonical(after),
            )
        )

    def about(self, subject: str, *, most: int = 100) -> list[AuditEntry]:
        """Return the entries about one subject, newest first."""
        statement = (
            select(audit_entries)
            .where(audit_entries.c.subject == subject)
            .order_by(audit_entries.c.audit_id.desc())
            .limit(most)
        )
        return [
            AuditEntry(
                audit_id=row.audit_id,
                at=row.at,
                actor=row.actor,
                verb=row.verb,
                subject=row.subject,
                reason=row.reason,
                before=json.loads(row.before) if row.before else None,
                after=json.loads(row.after) if row.after else None,
            )
            for row in self._connection.execute(statement)
        ]
