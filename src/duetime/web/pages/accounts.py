"""`/accounts`: the clouds that are read, and how their harvests go."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from duetime.core.access import Feature, Reach
from duetime.core.resources import Account, AccountStatus
from duetime.store.page import Page
from duetime.store.store import Transaction
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.rendering import PageContext, render
from duetime.web.paging import Cursor, read_text, write_text
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp
from duetime.web.short_lists import page_by_name

router = APIRouter(include_in_schema=False)
_PER_PAGE = 100


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as lists show it.

    Attributes:
        age: how long ago a harvest last came to its end; None = never.
    """

    account: Account
    age: timedelta | None

    @classmethod
    def of(cls, account: Account, *, now: datetime) -> Self:
        """Return an account's row."""
        return cls(account, None if account.harvested_at is None else now - account.harvested_at)

    @property
    def status(self) -> str:
        """Whether its credentials serve, and whether its harvests come to their end."""
        if self.account.status is AccountStatus.INVALID:
            return "invalid"
        return "failing" if self.account.failures else "valid"

    @property
    def trouble(self) -> str:
        """What goes wrong with it; empty when nothing does."""
        if not self.account.failures:
            return ""
        times = "once" if self.account.failures == 1 else f"{self.account.failures} times in a row"
        return f"failed {times}: {self.account.last_error}"


@dataclass(frozen=True, slots=True)
class AccountsPage(PageContext):
    """The accounts."""

    template = "accounts.html"
    rows: tuple[AccountRow, ...]
    next: str | None
    text: str
    now: datetime


def account_rows(tx: Transaction, reach: Reach) -> list[AccountRow]:
    """Return the accounts that somebody reaches, by id."""
    return [AccountRow.of(account, now=tx.now) for account in tx.accounts.all() if reach.covers(account.account)]


@router.get("/accounts", dependencies=[needs(Feature.ACCOUNTS)])
def accounts_page(
    request: Request,
    app: CurrentApp,
    visitor: CurrentVisitor,
    q: Annotated[PlainText, Query(max_length=200)] = "",
    cursor: Cursor = None,
) -> Response:
    """List the accounts."""
    with app.store.read() as tx:
        rows = [row for row in account_rows(tx, visitor.reach(Feature.ACCOUNTS)) if _has(row.account, q)]
        now = tx.now
    page: Page[AccountRow, str] = page_by_name(
        rows, name=lambda row: row.account.account, after=read_text(cursor), most=_PER_PAGE
    )
    return render(request, AccountsPage(page.rows, write_text(page.next), q, now))


def _has(account: Account, text: str) -> bool:
    """Return whether a text stands in an account's id, name or badges."""
    badges = (f"{key}:{value}" for key, value in account.badges.items())
    return any(text.lower() in part.lower() for part in (account.account, account.name, *badges))
