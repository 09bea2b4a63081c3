"""`/api/v1/resources`: the inventory."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from duetime.core.access import Feature
from duetime.core.cloud import ResourceTypeFacts
from duetime.core.errors import DuetimeError
from duetime.store.resource_query import ResourceQuery
from duetime.web.answers import not_modified
from duetime.web.api.page_body import PageOut
from duetime.web.api.paths import API
from duetime.web.api.resource_bodies import ResourceOut, ResourceTypeOut, WholeResourceOut
from duetime.web.api_route import ApiRoute
from duetime.web.etags import IfNoneMatch, single
from duetime.web.event_filter import AccountParameter, accounts_of
from duetime.web.need import CurrentVisitor, needs
from duetime.web.paging import Cursor, Limit, read_text, write_text
from duetime.web.parameters import NameText, OrEmpty, PlainText
from duetime.web.ports import CurrentApp
from duetime.web.reach import resource_for
from duetime.web.visitor import Visitor

router = APIRouter(prefix=f"{API}/resources", tags=["resources"], route_class=ApiRoute)


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFilter:
    """Which resources to list."""

    account: AccountParameter = None
    region: Annotated[NameText | None, OrEmpty, Query(description="Only those of this region.")] = None
    resource_type: Annotated[NameText | None, OrEmpty, Query(alias="type", description="Only those of this type.")] = (
        None
    )
    state: Annotated[NameText | None, OrEmpty, Query(description="Only those in this state.")] = None
    q: Annotated[NameText | None, OrEmpty, Query(description="Only those with this in id, name or tags.")] = None
    gone: Annotated[bool, Query(description="List those that are gone, too.")] = False
    limit: Limit = 100
    cursor: Cursor = None

    def query(self, visitor: Visitor) -> ResourceQuery:
        """Return what to ask the store for: no more than the visitor may see.

        Raises:
            InvalidCursor: the cursor is none.
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


@router.get("", dependencies=[needs(Feature.RESOURCES)])
def list_resources(
    app: CurrentApp, visitor: CurrentVisitor, filters: Annotated[ResourceFilter, Depends()]
) -> PageOut[ResourceOut]:
    """List resources by id."""
    with app.store.read() as tx:
        page = tx.resources.page(filters.query(visitor))
    return PageOut(
        items=[ResourceOut.of(each) for each in page.rows],
        next=write_text(page.next),
        looked_back_to=page.looked_back_to,
    )


@router.get(
    "/{resource_id:path}",
    dependencies=[needs(Feature.RESOURCES)],
    response_model=WholeResourceOut,
    responses=not_modified(),
)
def get_resource(
    resource_id: Annotated[PlainText, Path(max_length=2000, description="The whole id, with its trailing colon.")],
    app: CurrentApp,
    visitor: CurrentVisitor,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Get a resource with all that is known of it."""
    with app.store.read() as tx:
        resource = resource_for(tx, visitor, resource_id)
        groups = tx.groups.of([resource_id]).get(resource_id, frozenset())
    named = quote(resource_id, safe="")
    body = WholeResourceOut.whole(
        resource,
        groups=groups,
        visitor=visitor,
        planned=f"{API}/events?resource={named}",
        history=f"{API}/runs?resource={named}",
    )
    return single(body, if_none_match=if_none_match)


types = APIRouter(prefix=f"{API}/resource-types", tags=["resources"], route_class=ApiRoute)


@types.get("", dependencies=[needs(Feature.RESOURCES)])
def list_resource_types(app: CurrentApp, visitor: CurrentVisitor) -> list[ResourceTypeOut]:
    """List the types of resources that the clouds of your accounts know, and what can be done to each."""
    reach = visitor.reach(Feature.RESOURCES)
    with app.store.read() as tx:
        accounts = [account for account in tx.accounts.all() if reach.covers(account.account)]
    found: dict[str, ResourceTypeFacts] = {}
    for account in accounts:
        try:
            found |= app.clouds.resource_types(account=account.account)
        except DuetimeError:  # an account of a provider that is not installed here brings no types
            continue
    return [
        ResourceTypeOut(
            resource_type=name,
            title=facts.title,
            service=facts.service,
            regional=facts.regional,
            operations=sorted(facts.operations),
        )
        for name, facts in sorted(found.items())
    ]
