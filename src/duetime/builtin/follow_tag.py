"""The action that keeps the start and stop of each resource in step with the windows that its tag says."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duetime.bots.action_problems import report_failure
from duetime.bots.registration import BotFactoryRegistryWrapper
from duetime.bots.setting_fields import DurationField, EventTypeField, ExactTextField
from duetime.builtin.bad_tags import BAD_TAG_NOTICE, BadTag, tell_of_bad_tags
from duetime.builtin.event_ids import START_RESOURCE, STOP_RESOURCE
from duetime.builtin.notice_settings import RecipientsField
from duetime.builtin.owner_tags import OWNER_TAG_FIELDS, is_wanted
from duetime.core.bots import Bot
from duetime.core.errors import Invalid, InvalidSchedule, InvalidSetting
from duetime.core.events import OnExisting
from duetime.core.fields import BooleanField, FieldOptions, StringField
from duetime.core.resources import Resource
from duetime.core.schedules import Schedule
from duetime.schedule import Once
from duetime.schedule.windows import Windows
from duetime.scheduling.action_slot import current_asking
from duetime.scheduling.current import current_client
from duetime.scheduling.keys import is_asked_by
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.store.bot_event_table import StandingEvent

FOLLOW_TAG = "duetime.action.follow_tag"

registry = BotFactoryRegistryWrapper()


def check_follow_tag(settings: Mapping[str, Any]) -> None:
    """Refuse a default that says no windows, one event type for both edges, and a limit for what does not end."""
    if settings["start_event_type"] == settings["stop_event_type"]:
        raise InvalidSetting("stop_event_type", "must be another type than start_event_type")
    if "expires_after" in settings and not settings["catch_up_now"]:
        raise InvalidSetting("expires_after", "is for what catch_up_now does; edges recur, and a missed one is made up")
    if "default" in settings:
        try:
            Windows.read(settings["default"])
        except InvalidSchedule as error:
            raise InvalidSetting("default", str(error).rstrip(".")) from error


@registry.action(
    uid=FOLLOW_TAG,
    name="Follow a schedule tag",
    description="Starts and stops each resource at the edges of the windows that its tag says.",
    bulk_action=True,
    accepts_complement=True,
    check=check_follow_tag,
    settings_config=[
        ExactTextField(
            name="tag",
            display_name="Tag",
            description="The key of the tag whose value says the windows, such as workdays-8-19@Europe/Berlin.",
            options=FieldOptions.TAGS,
            default="schedule",
        ),
        StringField(
            name="default",
            display_name="Default",
            description="The windows of resources without the tag; none = they are left alone.",
        ),
        EventTypeField(
            name="start_event_type",
            display_name="At the start",
            description="What is done when a window opens.",
            default=START_RESOURCE,
        ),
        EventTypeField(
            name="stop_event_type",
            display_name="At the end",
            description="What is done when a window closes.",
            default=STOP_RESOURCE,
        ),
        BooleanField(
            name="catch_up_now",
            display_name="Catch up now",
            description="Whether what the last edge would have done is done at once when the windows are new.",
            default=False,
        ),
        DurationField(
            name="expires_after",
            display_name="Expires after",
            description="How late what catch_up_now does may start; no later.",
        ),
        RecipientsField(
            name=BAD_TAG_NOTICE,
            display_name="Notice of bad tags",
            description="Who is told once of each tag that says no windows: to, via, recipients, fallback.",
        ),
        *OWNER_TAG_FIELDS,
    ],
)
def follow_tag(
    bot: Bot, settings: Mapping[str, Any], matches: Sequence[Resource], non_matches: Sequence[Resource]
) -> None:
    """Schedule the edges of each resource's windows, or put those that there are in step with its tag.

    What is live and right stands, with its due time. Of `always` and `never` there are no edges, so nothing is done.
    A tag that says no windows is reported; what was scheduled by an earlier value stands.
    """
    client = current_client(FOLLOW_TAG)
    types = (settings["start_event_type"], settings["stop_event_type"])
    live: defaultdict[str, list[StandingEvent]] = defaultdict(list)
    with client.store.read() as tx:  # once, and not for each resource
        for event in tx.bot_events.standing(bot.bot_id, types):
            if not _is_of_another(bot, event):
                live[event.resource_id].append(event)
    edges = _Edges(bot, settings, client.now())
    bad: list[BadTag] = []
    for resource in matches:
        present = live.get(resource.resource_id, [])
        value = resource.tags.get(settings["tag"], settings.get("default"))
        try:
            with ScheduledEventTracker() as context:
                if value is None or not is_wanted(resource, settings):
                    edges.take_back(context, present)
                else:
                    edges.keep_in_step(context, resource, present, value=value)
        except InvalidSchedule as error:
            report_failure(f"{resource.resource_id}: tag {settings['tag']}: {error}")
            bad.append(BadTag(resource, settings["tag"], str(value), str(error)))
        except Invalid as error:  # one odd id must not keep the others from being scheduled
            report_failure(f"{resource.resource_id}: {error}")
    with ScheduledEventTracker() as context:
        for resource in non_matches:
            edges.take_back(context, live.get(resource.resource_id, []))
    tell_of_bad_tags(bot, settings.get(BAD_TAG_NOTICE), bad)


def _is_of_another(bot: Bot, event: StandingEvent) -> bool:
    """Return whether an event was asked for by another action that the bot has, or by none that keeps it in step.

    What an action asked for that has left its place since is of nobody else: it is brought in step too.
    """
    key, slot = event.dedupe_key, current_asking().slot
    return key is None or any(
        is_asked_by(key, bot_id=bot.bot_id, slot=other, event_type=event.event_type)
        for other in bot.definition.slots
        if other != slot
    )


@dataclass(frozen=True, slots=True)
class _Edges:
    """What one run does about the edges of single resources."""

    bot: Bot
    settings: Mapping[str, Any]
    now: datetime

    def keep_in_step(
        self, context: ScheduledEventTracker, resource: Resource, live: Sequence[StandingEvent], *, value: str
    ) -> None:
        """Let the live recurring events of a resource be those that a value asks for.

        Raises:
            InvalidSchedule: the value says no windows.
        """
        windows = Windows.read(value)
        wanted = {"start_event_type": windows.starts, "stop_event_type": windows.stops}
        for name, schedules in wanted.items():
            event_type = self.settings[name]
            present = [each for each in live if each.event_type == event_type]
            self._replace(context, resource, event_type=event_type, present=present, wanted=schedules, value=value)
        if self.settings["catch_up_now"] and not live and windows.starts:
            is_open = windows.is_open(self.now)
            context.schedule_bot_event(
                bot=self.bot,
                resource=resource,
                event_type=self.settings["start_event_type" if is_open else "stop_event_type"],
                schedule_data=Once(when=self.now),
                description=f"Catches up with {value}",
                expires_after=self.settings.get("expires_after"),
            )

    def _replace(
        self,
        context: ScheduledEventTracker,
        resource: Resource,
        *,
        event_type: str,
        present: Sequence[StandingEvent],
        wanted: Sequence[Schedule],
        value: str,
    ) -> None:
        """Let the live recurring events of one type be those that are wanted."""
        edges = [each.schedule for each in present if each.schedule.recurring]
        in_step = len(edges) == len(wanted) and all(schedule in edges for schedule in wanted)
        if len(edges) > len(wanted):
            event_ids = [each.event_id for each in present]
            context.cancel_events(event_ids, bot=self.bot, reason=f"the tag now says {value}")
        for schedule in wanted:
            context.schedule_bot_event(
                bot=self.bot,
                resource=resource,
                event_type=event_type,
                schedule_data=schedule,
                description=f"Follows {value}",
                on_existing=OnExisting.KEEP if in_step else OnExisting.REPLACE,
            )

    def take_back(self, context: ScheduledEventTracker, live: Sequence[StandingEvent]) -> None:
        """Cancel the edges of a resource that has no windows any more, or that the bot no longer finds."""
        event_ids = [event.event_id for event in live]
        context.cancel_events(event_ids, bot=self.bot, reason="it follows no schedule tag any more")


def load() -> None:
    """Register it."""
    registry.load()


def unload() -> None:
    """Take it back."""
    registry.unload()
