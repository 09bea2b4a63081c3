"""The class of the API's routes: what holds for all of them."""

from collections.abc import Callable, Collection, Coroutine, Sequence
from typing import Any

from fastapi import Depends, Request, params
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from duetime.core.errors import DatabaseUnavailable, nearest
from duetime.web.answers import answers_of
from duetime.web.errors import UnknownParameter
from duetime.web.idempotency import WRITES, KeyClaim, Replay, claim_key
from duetime.web.need import Gate


class ApiRoute(APIRoute):
    """A route that refuses parameters it does not have, honours idempotency keys and says what it can answer.

    A router takes it by `APIRouter(route_class=ApiRoute)`. What a route's need, method and path make possible is
    documented by itself; for more, a route gives `responses=answers(412)`.
    """

    def __init__(
        self,
        path: str,
        endpoint: Callable[..., Any],
        *,
        dependencies: Sequence[params.Depends] | None = None,
        methods: Collection[str] | None = None,
        responses: dict[int | str, dict[str, Any]] | None = None,
        operation_id: str | None = None,
        **more: Any,
    ) -> None:
        known = _KnownParameters()
        writes = bool(WRITES & set(methods or ()))
        asked = [*(dependencies or ()), Depends(known), *([Depends(claim_key)] if writes else [])]
        gate = next((each.dependency for each in asked if isinstance(each.dependency, Gate)), None)
        usual = answers_of(gate.need if gate else None, writes=writes, has_path="{" in path)
        super().__init__(
            path,
            endpoint,
            dependencies=asked,
            methods=set(methods) if methods is not None else None,
            responses={**usual, **(responses or {})},
            operation_id=operation_id or endpoint.__name__,
            **more,
        )
        known.names = frozenset(_query_parameters(self.dependant))

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler, with what comes before and after it for a request that has an idempotency key."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            try:
                response = await inner(request)
            except Replay as replay:
                return replay.response
            except Exception:
                await run_in_threadpool(_give_up, request)
                raise
            await run_in_threadpool(_keep, request, response)
            return response

        return handle


class _KnownParameters:
    """The dependency that refuses a parameter of the address that the route does not have."""

    names: frozenset[str] = frozenset()

    def __call__(self, request: Request) -> None:
        for name in request.query_params:
            if name not in self.names:
                raise UnknownParameter(name[:100], near=nearest(name[:100], self.names))


def _query_parameters(dependant: Dependant) -> list[str]:
    own = [field.alias for field in dependant.query_params]
    return own + [name for each in dependant.dependencies for name in _query_parameters(each)]


def _keep(request: Request, response: Response) -> None:
    claim: KeyClaim | None = getattr(request.state, "key_claim", None)
    if claim is None or getattr(request.state, "answer_is_kept", False):
        return
    if response.status_code < 400:
        claim.keep(response, tells_secret=getattr(request.state, "tells_secret", False))
    else:
        claim.give_up()


def _give_up(request: Request) -> None:
    claim: KeyClaim | None = getattr(request.state, "key_claim", None)
    if claim is not None:
        try:
            claim.give_up()
        except DatabaseUnavailable:
            return  # the claim ends by itself, and the visitor hears of the first trouble
