from collections.abc import Mapping, Sequence
from typing import Any

from duetime.bots.registration import BotFactoryRegistryWrapper
from duetime.core.bots import Bot
from duetime.core.fields import FieldOptions, FloatField, StringField
from duetime.core.outcomes import JobOutcome, Skipped, Succeeded
from duetime.core.resources import Resource
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager
from duetime.scheduling.shortcuts import schedule_hours_from_now
from duetime.scheduling.tracker import ScheduledEventTracker

REMIND_OWNER = "example.remind_owner"

registry = BotFactoryRegistryWrapper()


@ScheduledEventManager.register(REMIND_OWNER)
class RemindOwner(ScheduledEventJob):
    def __init__(self, *, message: str, **own: Any) -> None:
        super().__init__(**own)
        self.message = message

    def run(self) -> JobOutcome:
        resource = self.resource
        owner = resource.get_tag("owner") if resource is not None else None
        if owner is None:
            return Skipped("nobody owns it")
        return Succeeded({"to": owner, "message": self.message})


@registry.action(
    uid="example.action.remind_owner",
    name="Remind the owner",
    description="Reminds the owner of each match after a while.",
    bulk_action=True,
    settings_config=[
        FloatField(name="hours", display_name="Hours to wait", min_value=0, options=FieldOptions.REQUIRED),
        StringField(name="message", display_name="Message", default="Is this still needed?"),
    ],
)
def remind_owner(
    bot: Bot, settings: Mapping[str, Any], matches: Sequence[Resource], _non_matches: Sequence[Resource]
) -> None:
    with ScheduledEventTracker() as tracker:
        for resource in matches:
            tracker.schedule_bot_event(
                bot=bot,
                resource=resource,
                description=f"Remind the owner of {resource.name}.",
                event_type=REMIND_OWNER,
                schedule_data=schedule_hours_from_now(settings["hours"]),
                action_data={"message": settings["message"]},
            )


def load() -> None:
    registry.load()


def unload() -> None:
    registry.unload()
