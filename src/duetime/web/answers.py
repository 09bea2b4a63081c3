"""What the API's routes can answer, for their description."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from duetime.web.need import Need
from duetime.web.problems import MEDIA_TYPE

Responses = dict[int | str, dict[str, Any]]
REFERENCE = "#/components/schemas/Problem"


class ProblemFault(BaseModel):
    """One part of a request that does not fit."""

    where: str = Field(examples=["query.limit"])
    problem: str
    line: int | None = Field(default=None, description="In a document: the line, counted from 1.")
    column: int | None = Field(default=None, description="In a document: the column, counted from 1.")


class Problem(BaseModel):
    """Why a request was not done (RFC 9457)."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="What kind of problem it is, for programs.", examples=["urn:duetime:UnknownName"])
    title: str = Field(description="The phrase of the HTTP status.", examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(
        description="What is wrong and what to do, for people.",
        examples=["There is no event 17. List them to see the known ones."],
    )
    near: list[str] = Field(default_factory=list, description="Known names that look like the one that is not known.")
    faults: list[ProblemFault] = Field(default_factory=list, description="The parts of the request that do not fit.")


_MEANINGS: Mapping[int, str] = {
    400: "The body cannot be read.",
    401: "Nobody was let in: the API key or session is missing or not valid any more.",
    403: "The visitor's access groups do not grant this, or a session's token is missing.",
    404: "It does not exist, or lies outside of the visitor's accounts.",
    409: "The present state does not allow it, or the idempotency key was used before.",
    412: "It has changed since it was read.",
    413: "The request is too large.",
    422: "A parameter or the body does not fit; the detail says what to change.",
    429: "Too many attempts.",
    502: "Somebody else's service refused, or did not answer.",
    503: "The database, or something else that is needed, does not answer now. Try again.",
}


def answers(*statuses: int) -> Responses:
    """Return the documentation of problems, for a route's `responses`."""
    return {status: _problem(status) for status in statuses}


def not_modified() -> Responses:
    """Return the documentation of an answer to `If-None-Match`."""
    return {304: {"description": "It is still as the ETag says."}}


def answers_of(need: Need | None, *, writes: bool, has_path: bool) -> Responses:
    """Return the documentation of the problems that any route of this kind can answer with.

    Args:
        need: what it asks of visitors.
        writes: whether it changes something.
        has_path: whether its path names a thing.
    """
    statuses = [422, 503]
    if need is not None and not need.is_open:
        statuses += [401, 403]
    if writes:
        statuses += [400, 404, 409, 413]
    elif has_path:
        statuses += [404]
    return answers(*sorted(set(statuses)))


def _problem(status: int) -> dict[str, Any]:
    content = {MEDIA_TYPE: {"schema": {"$ref": REFERENCE}}}
    return {"description": f"{HTTPStatus(status).phrase}. {_MEANINGS[status]}", "content": content}
