"""Which entries a list of the audit trail shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import ColumnElement, or_

from duetime.store.tables import audit_entries

_TEXTS = ("actor", "verb", "subject", "reason", "before", "after")


class Entry(Protocol):
    """An entry as its row is written."""

    @property
    def audit_id(self) -> int: ...
    @property
    def at(self) -> datetime: ...
    @property
    def actor(self) -> str: ...
    @property
    def verb(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def before(self) -> str | None: ...
    @property
    def after(self) -> str | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which entries to list; an absent part means all.

    Attributes:
        verb: what was done, such as `event.cancel`.
        subject: what it was done to, such as `event:17`.
        text: a part of the actor, verb, subject, reason, or of what was before and after.
        since: only entries from this moment on.
        until: only entries before this moment.
        after_id: only entries with a smaller id: the last one of the page before.
    """

    actor: str | None = None
    verb: str | None = None
    subject: str | None = None
    text: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    after_id: int | None = None
    most: int = 100

    def bounds(self) -> list[ColumnElement[bool]]:
        """Return where the list begins, and what the index of subjects answers."""
        clauses: list[ColumnElement[bool]] = []
        if self.subject is not None:
            clauses.append(audit_entries.c.subject == self.subject)
        if self.after_id is not None:
            clauses.append(audit_entries.c.audit_id < self.after_id)
        return clauses

    def filters(self) -> list[ColumnElement[bool]]:
        """Return what is asked of each entry."""
        clauses: list[ColumnElement[bool]] = []
        if self.actor is not None:
            clauses.append(audit_entries.c.actor == self.actor)
        if self.verb is not None:
            clauses.append(audit_entries.c.verb == self.verb)
        if self.since is not None:
            clauses.append(audit_entries.c.at >= self.since)
        if self.until is not None:
            clauses.append(audit_entries.c.at < self.until)
        if self.text:
            clauses.append(or_(*(audit_entries.c[name].icontains(self.text, autoescape=True) for name in _TEXTS)))
        return clauses

    def matches(self, entry: Entry) -> bool:
        """Return whether the list shows an entry that is not written yet."""
        wanted = {"actor": self.actor, "verb": self.verb, "subject": self.subject}
        return (
            all(value is None or getattr(entry, name) == value for name, value in wanted.items())
            and (self.since is None or entry.at >= self.since)
            and (self.until is None or entry.at < self.until)
            and (self.after_id is None or entry.audit_id < self.after_id)
            and (not self.text or any(self.text.lower() in (getattr(entry, name) or "").lower() for name in _TEXTS))
        )
