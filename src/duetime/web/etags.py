"""ETags: whether somebody who changes a thing has seen it as it is now."""

from hashlib import blake2b
from typing import Annotated

from fastapi import Header
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from duetime.web.errors import PreconditionFailed

_HEADER = r"^[\x20-\x7e]*$"

IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        max_length=2000,
        pattern=_HEADER,
        description="The ETag of what you have read. When it has changed since, nothing is done and the answer is 412.",
    ),
]
IfNoneMatch = Annotated[
    str | None,
    Header(
        alias="If-None-Match",
        max_length=2000,
        pattern=_HEADER,
        description="The ETag of what you have. When it is still so, the answer is 304 without a body.",
    ),
]


def etag_of(body: BaseModel) -> str:
    """Return the ETag of a thing as one visitor sees it: two visitors who see different parts have different ones."""
    return f'"{blake2b(body.model_dump_json(by_alias=True).encode(), digest_size=16).hexdigest()}"'


def single(body: BaseModel, *, if_none_match: str | None = None, status: int = 200) -> Response:
    """Return one thing with its ETag, or 304 when the visitor has it as it is."""
    etag = etag_of(body)
    if if_none_match is not None and _names(if_none_match, etag):
        return Response(status_code=304, headers={"ETag": etag})
    return JSONResponse(body.model_dump(mode="json", by_alias=True), status_code=status, headers={"ETag": etag})


def require_match(if_match: str | None, body: BaseModel, *, what: str) -> None:
    """Refuse a change of something that the visitor has not seen as it is now.

    Args:
        if_match: the header; None = the visitor does not ask for this.
        body: the thing as it is now, read in the transaction of the change.
        what: what the error calls it, such as `Event 17`.

    Raises:
        PreconditionFailed: it has changed.
    """
    if if_match is not None and not _names(if_match, etag_of(body), weak=False):
        raise PreconditionFailed(what)


def _names(header: str, etag: str, *, weak: bool = True) -> bool:
    """Return whether a header of ETags names this one. A weak one counts for reading alone (RFC 9110, 13.1)."""
    given = {each.strip() for each in header.split(",")}
    return "*" in given or etag in given or (weak and f"W/{etag}" in given)
