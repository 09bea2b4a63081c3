"""Actions that schedule events for what a bot finds, and take them back for what it no longer finds."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, time
from typing import Any

from duetime.bots.registration import BotFactoryRegistryWrapper
from duetime.bots.setting_fields import DurationField, MomentField, ObjectField, ScheduleField
from duetime.core.bots import Bot
from duetime.core.errors import InvalidResourceId, InvalidSchedule, InvalidSetting
from duetime.core.events import OnExisting
from duetime.core.fields import BooleanField, FieldOptions, SelectionChoice, SelectionField, StringField, TextField
from duetime.core.resources import Resource
from duetime.core.schedules import Schedule
from duetime.schedule import Daily, Once
from duetime.scheduling.current import current_client
from duetime.scheduling.tracker import ScheduledEventTracker

_log = logging.getLogger(__name__)

registry = BotFactoryRegistryWrapper()

_WHEN = ("after", "at", "schedule")


def check_time(settings: Mapping[str, Any]) -> None:
    """Refuse settings that say no time, or more than one, or a zone that nothing uses."""
    told = [name for name in _WHEN if name in settings]
    if not told:
        raise InvalidSetting("after", f"one of {', '.join(_WHEN)} must say when the event is due")
    if len(told) > 1:
        raise InvalidSetting(told[1], f"cannot be given together with {told[0]}")
    if isinstance(settings.get("at"), time):
        _daily(settings)
    elif "timezone" in settings:
        raise InvalidSetting("timezone", "is for `at` with a time of day such as 19:00 alone")


@registry.action(
    uid="duetime.action.schedule_event",
    name="Schedule an event",
    description="Schedules an event of any type for every resource that matches.",
    bulk_action=True,
    check=check_time,
    settings_config=[
        StringField(
            name="event_type",
            display_name="Event type",
            description="What is to be done, such as divvy.stop_resource.",
            options=FieldOptions.REQUIRED,
        ),
        DurationField(name="after", display_name="After", description="How long after the bot run: 10s, 12h, 3d."),
        MomentField(name="at", display_name="At", description="An instant, or a time of day: the next such time."),
        StringField(name="timezone", display_name="Time zone", description="Whose clocks `at` means; default UTC."),
        ScheduleField(name="schedule", display_name="Schedule", description="A schedule, for an event that recurs."),
        ObjectField(name="args", display_name="Arguments", description="What the event type's job is given."),
        TextField(name="description", display_name="Description", description="What for, in words."),
        SelectionField(
            name="on_existing",
            display_name="If there is one already",
            description="What becomes of a live event that this action scheduled for the resource before.",
            choices=[SelectionChoice(choice.value, choice.value) for choice in OnExisting],
            default=OnExisting.KEEP.value,
        ),
        BooleanField(
            name="recheck",
            display_name="Ask again",
            description="Whether the bot's filters are asked again before the event starts; default: the type's rule.",
        ),
        DurationField(
            name="expires_after", display_name="Expires after", description="How late it may start; no later."
        ),
    ],
)
def schedule_event(
    bot: Bot, settings: Mapping[str, Any], matches: Sequence[Resource], non_matches: Sequence[Resource]
) -> None:
    """Schedule one event for each matching resource, all of them for the same time."""
    del non_matches
    schedule = due(settings, now=current_client("duetime.action.schedule_event").now())
    with ScheduledEventTracker() as context:
        for resource in matches:
            try:
                context.schedule_bot_event(
                    bot=bot,
                    resource=resource,
                    description=settings.get("description", ""),
                    event_type=settings["event_type"],
                    schedule_data=schedule,
                    action_data=settings.get("args"),
                    on_existing=settings["on_existing"],
                    recheck=settings.get("recheck"),
                    expires_after=settings.get("expires_after"),
                )
            except InvalidResourceId as error:  # one odd id must not keep the others from being scheduled
                _log.warning("bot %s leaves a resource out: %s", bot.name, error)


def due(settings: Mapping[str, Any], *, now: datetime) -> Schedule:
    """Return when the event is due, as the validated settings say it."""
    if "after" in settings:
        return Once(when=now + settings["after"])
    if "schedule" in settings:
        schedule: Schedule = settings["schedule"]
        return schedule
    if isinstance(settings["at"], datetime):
        return Once(when=settings["at"])
    following = _daily(settings).next_after(now)
    if following is None:
        raise InvalidSchedule("There is no such time any more")
    return Once(when=following)


def _daily(settings: Mapping[str, Any]) -> Daily:
    try:
        return Daily(settings["at"], timezone=settings.get("timezone", "UTC"))
    except InvalidSchedule as error:
        raise InvalidSetting("timezone", error.problem) from error


@registry.action(
    uid="duetime.action.unschedule_events",
    name="Unschedule events",
    description="Cancels this bot's pending events for every resource in its scope that no longer matches.",
    bulk_action=True,
    accepts_complement=True,
    settings_config=[
        StringField(name="event_type", display_name="Event type", description="Only events of this type."),
        TextField(name="reason", display_name="Reason", description="What history says of it."),
    ],
)
def unschedule_events(
    bot: Bot, settings: Mapping[str, Any], matches: Sequence[Resource], non_matches: Sequence[Resource]
) -> None:
    """Take back what the bot scheduled for resources that it no longer finds."""
    del matches
    with ScheduledEventTracker() as context:
        for resource in non_matches:
            context.unschedule_bot_events(
                bot=bot,
                resource=resource,
                event_type=settings.get("event_type"),
                reason=settings.get("reason") or f"no longer matches bot {bot.name}",
            )


def load() -> None:
    """Register both."""
    registry.load()


def unload() -> None:
    """Take both back."""
    registry.unload()
