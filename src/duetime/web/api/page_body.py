"""Pages of lists, as the API shows them."""

from datetime import datetime
from typing import Generic, TypeVar

from pydantic import BaseModel, Field

Item = TypeVar("Item", bound=BaseModel)


class PageOut(BaseModel, Generic[Item]):
    """A page of a list. It may be short, or empty, although another one follows."""

    items: list[Item]
    next: str | None = Field(description="The `cursor` of the following page; null when this is the last one.")
    looked_back_to: datetime | None = Field(
        default=None,
        description="How far the search has come when it stopped early, because few rows fit the filter; "
        "the following page goes on from there.",
    )
