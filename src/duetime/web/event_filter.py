"""Which events to list: the same parameters in the API and in the pages."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import Query

from duetime.core.access import Feature, Reach
from duetime.core.errors import UnknownName
from duetime.core.statuses import EventStatus
from duetime.store.event_table import EventQuery
from duetime.store.store import Transaction
from duetime.web.paging import Cursor, Limit, read_number
from duetime.web.parameters import LongText, NameText, OrEmpty, ShortText, read_moment
from duetime.web.reach import reaches_bot
from duetime.web.visitor import Visitor

DEFAULT_LIMIT = 50
_MOMENT = "An instant with a time zone, or a length of time from now such as `24h`."

TypeParameter = Annotated[NameText | None, OrEmpty, Query(alias="type", description="Only those of this event type.")]
AccountParameter = Annotated[NameText | None, OrEmpty, Query(description="Only those for resources of this account.")]
BotParameter = Annotated[NameText | None, OrEmpty, Query(description="Only those of this bot, by name.")]
ResourceParameter = Annotated[
    LongText | None, OrEmpty, Query(description="Only those for this resource, by its whole id.")
]

TextParameter = Annotated[
    NameText | None,
    OrEmpty,
    Query(description="Only events with this in their description, resource id or type."),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFilter:
    """A dependency of handlers: `filters: Annotated[EventFilter, Depends()]`."""

    event_type: TypeParameter = None
    status: Annotated[
        tuple[EventStatus, ...], OrEmpty, Query(description="Only events that stand so; may be repeated.")
    ] = ()
    account: AccountParameter = None
    bot: BotParameter = None
    resource: ResourceParameter = None
    q: TextParameter = None
    due_after: Annotated[ShortText | None, OrEmpty, Query(description=f"Only events due then or later. {_MOMENT}")] = (
        None
    )
    due_before: Annotated[
        ShortText | None, OrEmpty, Query(description=f"Only events due then or earlier. {_MOMENT}")
    ] = None
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None

    def query(self, tx: Transaction, visitor: Visitor) -> EventQuery:
        """Return what to ask the store: no more than the visitor may see.

        Raises:
            Invalid: an instant or the cursor cannot be read.
            UnknownName: there is no such bot that the visitor may see.
        """
        reach = visitor.reach(Feature.EVENTS)
        return EventQuery(
            statuses=self.status,
            event_type=self.event_type,
            resource_id=self.resource,
            bot_id=bot_number(tx, visitor, self.bot),
            accounts=accounts_of(reach, self.account),
            text=self.q,
            due_after=_future(tx, self.due_after, "due_after"),
            due_before=_future(tx, self.due_before, "due_before"),
            after_id=read_number(self.cursor),
            most=self.limit,
        )


def accounts_of(reach: Reach, account: str | None) -> frozenset[str] | None:
    """Return the accounts to look in: the one that is asked for, as far as it is reached; None = all."""
    if account is None:
        return reach.accounts
    return frozenset({account}) if reach.covers(account) else frozenset()


def bot_number(tx: Transaction, visitor: Visitor, name: str | None) -> int | None:
    """Return the number of a bot that is asked for by name.

    Raises:
        UnknownName: there is none of this name that the visitor may see.
    """
    if name is None:
        return None
    bot = tx.bots.find(name)
    if bot is None or not reaches_bot(visitor.reach(Feature.BOTS), bot):
        raise UnknownName("bot", name)
    return bot.bot_id


def _future(tx: Transaction, text: str | None, name: str) -> datetime | None:
    return None if text is None else read_moment(text, name=name, now=tx.now, forward=True)
