"""`/api/v1/audit`: who changed what, when and why."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from duetime.core.access import Feature, Role
from duetime.store.audit_query import AuditQuery
from duetime.store.audit_table import AuditEntry
from duetime.store.store import Transaction
from duetime.web.api.page_body import PageOut
from duetime.web.api.paths import API
from duetime.web.api_route import ApiRoute
from duetime.web.errors import Forbidden
from duetime.web.need import CurrentVisitor, needs
from duetime.web.paging import Cursor, Limit, read_number, write_number
from duetime.web.parameters import NameText, OrEmpty
from duetime.web.payloads import shown_mapping
from duetime.web.ports import CurrentApp
from duetime.web.run_filter import SinceParameter, UntilParameter, past_moment
from duetime.web.visitor import Visitor

router = APIRouter(prefix=f"{API}/audit", tags=["audit"], route_class=ApiRoute)


class AuditEntryOut(BaseModel):
    """One change."""

    audit_id: int
    at: datetime
    actor: str = Field(examples=["api:alice/dt_a1b2"])
    verb: str = Field(examples=["event.cancel"])
    subject: str = Field(examples=["event:17"])
    reason: str
    before: dict[str, Any] | None = Field(description="Null when there was nothing, or you may not see payloads.")
    after: dict[str, Any] | None

    @classmethod
    def of(cls, entry: AuditEntry, visitor: Visitor) -> "AuditEntryOut":
        """Return an entry as this visitor sees it."""

        def shown(part: Any) -> dict[str, Any] | None:
            if part is None:
                return None
            return shown_mapping(part, visitor=visitor, feature=Feature.AUDIT, account=None)

        return cls(
            audit_id=entry.audit_id,
            at=entry.at,
            actor=entry.actor,
            verb=entry.verb,
            subject=entry.subject,
            reason=entry.reason,
            before=shown(entry.before),
            after=shown(entry.after),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Which entries to list."""

    actor: Annotated[NameText | None, OrEmpty, Query(description="Only what this actor did.")] = None
    verb: Annotated[NameText | None, OrEmpty, Query(description="Only this verb, such as `event.cancel`.")] = None
    subject: Annotated[
        NameText | None, OrEmpty, Query(description="Only what was done to this, such as `event:17`.")
    ] = None
    q: Annotated[NameText | None, OrEmpty, Query(description="Only entries with this in them.")] = None
    since: SinceParameter = None
    until: UntilParameter = None
    limit: Limit = 100
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


@router.get("", dependencies=[needs(Feature.AUDIT)])
def list_audit(
    app: CurrentApp, visitor: CurrentVisitor, filters: Annotated[AuditFilter, Depends()]
) -> PageOut[AuditEntryOut]:
    """List changes, the newest first. They are of all accounts, and so for visitors who reach all."""
    if not visitor.reach(Feature.AUDIT).is_everywhere:
        raise Forbidden(Feature.AUDIT, Role.VIEWER, "in all accounts: the audit trail is of all")
    with app.store.read() as tx:
        page = tx.audit.page(filters.query(tx))
    return PageOut(
        items=[AuditEntryOut.of(entry, visitor) for entry in page.rows],
        next=write_number(page.next),
        looked_back_to=page.looked_back_to,
    )
