"""`/api/v1/destinations`: where messages go, by name."""

from fastapi import APIRouter
from pydantic import BaseModel, Field

from duetime.core.access import Feature
from duetime.web.api.paths import API
from duetime.web.api_route import ApiRoute
from duetime.web.need import needs
from duetime.web.ports import CurrentApp

router = APIRouter(prefix=f"{API}/destinations", tags=["bots"], route_class=ApiRoute)


class DestinationOut(BaseModel):
    """A destination; its address is never shown."""

    name: str
    kind: str = Field(description="`notices` for people, `webhook` for programs.")


@router.get("", dependencies=[needs(Feature.BOTS)])
def list_destinations(app: CurrentApp) -> list[DestinationOut]:
    """List the destinations that the settings of the web server name, for messages of bots."""
    known = app.client.destinations
    return [DestinationOut(name=each.name, kind=each.kind) for each in (known.all if known else ())]
