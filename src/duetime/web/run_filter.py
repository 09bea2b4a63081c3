"""Which runs to list: the same parameters in the API and in the pages."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import Query

from duetime.core.access import Feature
from duetime.core.statuses import RunStatus
from duetime.store.run_table import RunQuery
from duetime.store.store import Transaction
from duetime.web.event_filter import (
    DEFAULT_LIMIT,
    AccountParameter,
    BotParameter,
    ResourceParameter,
    TypeParameter,
    accounts_of,
    bot_number,
)
from duetime.web.paging import Cursor, Limit, read_run_place
from duetime.web.parameters import NameText, Number, OrEmpty, ShortText, read_moment
from duetime.web.visitor import Visitor

_MOMENT = "An instant with a time zone, or a length of time back from now such as `24h`."

SinceParameter = Annotated[
    ShortText | None, OrEmpty, Query(description=f"Only runs that ended then or later. {_MOMENT}")
]
UntilParameter = Annotated[ShortText | None, OrEmpty, Query(description=f"Only runs that ended earlier. {_MOMENT}")]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWish:
    """Which runs, without pages: what lists and exports share."""

    event_type: TypeParameter = None
    status: Annotated[
        tuple[RunStatus, ...], OrEmpty, Query(description="Only runs that ended so; may be repeated.")
    ] = ()
    account: AccountParameter = None
    bot: BotParameter = None
    resource: ResourceParameter = None
    event: Annotated[Number | None, OrEmpty, Query(description="Only runs of this event, by its number.")] = None
    q: Annotated[
        NameText | None,
        OrEmpty,
        Query(description="Only runs with this in their resource id, type, reason or error."),
    ] = None
    since: SinceParameter = None
    until: UntilParameter = None

    def wanted(self, tx: Transaction, visitor: Visitor) -> RunQuery:
        """Return what to ask the store for: no more than the visitor may see.

        Raises:
            Invalid: an instant cannot be read.
            UnknownName: there is no such bot that the visitor may see.
        """
        reach = visitor.reach(Feature.HISTORY)
        return RunQuery(
            event_id=self.event,
            event_type=self.event_type,
            resource_id=self.resource,
            bot_id=bot_number(tx, visitor, self.bot),
            statuses=self.status,
            accounts=accounts_of(reach, self.account),
            text=self.q,
            finished_after=past_moment(tx, self.since, "since"),
            finished_before=past_moment(tx, self.until, "until"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter(RunWish):
    """A dependency of handlers: `filters: Annotated[RunFilter, Depends()]`."""

    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None

    def query(self, tx: Transaction, visitor: Visitor) -> RunQuery:
        """Return what to ask the store: no more than the visitor may see.

        Raises:
            Invalid: an instant or the cursor cannot be read.
            UnknownName: there is no such bot that the visitor may see.
        """
        return replace(self.wanted(tx, visitor), after=read_run_place(self.cursor), most=self.limit)


def past_moment(tx: Transaction, text: str | None, name: str) -> datetime | None:
    """Return the instant that `since` or `until` says, or None without one.

    Raises:
        Invalid: it cannot be read.
    """
    return None if text is None else read_moment(text, name=name, now=tx.now, forward=False)
