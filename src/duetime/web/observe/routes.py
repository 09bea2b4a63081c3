"""`/metrics`, `/healthz` and `/readyz`."""

from typing import Literal

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import JSONResponse, Response

from duetime.web.need import open_to_all
from duetime.web.observe.scraping import ScrapeGate
from duetime.web.observe.watch import Watch

router = APIRouter(include_in_schema=False)


def _watch(request: Request) -> Watch:
    found: Watch = request.app.state.watch
    return found


@router.get("/metrics", dependencies=[Depends(ScrapeGate())])
def metrics(request: Request) -> Response:
    """Answer a scrape."""
    return Response(_watch(request).metrics(), media_type=CONTENT_TYPE_LATEST)


@router.get("/healthz", dependencies=[open_to_all()])
async def health() -> dict[Literal["status"], str]:
    """Say that this process answers; the database is not asked, because no restart would mend it."""
    return {"status": "ok"}


@router.get("/readyz", dependencies=[open_to_all()])
def readiness(request: Request) -> Response:
    """Say whether duetime does its work; to anybody, and so in one word."""
    reason = _watch(request).readiness().reason
    if reason is None:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "unready", "reason": reason.value}, status_code=503)
