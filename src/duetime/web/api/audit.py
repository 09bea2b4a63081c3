"""`/api/v1/audit`: who changed what, when and why."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from duetime.core.access import Feature
from duetime.store.audit_table import AuditEntry
from duetime.web.api.page_body import PageOut
from duetime.web.api.paths import API
from duetime.web.api_route import ApiRoute
from duetime.web.audit_filter import AuditFilter, require_whole_audit
from duetime.web.need import CurrentVisitor, needs
from duetime.web.paging import write_number
from duetime.web.payloads import shown_mapping
from duetime.web.ports import CurrentApp
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


@router.get("", dependencies=[needs(Feature.AUDIT)])
def list_audit(
    app: CurrentApp, visitor: CurrentVisitor, filters: Annotated[AuditFilter, Depends()]
) -> PageOut[AuditEntryOut]:
    """List changes, the newest first. They are of all accounts, and so for visitors who reach all."""
    require_whole_audit(visitor)
    with app.store.read() as tx:
        page = tx.audit.page(filters.query(tx))
    return PageOut(
        items=[AuditEntryOut.of(entry, visitor) for entry in page.rows],
        next=write_number(page.next),
        looked_back_to=page.looked_back_to,
    )
