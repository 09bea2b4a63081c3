"""Actions that schedule events for what a bot finds, and take them back for what it no longer finds."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, time
from typing import Any

from duetime.bots.action_problems import report_failure
from duetime.bots.registration import BotFactoryRegistryWrapper
from duetime.bots.setting_fields import (
    DurationField,
    EventTypeField,
    MomentField,
    ObjectField,
    ScheduleField,
)
from duetime.bots.template_values import check_value, render_value
from duetime.builtin.notice_settings import names_of, read_accounts
from duetime.builtin.owner_tags import OWNER_TAG_FIELDS, is_wanted
from duetime.core.bots import Bot
from duetime.core.errors import Invalid, InvalidResourceId, InvalidSchedule, InvalidSetting
from duetime.core.events import OnExisting
from duetime.core.fields import BooleanField, FieldOptions, SelectionChoice, SelectionField, StringField, TextField
from duetime.core.resources import Resource
from duetime.core.schedules import Schedule
from duetime.schedule import Daily, Once
from duetime.scheduling.current import current_client
from duetime.scheduling.tracker import ScheduledEventTracker

_log = logging.getLogger(__name__)

registry = BotFactoryRegistryWrapper()

_WHEN = ("after", "at", "schedule", "now")


def check_settings(settings: Mapping[str, Any]) -> None:
    """Refuse settings that say no time, or more than one, or a zone that nothing uses, and faulty templates."""
    if settings.get("templates"):
        for name in ("args", "description"):
            check_value(name, settings.get(name))
    told = [name for name in _WHEN if name in settings and settings[name] is not False]
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
    check=check_settings,
    settings_config=[
        EventTypeField(
            name="event_type",
            display_name="Event type",
            description="What is to be done, such as divvy.stop_resource.",
            options=FieldOptions.REQUIRED,
        ),
        DurationField(name="after", display_name="After", description="How long after the bot run: 10s, 12h, 3d."),
        BooleanField(name="now", display_name="Now", description="At once, as soon as a worker is free."),
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
        BooleanField(
            name="cancel_when_compliant",
            display_name="Cancel when compliant",
            description="Whether it is cancelled once the resource no longer matches; default: as the bot says.",
        ),
        BooleanField(
            name="templates",
            display_name="Templates",
            description="Whether the texts in args and description are Jinja2 templates, rendered for each resource.",
            default=False,
        ),
        *OWNER_TAG_FIELDS,
    ],
)
def schedule_event(
    bot: Bot, settings: Mapping[str, Any], matches: Sequence[Resource], non_matches: Sequence[Resource]
) -> None:
    """Schedule one event for each matching resource, all of them for the same time."""
    del non_matches
    now = current_client("duetime.action.schedule_event").now()
    schedule = due(settings, now=now)
    said_of = _wording(bot, settings, due_at=schedule.first_due(now))
    with ScheduledEventTracker() as context:
        for resource in matches:
            if not is_wanted(resource, settings):
                continue
            try:
                said = said_of(resource)
                context.schedule_bot_event(
                    bot=bot,
                    resource=resource,
                    description=said.get("description", ""),
                    event_type=settings["event_type"],
                    schedule_data=schedule,
                    action_data=said.get("args"),
                    on_existing=settings["on_existing"],
                    recheck=settings.get("recheck"),
                    cancel_when_compliant=settings.get("cancel_when_compliant"),
                    expires_after=settings.get("expires_after"),
                )
            except InvalidResourceId as error:  # one odd id must not keep the others from being scheduled
                _log.warning("bot %s leaves a resource out: %s", bot.name, error)
            except Invalid as error:
                if not settings["templates"]:  # what is wrong is wrong for all of them
                    raise
                report_failure(f"{resource.resource_id}: {error}")


def _wording(bot: Bot, settings: Mapping[str, Any], *, due_at: datetime | None) -> Callable[[Resource], dict[str, Any]]:
    """Return a function that says args and description for a resource: as they are written, or as they are rendered.

    Raises, when called:
        TemplateFailed: one of them cannot be rendered for the resource.
    """
    said = {name: settings[name] for name in ("args", "description") if name in settings}
    if not settings["templates"]:
        return lambda _: said
    accounts = read_accounts()
    return lambda resource: render_value(said, names_of(bot, resource, accounts, due_at=due_at))


def due(settings: Mapping[str, Any], *, now: datetime) -> Schedule:
    """Return when the event is due, as the validated settings say it."""
    if settings.get("now"):
        return Once(when=now)
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
        EventTypeField(name="event_type", display_name="Event type", description="Only events of this type."),
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
