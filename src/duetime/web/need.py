"""What a route asks of its visitor. Every route names its need; one that does not keeps the server from starting."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.routing import BaseRoute, Mount

from duetime.core.access import Feature, Role
from duetime.core.errors import Unavailable
from duetime.engine.log import get_logger
from duetime.web.errors import Forbidden, NotSignedIn, PasswordMustChange
from duetime.web.ports import WebPorts
from duetime.web.visitor import Visitor

_log = get_logger("duetime.web")


@dataclass(frozen=True, slots=True)
class Need:
    """A role of a feature; without a feature, any visitor who is let in.

    Attributes:
        is_open: whether nobody has to be let in at all.
        even_with_old_password: whether it is open to visitors who must change their password first.
    """

    feature: Feature | None = None
    role: Role = Role.VIEWER
    is_open: bool = False
    even_with_old_password: bool = False


class Gate:
    """The dependency that lets a visitor through, or does not."""

    def __init__(self, need: Need) -> None:
        self.need = need

    async def __call__(self, request: Request) -> Visitor | None:
        """Return the visitor.

        Raises:
            NotSignedIn: nobody was let in, and the need is not open.
            Forbidden: the visitor has not what is needed, in no account, or sent no token with a change.
            PasswordMustChange: another password must be chosen first.
        """
        ports: WebPorts = request.app.state.ports
        if self.need.is_open:
            return None
        visitor = await _authenticated(ports, request)
        if visitor is None:
            raise NotSignedIn
        await ports.require_token(request, visitor)
        if visitor.must_change and not self.need.even_with_old_password:
            raise PasswordMustChange
        if self.need.feature is not None and not visitor.may(self.need.feature, self.need.role):
            raise Forbidden(self.need.feature, self.need.role)
        request.state.visitor = visitor
        return visitor


async def _authenticated(ports: WebPorts, request: Request) -> Visitor | None:
    """Return who asks. What the database says when it does not answer is for the log: nobody has been let in yet."""
    try:
        return await run_in_threadpool(ports.authenticate, request)
    except Unavailable as error:
        _log.error("web.nobody_let_in", error=str(error))
        message = "Nobody can be let in now, because the database does not answer. Try again; the log says more."
        raise Unavailable(message) from error


def needs(feature: Feature, role: Role = Role.VIEWER) -> Any:
    """Return the dependency of a route that is for visitors with this role of a feature."""
    return Depends(Gate(Need(feature, role)))


def needs_login(*, even_with_old_password: bool = False) -> Any:
    """Return the dependency of a route that is for every visitor who was let in."""
    return Depends(Gate(Need(even_with_old_password=even_with_old_password)))


def open_to_all() -> Any:
    """Return the dependency of a route that is for everybody: the login page, health, static files."""
    return Depends(Gate(Need(is_open=True)))


def need_of(route: BaseRoute) -> Need | None:
    """Return what a route asks, or None when it does not say."""
    if not isinstance(route, APIRoute):
        return None
    return next((call.need for call in _calls(route.dependant) if isinstance(call, Gate)), None)


def every_route(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Yield every route, those of included routers too; whatever is neither is yielded as it is."""
    for route in routes:
        included = getattr(route, "original_router", None)
        if included is None:
            yield route
        else:
            yield from every_route(included.routes)


def require_needs(app: FastAPI, *, static: frozenset[str] = frozenset()) -> None:
    """Refuse an app with a route that does not say who it is for.

    Args:
        app: the app, complete.
        static: the paths of mounts that hold files for everybody.

    Raises:
        RuntimeError: there is such a route; all of them are named.
    """
    silent = [
        getattr(route, "path", str(route))
        for route in every_route(app.routes)
        if need_of(route) is None and not (isinstance(route, Mount) and route.path in static)
    ]
    if silent:
        message = f"These routes do not say who they are for: {', '.join(silent)}. Give each a dependency of web.need."
        raise RuntimeError(message)


def _calls(dependant: Dependant) -> Iterator[Callable[..., Any] | None]:
    yield dependant.call
    for each in dependant.dependencies:
        yield from _calls(each)


def _visitor(request: Request) -> Visitor:
    """Return the visitor that the route's gate let through."""
    found: Visitor | None = getattr(request.state, "visitor", None)
    if found is None:
        raise NotSignedIn
    return found


CurrentVisitor = Annotated[Visitor, Depends(_visitor)]
"""A parameter of handlers: who asks. The route's `needs(...)` must stand before it, in the route's `dependencies`."""
