"""`/audit`: who changed what, when and why."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from duetime.core.access import Feature, Role
from duetime.store.audit_query import AuditQuery
from duetime.store.audit_table import AuditEntry
from duetime.store.store import Transaction
from duetime.web.errors import Forbidden
from duetime.web.event_filter import DEFAULT_LIMIT
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages import paths
from duetime.web.pages.rendering import PageContext, render
from duetime.web.paging import Cursor, Limit, read_number, write_number
from duetime.web.parameters import NameText, OrEmpty
from duetime.web.payloads import shown_mapping
from duetime.web.ports import CurrentApp
from duetime.web.run_filter import SinceParameter, UntilParameter, past_moment
from duetime.web.visitor import Visitor

router = APIRouter(include_in_schema=False)
_Word = Annotated[NameText | None, OrEmpty, Query()]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries are asked for."""

    actor: _Word = None
    verb: _Word = None
    subject: _Word = None
    q: _Word = None
    since: SinceParameter = None
    until: UntilParameter = None
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None

    def query(self, tx: Transaction) -> AuditQuery:
        """Return what to ask the store for.

        Raises:
            Invalid: an instant or the cursor cannot be read.
        """
        return AuditQuery(
            actor=self.actor,
            verb=self.verb,
            subject=self.subject,
            text=self.q,
            since=past_moment(tx, self.since, "since"),
            until=past_moment(tx, self.until, "until"),
            after_id=read_number(self.cursor),
            most=self.limit,
        )

    @property
    def is_set(self) -> bool:
        """Whether the list is narrowed down."""
        return any((self.actor, self.verb, self.subject, self.q, self.since, self.until))

    def path(self, cursor: str | None = None) -> str:
        """Return where the list with this filter is, from a cursor on."""
        return paths.with_query(
            "/audit",
            actor=self.actor,
            verb=self.verb,
            subject=self.subject,
            q=self.q,
            since=self.since,
            until=self.until,
            limit=None if self.limit == DEFAULT_LIMIT else self.limit,
            cursor=cursor,
        )


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
    next_path: str | None
    looked_back_to: datetime | None
    now: datetime


@router.get("/audit", dependencies=[needs(Feature.AUDIT)])
def audit_page(
    request: Request, app: CurrentApp, visitor: CurrentVisitor, filters: Annotated[AuditFilter, Depends()]
) -> Response:
    """List changes, the newest first."""
    require_all_of_it(visitor)
    with app.store.read() as tx:
        found = tx.audit.page(filters.query(tx))
        context = AuditPage(
            rows=audit_rows(tx, visitor, found.rows),
            filters=filters,
            next_path=None if found.next is None else filters.path(write_number(found.next)),
            looked_back_to=found.looked_back_to,
            now=tx.now,
        )
    return render(request, context)


def require_all_of_it(visitor: Visitor) -> None:
    """Refuse a visitor who may see the audit trail in some accounts only: its entries are about any of them.

    Raises:
        Forbidden: the visitor may not see it in all accounts.
    """
    if not visitor.reach(Feature.AUDIT).is_everywhere:
        raise Forbidden(Feature.AUDIT, Role.VIEWER, "in all accounts, because entries are about any of them")


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
    return AuditRow(entry, _path(entry.subject, bots), before, after, is_hidden)


def _path(subject: str, bots: Mapping[str, str]) -> str | None:
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
    if not any(entry.subject.startswith("bot:") for entry in entries):
        return {}
    return {str(bot.bot_id): bot.name for bot in tx.bots.all()}
