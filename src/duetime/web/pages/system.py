"""`/system`: who works here, how late events are, what the database and the clouds say."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from fastapi import APIRouter, Request
from starlette.responses import Response

from duetime.app.app import App
from duetime.app.checkup import MOST_DRIFT, Check, check_up
from duetime.core.access import Feature, Role
from duetime.core.budgets import Budget, BudgetKey
from duetime.core.statuses import EventStatus
from duetime.store.event_table import EventQuery
from duetime.store.schema import current
from duetime.store.session_table import WorkerSession
from duetime.store.store import Store, Transaction
from duetime.web.errors import Forbidden
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.accounts import AccountRow, account_rows
from duetime.web.pages.rendering import PageContext, render
from duetime.web.ports import CurrentApp
from duetime.web.visitor import Visitor
from duetime.web.waiting_types import WaitingType, waiting_for

router = APIRouter(include_in_schema=False)
_MOST_ENDED = 10
_MOST_HELD = 100


@dataclass(frozen=True, slots=True)
class WorkerRow:
    """A worker session.

    Attributes:
        status: `alive`, `silent` (it should beat and does not), `stopped` or `lost`.
        busy: how many events it holds; None = the visitor may not know.
        drift: how far the database's clock is ahead of the worker's.
    """

    session: WorkerSession
    status: str
    busy: int | None
    beat_age: timedelta
    drift: timedelta
    drifts: bool

    @classmethod
    def of(cls, session: WorkerSession, *, now: datetime, busy: int | None) -> Self:
        """Return a session's row."""
        silent = session.status == "alive" and not session.is_beating(now=now)
        drift = timedelta(milliseconds=session.clock_offset_ms)
        return cls(
            session=session,
            status="silent" if silent else session.status,
            busy=busy,
            beat_age=now - session.beat_at,
            drift=drift,
            drifts=abs(drift) > MOST_DRIFT,
        )


@dataclass(frozen=True, slots=True)
class Database:
    """Where everything is kept.

    Attributes:
        location: without a password.
        offset: how far its clock is ahead of this process's; None = they are the same clock.
    """

    backend: str
    location: str
    revision: str
    now: datetime
    offset: timedelta | None

    @classmethod
    def of(cls, store: Store, *, now: datetime) -> Self:
        """Look at a store."""
        return cls(
            backend="SQLite" if store.is_sqlite else "PostgreSQL",
            location=store.location,
            revision=current(store.engine) or "",
            now=now,
            offset=None if store.is_sqlite else store.clock_offset,
        )


@dataclass(frozen=True, slots=True)
class BudgetRow:
    """How fast one family of calls of one account may go at present.

    Attributes:
        blocked_for: how much longer nothing is sent; None = it may be.
    """

    key: BudgetKey
    budget: Budget
    blocked_for: timedelta | None

    @classmethod
    def of(cls, key: BudgetKey, budget: Budget, *, now: datetime) -> Self:
        """Return a budget's row."""
        until = budget.blocked_until
        return cls(key, budget, until - now if until is not None and until > now else None)


@dataclass(frozen=True, slots=True)
class Backlog:
    """What waits, as far as the visitor may see it.

    Attributes:
        late: how long the oldest event that is due has been due; None = none is.
        held: how many wait for a person's decision.
        more_held: whether there are more than were counted.
    """

    late: timedelta | None
    oldest_event_id: int | None
    held: int
    more_held: bool


@dataclass(frozen=True, slots=True)
class SystemPage(PageContext):
    """The state of the whole.

    Attributes:
        ended: worker sessions that have ended, the newest first.
        backlog: None = the visitor may not see events.
        accounts: those whose harvests fail, or that were never read, first.
        may_check: whether the visitor may have everything looked at: findings name what belongs to any account.
    """

    template = "system.html"
    workers: tuple[WorkerRow, ...]
    ended: tuple[WorkerRow, ...]
    slots: int
    database: Database
    backlog: Backlog | None
    waiting: tuple[WaitingType, ...]
    accounts: tuple[AccountRow, ...]
    budgets: tuple[BudgetRow, ...]
    may_check: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class CheckupPage(PageContext):
    """The findings of a checkup, which the page above fetches by itself, because they take a while."""

    template = "checkup.html"
    checks: tuple[Check, ...]
    now: datetime


@router.get("/system", dependencies=[needs(Feature.SYSTEM)])
def system_page(request: Request, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Show the state of the whole."""
    return render(request, _page(app, visitor))


@router.get("/system/checkup", dependencies=[needs(Feature.SYSTEM)])
def checkup_page(request: Request, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Look at everything that events need to run on time, as `duetime doctor` does."""
    if not visitor.reach(Feature.SYSTEM).is_everywhere:
        raise Forbidden(Feature.SYSTEM, Role.VIEWER, "in all accounts")
    found = check_up(app.store)
    return render(request, CheckupPage(found.checks, found.now))


def _page(app: App, visitor: Visitor) -> SystemPage:
    with app.store.read() as tx:
        everywhere = visitor.reach(Feature.SYSTEM).is_everywhere
        busy = tx.sessions.busy() if everywhere else {}
        alive = tx.sessions.alive()
        rows = tuple(
            WorkerRow.of(each, now=tx.now, busy=busy.get(each.session_id, 0) if everywhere else None) for each in alive
        )
        ended = (each for each in tx.sessions.latest() if each.status != "alive")
        return SystemPage(
            workers=rows,
            ended=tuple(WorkerRow.of(each, now=tx.now, busy=None) for each in ended)[:_MOST_ENDED],
            slots=sum(row.session.slots for row in rows if row.status == "alive"),
            database=Database.of(app.store, now=tx.now),
            backlog=_backlog(tx, visitor),
            waiting=waiting_for(tx, visitor),
            accounts=_accounts(tx, visitor),
            budgets=_budgets(tx, visitor),
            may_check=everywhere,
            now=tx.now,
        )


def _backlog(tx: Transaction, visitor: Visitor) -> Backlog | None:
    reach = visitor.reach(Feature.EVENTS)
    if reach.is_nowhere:
        return None
    due = tx.events.due_page(EventQuery(accounts=reach.accounts, ready_before=tx.now, most=1)).rows
    held = EventQuery(statuses=(EventStatus.HELD,), accounts=reach.accounts)
    counted = tx.events.count_up_to(held, most=_MOST_HELD)
    return Backlog(
        late=tx.now - due[0].ready_at if due else None,
        oldest_event_id=due[0].event_id if due else None,
        held=min(counted, _MOST_HELD),
        more_held=counted > _MOST_HELD,
    )


def _accounts(tx: Transaction, visitor: Visitor) -> tuple[AccountRow, ...]:
    rows = account_rows(tx, visitor.reach(Feature.ACCOUNTS))
    return tuple(sorted(rows, key=lambda row: (row.status == "valid", row.age is not None, -_seconds(row.age))))


def _seconds(age: timedelta | None) -> float:
    return 0.0 if age is None else age.total_seconds()


def _budgets(tx: Transaction, visitor: Visitor) -> tuple[BudgetRow, ...]:
    reach = visitor.reach(Feature.SYSTEM)
    rows = (
        BudgetRow.of(key, budget, now=tx.now)
        for key, budget in sorted(tx.budgets.all().items())
        if reach.covers(key.account)
    )
    return tuple(rows)
