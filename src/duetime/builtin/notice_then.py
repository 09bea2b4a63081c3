"""The action that tells people ahead of time, and then acts: a ladder of notices that ends in an act.

A ladder is told by its act. While that is live the ladder stands as it was scheduled, whichever of its notices have
been sent; a notice that was sent has ended, so what is live cannot say which are still owed.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from duetime.bots.action_problems import report_failure
from duetime.bots.durations import read_duration
from duetime.bots.registration import BotFactoryRegistryWrapper
from duetime.bots.setting_fields import DurationField, EventField, TextListField
from duetime.bots.template_values import check_value, render_value
from duetime.bots.templates import render, template_problem
from duetime.builtin.notice_settings import RECIPIENT_FIELDS, Notice, check_recipients, names_of
from duetime.builtin.owner_tags import OWNER_TAG_FIELDS, is_wanted
from duetime.core.bots import Bot
from duetime.core.errors import Invalid, InvalidSetting, NotFound
from duetime.core.fields import FieldOptions, Jinja2TextField, TextField
from duetime.core.resources import Resource
from duetime.schedule import Once
from duetime.scheduling.action_slot import current_asking
from duetime.scheduling.current import current_client
from duetime.scheduling.keys import dedupe_key
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.store.bot_event_table import KeyedEvent

NOTICE_THEN = "duetime.action.notice_then"
MOST_NOTICES = 20
_SOME_DAY = datetime(2000, 1, 1, tzinfo=UTC)

registry = BotFactoryRegistryWrapper()


def _opening(event_type: str, due_at: datetime) -> str:
    """Return what templates of notices begin with: they are rendered when they are sent, and speak of the act then."""
    said = f"'event_type': {_quoted(event_type)}, 'due_at': {_quoted(f'{due_at.astimezone(UTC):%F %R} UTC')}"
    return "{% set act = {" + said + "} %}"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


@dataclass(frozen=True)
class NoticeTextField(Jinja2TextField):
    """A template of a notice; it sees the act too, as `act.event_type` and `act.due_at`."""

    def validate(self, value: Any) -> str:
        text = super().validate(value)
        problem = template_problem(_opening("x", _SOME_DAY) + text)
        if problem is not None:
            raise self.refuse(problem)
        return text


def read_leads(settings: Mapping[str, Any]) -> tuple[timedelta, ...]:
    """Return how long before the act each notice is sent, the first one first.

    Raises:
        InvalidSetting: a length of time is none, or longer than the time there is; or there are too many.
    """
    after: timedelta = settings["after"]
    said: Sequence[str] = settings["notices"]
    leads = {after if each == "now" else read_duration(each, name="notices") for each in said}
    if len(said) > MOST_NOTICES:
        raise InvalidSetting("notices", f"there can be {MOST_NOTICES} notices before one act, not {len(said)}")
    if max(leads) > after:
        longest = next(each for each in said if each != "now" and read_duration(each, name="notices") > after)
        raise InvalidSetting("notices", f"{longest} before the act is earlier than the bot run; make `after` longer")
    return tuple(sorted(leads, reverse=True))


def check_ladder(settings: Mapping[str, Any]) -> None:
    """Refuse rungs before the bot run, a notice to nobody, and faulty templates."""
    if settings["after"] <= timedelta(0):
        raise InvalidSetting("after", "must leave some time between the notice and the act, such as 1h or 7d")
    read_leads(settings)
    check_recipients(settings)
    check_value("act", settings["act"]["args"])


@registry.action(
    uid=NOTICE_THEN,
    name="Give notice, then act",
    description="Tells people ahead of time what will be done to each resource, and does it unless it complies.",
    bulk_action=True,
    accepts_complement=True,
    check=check_ladder,
    settings_config=[
        EventField(
            name="act",
            display_name="Act",
            description="What is done in the end: event_type, and args, whose texts may be templates.",
            options=FieldOptions.REQUIRED,
        ),
        DurationField(
            name="after",
            display_name="After",
            description="How long after the bot run that begins the ladder the act is due: 1h, 7d.",
            options=FieldOptions.REQUIRED,
        ),
        TextListField(
            name="notices",
            display_name="Notices",
            description="How long before the act each notice is sent; now = when the ladder begins.",
            default=("now",),
        ),
        *RECIPIENT_FIELDS,
        NoticeTextField(
            name="subject",
            display_name="Subject",
            description="The first line of a notice; it sees act too.",
            default="{{ bot.name }}: {{ act.event_type }} at {{ act.due_at }}",
        ),
        NoticeTextField(
            name="body",
            display_name="Body",
            description="What a notice says of each resource; it sees act too.",
            default="{{ resource.name or resource.id }}: {{ act.event_type }} at {{ act.due_at }}",
        ),
        TextField(name="description", display_name="Description", description="What the act is for, in words."),
        DurationField(
            name="expires_after",
            display_name="Expires after",
            description="How late the act may start; then a new ladder begins. Default: the type's rule.",
        ),
        *OWNER_TAG_FIELDS,
    ],
)
def notice_then(
    bot: Bot, settings: Mapping[str, Any], matches: Sequence[Resource], non_matches: Sequence[Resource]
) -> None:
    """Begin a ladder for each match that has none, and take those back that have lost their reason.

    An event whose type changes what the filters ask about outlives them: a stop that is to come does not mind that its
    instance is stopped already. Its notices go, so its ladder goes whole: else an instance that is started once more
    would be stopped without any.
    """
    client = current_client(NOTICE_THEN)
    with client.store.read() as tx:
        live = tx.bot_events.by_key(bot.bot_id)
    ladder = _Ladder(bot, settings, Notice.of(settings), read_leads(settings), live, client.now())
    with ScheduledEventTracker() as context:
        for resource in non_matches:
            if ladder.waits(resource):
                ladder.take_back(context, resource, reason=f"no longer matches bot {bot.name}")
    for resource in matches:
        try:
            with ScheduledEventTracker() as context:  # a resource that fails keeps nothing, and no other from its own
                if not is_wanted(resource, settings):
                    ladder.take_back(context, resource, reason="its owner does not want it")
                elif not ladder.stands(resource):
                    ladder.begin(context, resource)
        except (Invalid, NotFound) as error:
            report_failure(f"{resource.resource_id}: {error}")


@dataclass(frozen=True, slots=True)
class _Ladder:
    """The ladders of one action in one run.

    Attributes:
        leads: how long before the act each notice is sent, the first one first.
        live: the bot's live events by dedupe key, read once.
    """

    bot: Bot
    settings: Mapping[str, Any]
    notice: Notice
    leads: tuple[timedelta, ...]
    live: Mapping[bytes, KeyedEvent]
    now: datetime

    @property
    def act_type(self) -> str:
        event_type: str = self.settings["act"]["event_type"]
        return event_type

    def stands(self, resource: Resource) -> bool:
        """Return whether the act of a resource's ladder is still to come."""
        return bool(self.live) and self._key(resource, self.act_type, 0) in self.live

    def waits(self, resource: Resource) -> bool:
        """Return whether the act is not due yet: one that is due may be what changed the resource."""
        if not self.live:
            return False
        act = self.live.get(self._key(resource, self.act_type, 0))
        return act is not None and act.due_at > self.now

    def begin(self, context: ScheduledEventTracker, resource: Resource) -> None:
        """Schedule the act and all its notices.

        Raises:
            Invalid: a template fails, nobody can be told, or an argument is refused.
            NotFound: an event type is not known.
        """
        # What is left of a ladder whose act was cancelled by hand speaks of a time that has gone.
        self.take_back(context, resource, reason="a new ladder begins")
        due_at = self.now + self.settings["after"]
        names = names_of(self.bot, resource, self.notice.accounts, due_at=due_at)
        opening = _opening(self.act_type, due_at)
        subject, body = f"{opening}{self.settings['subject']}", f"{opening}{self.settings['body']}"
        for template in (subject, body):  # what nobody could be told of is not done either
            render(template, {**names, "resources": 1})
        arguments = self.notice.arguments(resource, subject, body)
        context.schedule_bot_event(
            bot=self.bot,
            resource=resource,
            event_type=self.act_type,
            schedule_data=Once(when=due_at),
            action_data=render_value(self.settings["act"]["args"], names),
            description=self.settings.get("description") or f"After {len(self.leads)} notices",
            expires_after=self.settings.get("expires_after"),
            recheck=True,
            cancel_when_compliant=True,
        )
        # After an outage only the newest notice that was due is sent; the older ones have expired by then.
        for lead, following in pairwise((*self.leads, timedelta(0))):
            context.schedule_bot_event(
                bot=self.bot,
                resource=resource,
                event_type=self.notice.via,
                schedule_data=Once(when=due_at - lead),
                action_data=arguments,
                description=f"Notice before {self.act_type}",
                expires_after=lead - following if lead > following else None,
                recheck=True,
                cancel_when_compliant=True,
            )

    def take_back(self, context: ScheduledEventTracker, resource: Resource, *, reason: str) -> None:
        """Cancel what is live of a resource's ladder, and of no other ladder of the bot."""
        if not self.live:
            return
        keys = [self._key(resource, self.act_type, 0)]
        keys += [self._key(resource, self.notice.via, nth) for nth in range(MOST_NOTICES + 1)]
        event_ids = {self.live[key].event_id for key in keys if key in self.live}
        context.cancel_events(sorted(event_ids), bot=self.bot, reason=reason)

    def _key(self, resource: Resource, event_type: str, nth: int) -> bytes:
        return dedupe_key(
            bot_id=self.bot.bot_id,
            slot=current_asking().slot,
            resource_id=resource.resource_id,
            event_type=event_type,
            nth=nth,
        )


def load() -> None:
    """Register it."""
    registry.load()


def unload() -> None:
    """Take it back."""
    registry.unload()
