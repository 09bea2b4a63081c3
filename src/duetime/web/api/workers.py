"""`/api/v1/workers`."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from duetime.core.access import Feature
from duetime.core.errors import UnknownName
from duetime.store.session_table import WorkerSession
from duetime.web.api_route import ApiRoute
from duetime.web.need import needs
from duetime.web.parameters import LARGEST_ID
from duetime.web.ports import CurrentApp

router = APIRouter(prefix="/api/v1/workers", tags=["workers"], route_class=ApiRoute)


class WorkerOut(BaseModel):
    """A worker session, from the start of a worker to its end."""

    session_id: int
    worker: Annotated[str, Field(description="Host, process and start of the worker.")]
    status: Annotated[str, Field(description="`alive`, `stopped` or `lost`.")]
    beats: Annotated[bool, Field(description="Whether it has been heard of within its lease.")]
    slots: int
    lease_seconds: int
    started_at: datetime
    beat_at: datetime
    ended_at: datetime | None
    clock_offset_ms: int
    event_types: list[str]

    @classmethod
    def of(cls, session: WorkerSession, *, now: datetime) -> "WorkerOut":
        """Return a session as the API shows it."""
        return cls(
            session_id=session.session_id,
            worker=session.worker,
            status=session.status,
            beats=session.is_beating(now=now),
            slots=session.slots,
            lease_seconds=session.lease_seconds,
            started_at=session.started_at,
            beat_at=session.beat_at,
            ended_at=session.ended_at,
            clock_offset_ms=session.clock_offset_ms,
            event_types=list(session.event_types),
        )


@router.get("", dependencies=[needs(Feature.SYSTEM)])
def list_workers(app: CurrentApp) -> list[WorkerOut]:
    """List the last worker sessions, the newest first."""
    with app.store.read() as tx:
        return [WorkerOut.of(session, now=tx.now) for session in tx.sessions.latest()]


@router.get("/{session_id}", dependencies=[needs(Feature.SYSTEM)])
def get_worker(
    session_id: Annotated[int, Path(ge=1, le=LARGEST_ID, description="The session's number.")], app: CurrentApp
) -> WorkerOut:
    """Get one of the last worker sessions."""
    with app.store.read() as tx:
        found = next((each for each in tx.sessions.latest(most=500) if each.session_id == session_id), None)
        if found is None:
            raise UnknownName("worker session", session_id)
        return WorkerOut.of(found, now=tx.now)
