"""Which entries of the audit trail to list, and for whom: the same in the API and in the pages."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from duetime.core.access import Feature, Role
from duetime.store.audit_query import AuditQuery
from duetime.store.store import Transaction
from duetime.web.errors import Forbidden
from duetime.web.event_filter import DEFAULT_LIMIT
from duetime.web.paging import Cursor, Limit, read_number
from duetime.web.parameters import NameText, OrEmpty, ShortText
from duetime.web.run_filter import past_moment
from duetime.web.visitor import Visitor

_MOMENT = "An instant with a time zone, or a length of time back from now such as `24h`."


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """A dependency of handlers: `filters: Annotated[AuditFilter, Depends()]`."""

    actor: Annotated[NameText | None, OrEmpty, Query(description="Only what this actor did.")] = None
    verb: Annotated[NameText | None, OrEmpty, Query(description="Only this verb, such as `event.cancel`.")] = None
    subject: Annotated[
        NameText | None, OrEmpty, Query(description="Only what was done to this, such as `event:17`.")
    ] = None
    q: Annotated[NameText | None, OrEmpty, Query(description="Only entries with this in them.")] = None
    since: Annotated[ShortText | None, OrEmpty, Query(description=f"Only changes made then or later. {_MOMENT}")] = None
    until: Annotated[ShortText | None, OrEmpty, Query(description=f"Only changes made earlier. {_MOMENT}")] = None
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


def require_whole_audit(visitor: Visitor) -> None:
    """Refuse a visitor who may see the audit trail in some accounts only: its entries are about any of them.

    Raises:
        Forbidden: the visitor may not see it in all accounts.
    """
    if not visitor.reach(Feature.AUDIT).is_everywhere:
        raise Forbidden(Feature.AUDIT, Role.VIEWER, "in all accounts, because entries are about any of them")
