"""`/api/v1/overview`: how things stand."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, Field

from duetime.core.access import Feature
from duetime.web.api_route import ApiRoute
from duetime.web.need import CurrentVisitor, needs
from duetime.web.overview_numbers import MOST_COUNTED, OverviewNumbers, overview_numbers
from duetime.web.ports import CurrentApp

router = APIRouter(prefix="/api/v1/overview", tags=["events"], route_class=ApiRoute)


class OverviewOut(BaseModel):
    """How things stand in the accounts that you reach. No count of events goes beyond 10,001, which means "more"."""

    now: datetime
    due: int = Field(description="Events that are due and wait for a worker.", le=MOST_COUNTED + 1)
    next_24_hours: int = Field(description="Events that come due.", le=MOST_COUNTED + 1)
    running: int = Field(le=MOST_COUNTED + 1)
    paused: int = Field(le=MOST_COUNTED + 1)
    held: int = Field(description="Events that wait for a person's decision.", le=MOST_COUNTED + 1)
    oldest_due_at: datetime | None = Field(description="Since when the oldest due event waits.")
    succeeded_24_hours: int | None = Field(description="Runs; null when you may not see history.")
    failed_24_hours: int | None = Field(description="Runs that failed, timed out or were lost.")
    start_delay_seconds: float | None = Field(
        description="How late first attempts started within 24 hours, on average."
    )

    @classmethod
    def of(cls, numbers: OverviewNumbers) -> "OverviewOut":
        delay = numbers.start_delay
        return cls(
            now=numbers.now,
            due=numbers.due,
            next_24_hours=numbers.next_day,
            running=numbers.running,
            paused=numbers.paused,
            held=numbers.held,
            oldest_due_at=numbers.oldest_due_at,
            succeeded_24_hours=numbers.succeeded_day,
            failed_24_hours=numbers.failed_day,
            start_delay_seconds=None if delay is None else delay.total_seconds(),
        )


@router.get("", dependencies=[needs(Feature.EVENTS)])
def get_overview(app: CurrentApp, visitor: CurrentVisitor) -> OverviewOut:
    """Get the numbers that say how things stand."""
    with app.store.read() as tx:
        return OverviewOut.of(overview_numbers(tx, visitor))
