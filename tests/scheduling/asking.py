"""What the tests of trackers ask for, and in whose name."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from duetime.core.events import Event
from duetime.scheduling.tracker import BotLike, ScheduledEventTracker

Events = Callable[..., list[Event]]
HOUR = timedelta(hours=1)
VM = "instance:10:us-east-1:i-1:"
on_both = pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])


@dataclass(frozen=True)
class Bot:
    """As much of a bot as a tracker reads."""

    bot_id: int = 1
    name: str = "nightly"
    owner: str | None = "divvyuser:7"


def ask(
    tracker: ScheduledEventTracker,
    when: Any,
    *,
    event_type: str = "test.job",
    resource: Any = VM,
    bot: BotLike | None = Bot(),
    **parts: Any,
) -> None:
    tracker.schedule_bot_event(bot=bot, resource=resource, event_type=event_type, schedule_data=when, **parts)


def run(deed: Callable[[ScheduledEventTracker], None]) -> ScheduledEventTracker:
    with ScheduledEventTracker() as tracker:
        deed(tracker)
    return tracker
