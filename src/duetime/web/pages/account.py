"""`/accounts/{account}`: one cloud account, how far its harvests have come, and the verb that starts one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any, Self

from fastapi import APIRouter, Path, Request
from starlette.responses import RedirectResponse, Response

from duetime.core.access import Feature, Role
from duetime.core.events import Event
from duetime.core.harvests import HarvestPart
from duetime.web.account_steering import account_for, harvest_account, harvests_of
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.accounts import AccountRow
from duetime.web.pages.paths import account_path, with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.parameters import PlainText
from duetime.web.payloads import shown_mapping
from duetime.web.ports import CurrentApp

router = APIRouter(include_in_schema=False)
AccountName = Annotated[PlainText, Path(max_length=200)]


@dataclass(frozen=True, slots=True)
class PartRow:
    """One type in one region, as a harvest reads it.

    Attributes:
        age: how long ago a reading came to its end; None = none ever did.
        status: `read`, `reading` or `failed`.
    """

    part: HarvestPart
    age: timedelta | None
    status: str

    @classmethod
    def of(cls, part: HarvestPart, *, now: datetime) -> Self:
        """Return a part's row."""
        age = None if part.completed_at is None else now - part.completed_at
        status = "failed" if part.error else "reading" if part.is_open else "read"
        return cls(part, age, status)


@dataclass(frozen=True, slots=True)
class AccountPage(PageContext):
    """One account.

    Attributes:
        settings: what its provider is told, without secrets; None = the visitor may not see it.
        done: how many parts are not being read at the moment.
        seen: how many resources the last readings found.
        harvests: the events that harvest it, those that are due first at the beginning.
        is_harvesting: whether somebody asked for one that waits or runs: then the page looks again by itself.
        may_harvest: whether the visitor may start one.
        sees_events: whether the visitor may open those events' pages.
    """

    template = "account.html"
    row: AccountRow
    settings: Mapping[str, Any] | None
    parts: tuple[PartRow, ...]
    done: int
    seen: int
    harvests: tuple[Event, ...]
    is_harvesting: bool
    now: datetime
    may_harvest: bool
    sees_events: bool


@router.get("/accounts/{account}", dependencies=[needs(Feature.ACCOUNTS)])
def account_page(request: Request, account: AccountName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Show one account."""
    with app.store.read() as tx:
        known = account_for(tx, visitor, account)
        parts = sorted(tx.harvests.of_account(account).values(), key=lambda part: (not part.error, part.part))
        harvests = harvests_of(tx, account)
        rows = tuple(PartRow.of(part, now=tx.now) for part in parts)
        context = AccountPage(
            row=AccountRow.of(known, now=tx.now),
            settings=shown_mapping(known.settings, visitor=visitor, feature=Feature.ACCOUNTS, account=account),
            parts=rows,
            done=sum(row.status != "reading" for row in rows),
            seen=sum(part.seen for part in parts),
            harvests=harvests,
            is_harvesting=any(event.ready_at <= tx.now and not event.recurring for event in harvests),
            now=tx.now,
            may_harvest=visitor.reach(Feature.ACCOUNTS, Role.EDITOR).covers(account),
            sees_events=visitor.reach(Feature.EVENTS).is_everywhere,
        )
    return render(request, context)


@router.post("/accounts/{account}/harvest", dependencies=[needs(Feature.ACCOUNTS, Role.EDITOR)])
def harvest(account: AccountName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Let a worker harvest an account now."""
    harvest_account(app, visitor, account)
    return RedirectResponse(with_query(account_path(account), done="account-harvest"), status_code=303)
