"""`/audit`: who changed what, when and why."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from duetime.core.access import Feature
from duetime.store.audit_table import AuditEntry
from duetime.store.store import Transaction
from duetime.web.audit_filter import AuditFilter, require_whole_audit
from duetime.web.event_filter import DEFAULT_LIMIT
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages import paths
from duetime.web.pages.rendering import PageContext, render
from duetime.web.paging import write_number
from duetime.web.payloads import shown_mapping
from duetime.web.ports import CurrentApp
from duetime.web.visitor import Visitor

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One change.

    Attributes:
        path: the page of what was changed; None = it has none.
        before, after: without secrets; None = there is nothing, or the visitor may not see it.
        is_hidden: whether there is something that the visitor may not see.
    """

    entry: AuditEntry
    path: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class AuditPage(PageContext):
    """A page of the audit trail.

    Attributes:
        looked_back_to: how far the search has come when it stopped before the page was full.
    """

    template = "audit.html"
    rows: tuple[AuditRow, ...]
    filters: AuditFilter
    is_filtered: bool
    next_path: str | None
    first_path: str | None
    looked_back_to: datetime | None
    now: datetime


@router.get("/audit", dependencies=[needs(Feature.AUDIT)])
def audit_page(
    request: Request, app: CurrentApp, visitor: CurrentVisitor, filters: Annotated[AuditFilter, Depends()]
) -> Response:
    """List changes, the newest first."""
    require_whole_audit(visitor)
    with app.store.read() as tx:
        found = tx.audit.page(filters.query(tx))
        context = AuditPage(
            rows=audit_rows(tx, visitor, found.rows),
            filters=filters,
            is_filtered=replace(filters, cursor=None, limit=DEFAULT_LIMIT) != AuditFilter(),
            next_path=None if found.next is None else _path(filters, write_number(found.next)),
            first_path=_path(filters, None) if filters.cursor else None,
            looked_back_to=found.looked_back_to,
            now=tx.now,
        )
    return render(request, context)


def _path(filters: AuditFilter, cursor: str | None) -> str:
    return paths.with_query(
        "/audit",
        actor=filters.actor,
        verb=filters.verb,
        subject=filters.subject,
        q=filters.q,
        since=filters.since,
        until=filters.until,
        limit=None if filters.limit == DEFAULT_LIMIT else filters.limit,
        cursor=cursor,
    )


def audit_rows(
    tx: Transaction, visitor: Visitor, entries: tuple[AuditEntry, ...], *, feature: Feature = Feature.AUDIT
) -> tuple[AuditRow, ...]:
    """Return entries as lists show them.

    Args:
        tx: where.
        visitor: who looks.
        entries: which; the caller has seen that the visitor may see them.
        feature: whose payloads they hold.
    """
    names = _bot_names(tx, entries)
    return tuple(_row(entry, visitor=visitor, feature=feature, bots=names) for entry in entries)


def _row(entry: AuditEntry, *, visitor: Visitor, feature: Feature, bots: Mapping[str, str]) -> AuditRow:
    def shown(part: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        if part is None:
            return None
        return shown_mapping(part, visitor=visitor, feature=feature, account=None)

    before, after = shown(entry.before), shown(entry.after)
    is_hidden = (entry.before is not None and before is None) or (entry.after is not None and after is None)
    return AuditRow(entry, _subject_path(entry.subject, bots), before, after, is_hidden)


def _subject_path(subject: str, bots: Mapping[str, str]) -> str | None:
    """Return the page of an entry's subject, such as `event:17`."""
    kind, _, name = subject.partition(":")
    match kind:
        case "event" if name.isdecimal():
            return paths.event_path(int(name))
        case "bot" if name in bots:
            return paths.bot_path(bots[name])
        case "account" if name:
            return paths.account_path(name)
        case "plugin":
            return "/plugins"
        case _:
            return None


def _bot_names(tx: Transaction, entries: tuple[AuditEntry, ...]) -> Mapping[str, str]:
    """Return the names of the bots that entries are about, by the number in their subject."""
    subjects = (entry.subject.partition(":") for entry in entries)
    wanted = {int(number) for kind, _, number in subjects if kind == "bot" and number.isdecimal()}
    return {str(bot_id): bot.name for bot_id, bot in tx.bots.by_ids(wanted).items()}
