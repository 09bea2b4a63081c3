"""Errors as answers: problem+json (RFC 9457) for programs, a page for people."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from duetime.core.errors import Conflict, DuetimeError, Invalid, NotAllowed, NotFound, Unavailable
from duetime.engine.log import get_logger
from duetime.web.errors import (
    Forbidden,
    IdentityRefused,
    KeyInUse,
    LoginRefused,
    NeedsSession,
    NotSignedIn,
    PasswordMustChange,
    PreconditionFailed,
    TokenMissing,
    TooManyAttempts,
)

MEDIA_TYPE = "application/problem+json"
_STATUS: Sequence[tuple[type[DuetimeError], HTTPStatus]] = (
    (NotSignedIn, HTTPStatus.UNAUTHORIZED),
    (LoginRefused, HTTPStatus.UNAUTHORIZED),
    (IdentityRefused, HTTPStatus.FORBIDDEN),
    (NeedsSession, HTTPStatus.FORBIDDEN),
    (Forbidden, HTTPStatus.FORBIDDEN),
    (TokenMissing, HTTPStatus.FORBIDDEN),
    (PasswordMustChange, HTTPStatus.FORBIDDEN),
    (TooManyAttempts, HTTPStatus.TOO_MANY_REQUESTS),
    (PreconditionFailed, HTTPStatus.PRECONDITION_FAILED),
    (NotAllowed, HTTPStatus.FORBIDDEN),
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NotFound, HTTPStatus.NOT_FOUND),
    (Conflict, HTTPStatus.CONFLICT),
    (Unavailable, HTTPStatus.SERVICE_UNAVAILABLE),
)
"""The first family that fits counts."""
_RETRY_SECONDS = 5
_log = get_logger("duetime.web")


def status_of(error: DuetimeError) -> HTTPStatus:
    """Return the HTTP status of an error."""
    return next((status for kind, status in _STATUS if isinstance(error, kind)), HTTPStatus.INTERNAL_SERVER_ERROR)


def problem_of(error: DuetimeError) -> dict[str, Any]:
    """Return an error as a problem document; bulk verbs put it beside the item it belongs to."""
    return _body(
        status_of(error),
        kind=type(error).__name__,
        detail=str(error),
        near=list(getattr(error, "near", ())),
        faults=list(getattr(error, "faults", ())),
    )


def problem_of_fault() -> dict[str, Any]:
    """Return what is said of an error that nobody foresaw."""
    return _body(
        HTTPStatus.INTERNAL_SERVER_ERROR, kind="Fault", detail="This is a fault of duetime; its log says more."
    )


def add_problem_handlers(app: FastAPI) -> None:
    """Answer every error of an app as a problem; see `pages` for those that people see."""
    app.exception_handler(DuetimeError)(_known)
    app.exception_handler(RequestValidationError)(_unfit)
    app.exception_handler(HTTPException)(_http)
    app.exception_handler(Exception)(_unexpected)


def _known(_request: Request, error: DuetimeError) -> Response:
    return answer(problem_of(error), headers=headers_of(error))


def headers_of(error: DuetimeError) -> dict[str, str]:
    """Return the headers that belong to an error's answer."""
    if isinstance(error, NotSignedIn):
        return {"WWW-Authenticate": 'ApiKey realm="duetime"'}
    if isinstance(error, KeyInUse | TooManyAttempts):
        return {"Retry-After": str(error.seconds)}
    return {"Retry-After": str(_RETRY_SECONDS)} if isinstance(error, Unavailable) else {}


def _unfit(_request: Request, error: RequestValidationError) -> Response:
    faults = [
        {"where": ".".join(str(part) for part in each["loc"]), "problem": str(each["msg"])} for each in error.errors()
    ]
    detail = "; ".join(f"{fault['where']}: {fault['problem']}" for fault in faults[:5])
    return answer(_body(HTTPStatus.UNPROCESSABLE_ENTITY, kind="Invalid", detail=detail, faults=faults))


def _http(_request: Request, error: HTTPException) -> Response:
    status = HTTPStatus(error.status_code)
    return answer(_body(status, kind=status.phrase.replace(" ", ""), detail=error.detail), headers=error.headers)


def _unexpected(request: Request, error: Exception) -> Response:
    _log.error("web.fault", path=request.url.path, method=request.method, exc_info=error)
    return answer(problem_of_fault())


def _body(status: HTTPStatus, *, kind: str, detail: str, **more: Any) -> dict[str, Any]:
    facts = {name: value for name, value in more.items() if value}
    return {"type": f"urn:duetime:{kind}", "title": status.phrase, "status": int(status), "detail": detail, **facts}


def answer(problem: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem as a response."""
    return JSONResponse(problem, status_code=problem["status"], headers=headers, media_type=MEDIA_TYPE)
