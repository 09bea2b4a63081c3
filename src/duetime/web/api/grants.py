"""Grants as the API shows and takes them."""

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from duetime.core.access import Feature, Grants
from duetime.core.grant_documents import MOST_ACCOUNTS, MOST_GRANTS, read_grants, write_grants
from duetime.web.parameters import PlainText

_Account = Annotated[PlainText, Field(min_length=1, max_length=200)]


class GrantBody(BaseModel):
    """What is open."""

    model_config = ConfigDict(extra="forbid")

    feature: Annotated[Feature | Literal["*"], Field(description="Which part of duetime; `*` is every part.")]
    role: Annotated[
        Literal["viewer", "editor", "admin"], Field(description="How much of it; each role holds those before it.")
    ]
    accounts: Annotated[
        list[_Account] | Literal["*"],
        Field(max_length=MOST_ACCOUNTS, description="In which accounts; `*` is all, and what belongs to none."),
    ] = "*"
    payloads: Annotated[
        bool, Field(description="Whether arguments of events, results of runs and raw data of resources are shown.")
    ] = False


GrantList = Annotated[list[GrantBody], Field(max_length=MOST_GRANTS)]


def grants_in(bodies: Sequence[GrantBody]) -> Grants:
    """Return what bodies grant.

    Raises:
        Invalid: one of them makes no sense.
    """
    return read_grants(body.model_dump(mode="json") for body in bodies)


def bodies_of(grants: Grants) -> list[GrantBody]:
    """Return grants as the API shows them."""
    return [GrantBody.model_validate(document) for document in write_grants(grants)]
