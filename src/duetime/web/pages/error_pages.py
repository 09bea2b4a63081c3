"""Errors as pages, for people: the same facts and the same status as the problem documents that programs get."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, ClassVar, cast

from fastapi import FastAPI, Request
from starlette.responses import RedirectResponse, Response

from duetime.web.errors import NotSignedIn, PasswordMustChange
from duetime.web.headers import SAFE_HEADERS
from duetime.web.pages import paths
from duetime.web.pages.rendering import PageContext, render

_FOR_PROGRAMS = ("/api/", "/v2/", "/metrics", "/healthz", "/readyz", "/static/")
_ABOUT_THE_ANSWER = ("retry-after", "www-authenticate", "allow")

Handler = Callable[[Request, Exception], Response]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorPage(PageContext):
    """What went wrong, and where to go from there.

    Attributes:
        title: the name of the status, such as `Not Found`.
        detail: what is wrong and what to do.
        near: what may have been meant.
    """

    template: ClassVar[str] = "error.html"

    status_code: int
    title: str
    detail: str
    near: tuple[str, ...]


def add_error_pages(app: FastAPI) -> None:
    """Answer errors with a page where a person asks for one; call it when the handlers for programs are there."""
    for kind, handler in list(app.exception_handlers.items()):
        app.exception_handlers[kind] = _for_people(cast(Handler, handler))


def wants_page(request: Request) -> bool:
    """Return whether a person looks at the answer: a browser asks for HTML, and not at a path for programs."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith(_FOR_PROGRAMS)


def _for_people(handler: Handler) -> Handler:
    def handle(request: Request, error: Exception) -> Response:
        if "hx-request" in request.headers and isinstance(error, NotSignedIn | PasswordMustChange):
            return _leave(request, error)
        if wants_page(request) and isinstance(error, NotSignedIn | PasswordMustChange):
            return RedirectResponse(_first(request, error), status_code=HTTPStatus.SEE_OTHER)
        answer = handler(request, error)
        return _safe(_page(request, answer) if wants_page(request) else answer)

    return handle


def _first(request: Request, error: Exception) -> str:
    """Return where a visitor must go before anything else."""
    if isinstance(error, PasswordMustChange):
        return "/me/password"
    path = request.url.path
    if request.method != "GET":
        return paths.with_query("/login")
    return paths.with_query("/login", next=paths.with_pairs(path, request.query_params.multi_items()))


def _leave(request: Request, error: Exception) -> Response:
    """Tell a part that refreshes itself to take the whole page to where the visitor must go first."""
    return Response(status_code=HTTPStatus.UNAUTHORIZED, headers={"HX-Redirect": _first(request, error)})


def _safe(answer: Response) -> Response:
    """Set the headers of every answer: that to a fault is sent from outside of the middleware that does."""
    for name, value in SAFE_HEADERS.items():
        answer.headers.setdefault(name, value)
    answer.headers.setdefault("Cache-Control", "no-store")
    return answer


def _page(request: Request, answer: Response) -> Response:
    problem: dict[str, Any] = json.loads(bytes(answer.body))
    context = ErrorPage(
        status_code=answer.status_code,
        title=problem["title"],
        detail=problem["detail"],
        near=tuple(problem.get("near", ())),
    )
    headers = {name: value for name, value in answer.headers.items() if name in _ABOUT_THE_ANSWER}
    return render(request, context, status=answer.status_code, headers=headers)
