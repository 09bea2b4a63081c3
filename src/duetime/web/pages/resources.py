"""`/resources`: the inventory, as the harvests found it."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from duetime.core.access import Feature
from duetime.core.resources import Resource
from duetime.store.resource_query import ResourceQuery
from duetime.store.store import Transaction
from duetime.web.event_filter import DEFAULT_LIMIT, accounts_of
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.paths import with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.paging import Cursor, Limit, read_text, write_text
from duetime.web.parameters import NameText, OrEmpty
from duetime.web.ports import CurrentApp
from duetime.web.visitor import Visitor

router = APIRouter(include_in_schema=False)
_Word = Annotated[NameText | None, OrEmpty, Query()]


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFilter:
    """Which resources are asked for; the parameters are those of the API."""

    resource_type: Annotated[NameText | None, OrEmpty, Query(alias="type")] = None
    account: _Word = None
    region: _Word = None
    state: _Word = None
    q: _Word = None
    gone: bool = False
    limit: Limit = DEFAULT_LIMIT
    cursor: Cursor = None

    def query(self, visitor: Visitor) -> ResourceQuery:
        """Return what to ask the store for: no more than the visitor may see.

        Raises:
            Invalid: the cursor cannot be read.
        """
        return ResourceQuery(
            accounts=accounts_of(visitor.reach(Feature.RESOURCES), self.account),
            region=self.region,
            resource_type=self.resource_type,
            state=self.state,
            text=self.q,
            gone=self.gone,
            after_id=read_text(self.cursor),
            most=self.limit,
        )

    @property
    def is_set(self) -> bool:
        """Whether the list is narrowed down."""
        return any((self.resource_type, self.account, self.region, self.state, self.q, self.gone))

    def path(self, cursor: str | None = None) -> str:
        """Return where the list with this filter is, from a cursor on."""
        return with_query(
            "/resources",
            type=self.resource_type,
            account=self.account,
            region=self.region,
            state=self.state,
            q=self.q,
            gone="true" if self.gone else None,
            limit=None if self.limit == DEFAULT_LIMIT else self.limit,
            cursor=cursor,
        )


@dataclass(frozen=True, slots=True)
class ResourcesPage(PageContext):
    """A page of the inventory.

    Attributes:
        more: whether the search stopped before the end of the list although the page is not full.
        accounts: ids to choose from.
        types: resource types to choose from.
    """

    template = "resources.html"
    rows: tuple[Resource, ...]
    filters: ResourceFilter
    next_path: str | None
    more: bool
    accounts: tuple[str, ...]
    types: tuple[str, ...]
    regions: tuple[str, ...]
    now: datetime
    groups: dict[str, frozenset[str]] = field(default_factory=dict)


@router.get("/resources", dependencies=[needs(Feature.RESOURCES)])
def resources_page(
    request: Request, app: CurrentApp, visitor: CurrentVisitor, filters: Annotated[ResourceFilter, Depends()]
) -> Response:
    """List the resources that exist, by id."""
    with app.store.read() as tx:
        found = tx.resources.page(filters.query(visitor))
        accounts, types, regions = _choices(tx, visitor)
        context = ResourcesPage(
            rows=found.rows,
            filters=filters,
            next_path=None if found.next is None else filters.path(write_text(found.next)),
            more=found.next is not None and len(found.rows) < filters.limit,
            accounts=accounts,
            types=types,
            regions=regions,
            now=tx.now,
            groups=dict(tx.groups.of([resource.resource_id for resource in found.rows])),
        )
    return render(request, context)


def _choices(tx: Transaction, visitor: Visitor) -> tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the accounts, types and regions that are offered: those of the parts that harvests have read."""
    reach = visitor.reach(Feature.RESOURCES)
    accounts = [account for account in tx.accounts.all() if reach.covers(account.account)]
    parts = [part for account in accounts[:_MOST_CHOICES] for part in tx.harvests.of_account(account.account)]
    return (
        tuple(account.account for account in accounts[:_MOST_CHOICES]),
        tuple(sorted({part.resource_type for part in parts})),
        tuple(sorted({part.region for part in parts})),
    )


_MOST_CHOICES = 20
"""From how many accounts the words to choose from are taken; whoever has more can type what is not offered."""
