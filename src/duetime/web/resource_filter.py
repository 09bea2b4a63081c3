"""Which resources to list: the same parameters in the API and in the pages."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Query

from duetime.core.access import Feature
from duetime.store.resource_query import ResourceQuery
from duetime.web.event_filter import DEFAULT_LIMIT, AccountParameter, accounts_of
from duetime.web.paging import Cursor, Limit, read_text
from duetime.web.parameters import NameText, OrEmpty
from duetime.web.visitor import Visitor


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceFilter:
    """A dependency of handlers: `filters: Annotated[ResourceFilter, Depends()]`."""

    account: AccountParameter = None
    region: Annotated[NameText | None, OrEmpty, Query(description="Only those of this region.")] = None
    resource_type: Annotated[NameText | None, OrEmpty, Query(alias="type", description="Only those of this type.")] = (
        None
    )
    state: Annotated[NameText | None, OrEmpty, Query(description="Only those in this state.")] = None
    q: Annotated[NameText | None, OrEmpty, Query(description="Only those with this in id, name or tags.")] = None
    gone: Annotated[bool, Query(description="List those that are gone, too.")] = False
    limit: Limit = DEFAULT_LIMIT
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
