"""`/api/v1/resources`: the inventory."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Depends, Path
from starlette.responses import Response

from duetime.core.access import Feature
from duetime.core.cloud import ResourceTypeFacts
from duetime.core.errors import DuetimeError
from duetime.web.answers import not_modified
from duetime.web.api.page_body import PageOut
from duetime.web.api.paths import API
from duetime.web.api.resource_bodies import ResourceOut, ResourceTypeOut, WholeResourceOut
from duetime.web.api_route import ApiRoute
from duetime.web.etags import IfNoneMatch, single
from duetime.web.need import CurrentVisitor, needs
from duetime.web.paging import write_text
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp
from duetime.web.reach import resource_for
from duetime.web.resource_filter import ResourceFilter

router = APIRouter(prefix=f"{API}/resources", tags=["resources"], route_class=ApiRoute)


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
