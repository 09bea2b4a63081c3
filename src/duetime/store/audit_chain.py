"""The chain of the audit trail: each entry's hash covers the entry and the hash before it.

Whoever changes or removes an entry must make every hash after it anew, and then the last one, the head, is another than
the one that was noted elsewhere.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, text

from duetime.core.json_types import canonical
from duetime.store.tables import audit_entries
from duetime.store.types import to_micros

NO_ENTRY = bytes(32)
"""What the first entry has before it, and the head of an empty trail."""

_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(5308714426079101733)")
_ROWS_PER_READ = 1000


def entry_hash(entry: Any, *, previous: bytes) -> bytes:
    """Return the hash of an entry: SHA-256 of the hash before it and of all its fields.

    This is for good: entries that were hashed otherwise could not be verified any more.

    Args:
        entry: a row of the table, or anything with its fields; `before` and `after` are JSON text or None.
        previous: the hash of the entry before it.
    """
    fields = {
        "audit_id": entry.audit_id,
        "at": to_micros(entry.at),
        "actor": entry.actor,
        "verb": entry.verb,
        "subject": entry.subject,
        "reason": entry.reason,
        "before": entry.before,
        "after": entry.after,
    }
    return hashlib.sha256(previous + canonical(fields).encode()).digest()


@dataclass(frozen=True, slots=True)
class BrokenEntry:
    """The first entry that does not fit the ones before it.

    Attributes:
        audit_id: which; None when it is the end of the trail that is missing.
        problem: what is wrong, as a sentence.
    """

    audit_id: int | None
    problem: str


@dataclass(frozen=True, slots=True)
class ChainReport:
    """What came of verifying the trail.

    Attributes:
        entries: how many fit, from the first one on.
        head: the hash of the last of them, as hexadecimal digits; it is what should be noted elsewhere.
        broken: the first entry that does not fit, or None.
    """

    entries: int
    head: str
    broken: BrokenEntry | None


class AuditChain:
    """The trail as a chain, from its oldest entry to its newest."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hold_end(self) -> tuple[int, bytes]:
        """Return the id and the hash of the last entry, and let nobody else append until the transaction ends.

        On PostgreSQL the transaction should end at once: all others that append wait for it.
        """
        if self._connection.dialect.name != "sqlite":
            self._connection.execute(_ONE_AT_A_TIME)
        last = select(audit_entries.c.audit_id, audit_entries.c.entry_hash)
        row = self._connection.execute(last.order_by(audit_entries.c.audit_id.desc()).limit(1)).one_or_none()
        return (0, NO_ENTRY) if row is None else (row.audit_id, row.entry_hash or NO_ENTRY)

    def verify(self, *, head: str | None = None) -> ChainReport:
        """Follow the chain from its first entry to its last, holding few entries at a time.

        Args:
            head: a head that was noted earlier, as hexadecimal digits; it must be the hash of one of the entries.
        """
        previous, last_id, entries = NO_ENTRY, 0, 0
        found = head is None or bytes.fromhex(head) == previous
        for row in self._entries():
            problem = _problem(row, previous=previous, last_id=last_id)
            if problem is not None:
                return ChainReport(entries, previous.hex(), BrokenEntry(row.audit_id, problem))
            previous, last_id, entries = row.entry_hash, row.audit_id, entries + 1
            found = found or previous.hex() == head
        return ChainReport(entries, previous.hex(), None if found else BrokenEntry(None, _CUT_OFF))

    def _entries(self) -> Iterator[Row[Any]]:
        last_id = -1
        while True:
            statement = (
                select(audit_entries)
                .where(audit_entries.c.audit_id > last_id)
                .order_by(audit_entries.c.audit_id)
                .limit(_ROWS_PER_READ)
            )
            rows = self._connection.execute(statement).all()
            yield from rows
            if len(rows) < _ROWS_PER_READ:
                return
            last_id = rows[-1].audit_id


_CUT_OFF = "The noted head is the hash of no entry: entries were removed at the end, or the trail was written anew."


def _problem(row: Row[Any], *, previous: bytes, last_id: int) -> str | None:
    if row.entry_hash is None:
        return f"Entry {row.audit_id} has no hash: it was added by something else than duetime."
    if row.entry_hash == entry_hash(row, previous=previous):
        return None
    missing = row.audit_id - last_id - 1
    if missing == 0:
        return f"Entry {row.audit_id} was changed."
    gone = f"entry {last_id + 1} was" if missing == 1 else f"entries {last_id + 1} to {row.audit_id - 1} were"
    return f"Entry {row.audit_id} does not follow: {gone} removed, or it was changed."
