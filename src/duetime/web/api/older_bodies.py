"""Events and runs as the older interface shows and asks for them."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from duetime.core.errors import Invalid, InvalidResourceId, nearest
from duetime.core.resources import ResourceId
from duetime.core.statuses import EventStatus, RunStatus
from duetime.web.parameters import PlainText

ACTIVE = (EventStatus.SCHEDULED, EventStatus.RUNNING)
"""The statuses that the older interface calls ACTIVE: what waits for its time, and what runs."""
INACTIVE = tuple(status for status in EventStatus if status not in ACTIVE)
_RUN_WORDS: Mapping[RunStatus, str] = {
    RunStatus.SUCCEEDED: "SUCCESS",
    RunStatus.FAILED: "ERROR",
    RunStatus.LOST: "ERROR",
    RunStatus.TIMED_OUT: "TIMEOUT",
    RunStatus.DENIED: "INVALID_PERMISSIONS",
}


class OlderFilter(BaseModel):
    """One condition; only equality is known."""

    model_config = ConfigDict(extra="forbid")
    field_name: Annotated[PlainText, Field(max_length=100)]
    filter_type: Literal["EXACT"] = "EXACT"
    filter_value: Annotated[PlainText, Field(max_length=2000)] | int


class _OlderQuery(BaseModel):
    model_config = ConfigDict(extra="forbid")
    filters: list[OlderFilter] = Field(default_factory=list, max_length=20)
    limit: int = Field(default=100, ge=1, le=1000)
    offset: int = Field(default=0, ge=0, le=2**31)

    def conditions(self, known: Sequence[str]) -> dict[str, str]:
        """Return the conditions by field.

        Raises:
            Invalid: a field is not known, or named twice.
        """
        found: dict[str, str] = {}
        for each in self.filters:
            if each.field_name not in known:
                near = nearest(each.field_name, known, most=1)
                hint = f" Did you mean {near[0]}?" if near else ""
                message = f"There is no field {each.field_name!r}.{hint} The fields are {', '.join(known)}."
                raise Invalid(message)
            if each.field_name in found:
                message = f"The field {each.field_name} is named twice; each may be asked for once."
                raise Invalid(message)
            found[each.field_name] = str(each.filter_value)
        return found


class OlderEventsIn(_OlderQuery):
    """Which scheduled events."""

    order_by: Literal["creation_time DESC"] = "creation_time DESC"


class OlderHistoryIn(_OlderQuery):
    """Which runs."""

    order_by: Literal["start_time DESC"] = "start_time DESC"


class OlderActionIn(BaseModel):
    """What is done to which events."""

    model_config = ConfigDict(extra="forbid")
    action: Literal["delete"]
    event_ids: list[int] = Field(min_length=1, max_length=1000)


class OlderEventOut(BaseModel):
    """A scheduled event."""

    event_id: int
    event_type: str
    description: str
    target_resource_id: str | None
    provider_id: str | None
    name: str | None
    resource_type: str | None
    account: str | None
    cloud: str | None
    bot_name: str | None
    scheduled_by: str
    creation_time: str = Field(examples=["05/15/2019 22:19:19"])
    schedule: str = Field(examples=["Once @ 2019-05-15 22:19:19"])
    next_scheduled_run: str | None
    event_state: Literal["ACTIVE", "INACTIVE"]
    last_run_status: str | None


class OlderEventsOut(BaseModel):
    """Scheduled events."""

    total: int = Field(description="How many fit; at most 10001, which stands for more than 10000.")
    events: list[OlderEventOut]


class OlderRunOut(BaseModel):
    """One run."""

    event_id: int
    bot_name: str | None
    resource_type: str | None
    name: str | None
    provider_id: str | None
    account: str | None
    last_run_status: str
    target_resource_id: str | None
    event_type: str
    start_time: str | None
    finish_time: str


class OlderHistoryOut(BaseModel):
    """Runs."""

    events: list[OlderRunOut]


class OlderRefusal(BaseModel):
    """An event to which nothing was done."""

    event_id: int
    status: int
    detail: str


class OlderActionOut(BaseModel):
    """What became of each event."""

    success: bool = Field(description="Whether it was done to all of them.")
    event_ids: list[int] = Field(description="Those to which it was done.")
    errors: list[OlderRefusal]


def older_time(moment: datetime | None) -> str | None:
    """Return an instant as `05/15/2019 22:19:19`, in UTC."""
    return None if moment is None else f"{moment.astimezone(UTC):%m/%d/%Y %H:%M:%S}"


def older_status(status: RunStatus) -> str:
    """Return how a run ended, as the older interface says it."""
    return _RUN_WORDS.get(status, status.value.upper())


def parts_of(resource_id: str | None) -> dict[str, Any]:
    """Return what the older interface shows of a resource from its id alone."""
    try:
        found = None if resource_id is None else ResourceId.from_string(resource_id)
    except InvalidResourceId:
        found = None
    return {
        "provider_id": None if found is None else found.provider_id,
        "resource_type": None if found is None else found.resource_type,
        "account": None if found is None else found.account,
    }


def bot_number(text: str) -> int | None:
    """Return the number in a bot's own id, such as 7 of `divvybot:1:7`; None when it is no such id."""
    kind, _, rest = text.partition(":1:")
    is_number = rest.isascii() and rest.isdigit() and len(rest) < 19
    return int(rest) if kind == "divvybot" and is_number else None
