"""`/resources`: the inventory, as the harvests found it."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from duetime.core.access import Feature
from duetime.core.resources import Resource
from duetime.store.store import Transaction
from duetime.web.event_filter import DEFAULT_LIMIT
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.paths import with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.paging import write_text
from duetime.web.ports import CurrentApp
from duetime.web.resource_filter import ResourceFilter
from duetime.web.visitor import Visitor

router = APIRouter(include_in_schema=False)


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
    is_filtered: bool
    next_path: str | None
    first_path: str | None
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
            is_filtered=replace(filters, cursor=None, limit=DEFAULT_LIMIT) != ResourceFilter(),
            next_path=None if found.next is None else _path(filters, write_text(found.next)),
            first_path=_path(filters, None) if filters.cursor else None,
            more=found.next is not None and len(found.rows) < filters.limit,
            accounts=accounts,
            types=types,
            regions=regions,
            now=tx.now,
            groups=dict(tx.groups.of([resource.resource_id for resource in found.rows])),
        )
    return render(request, context)


def _path(filters: ResourceFilter, cursor: str | None) -> str:
    return with_query(
        "/resources",
        type=filters.resource_type,
        account=filters.account,
        region=filters.region,
        state=filters.state,
        q=filters.q,
        gone="true" if filters.gone else None,
        limit=None if filters.limit == DEFAULT_LIMIT else filters.limit,
        cursor=cursor,
    )


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
