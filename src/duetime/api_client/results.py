"""What the API answers, typed as far as programs lean on it. Further fields are there as the API documents them."""

from typing import Any, TypedDict


class EventResult(TypedDict):
    """A scheduled event."""

    event_id: int
    event_type: str
    status: str
    status_reason: str
    resource_id: str | None
    account: str | None
    bot: str | None
    description: str
    args: dict[str, Any] | None
    schedule_in_words: str
    due_at: str
    recurring: bool


class RunResult(TypedDict):
    """One attempt at one due time of an event."""

    run_id: str
    event_id: int
    event_type: str
    status: str
    resource_id: str | None
    account: str | None
    started_at: str | None
    finished_at: str
    reason: str
    error: str


class BotResult(TypedDict):
    """A bot."""

    bot_id: int
    name: str
    status: str
    version: int
    definition: dict[str, Any]


class AppliedResult(TypedDict):
    """What a document did to a bot."""

    bot: BotResult
    is_new: bool
    is_changed: bool
    is_preview: bool
    pending: dict[str, int]


class BotRunResult(TypedDict):
    """A run of a bot."""

    event_id: int
    status: str
    watch: str
    outcome: str | None
    error: str | None


class ResourceResult(TypedDict):
    """A resource of the inventory."""

    resource_id: str
    name: str
    resource_type: str
    account: str
    region: str
    state: str
    tags: dict[str, str]


class BulkResult(TypedDict):
    """What became of each of several things."""

    done: int
    refused: int
    items: list[dict[str, Any]]
