"""A bot run is itself an event: planned, claimed and recorded like any other."""

from datetime import timedelta

from duetime.bots.errors import MissingHandler
from duetime.bots.lifecycle import RUN_BOT
from duetime.bots.matching import resolve
from duetime.bots.run import find_resources, run_actions
from duetime.core.bots import BotStatus
from duetime.core.errors import Invalid, UnknownName
from duetime.core.outcomes import Failed, JobOutcome, Skipped, Snoozed, Succeeded
from duetime.core.statuses import OnLost
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper
from duetime.scheduling.current import current_client
from duetime.scheduling.tracker import ScheduledEventTracker

ASK_AGAIN_AFTER = timedelta(seconds=60)

events = ScheduledEventRegistryWrapper()


@events.register(RUN_BOT)
class RunBot(ScheduledEventJob):
    """Finds the resources of one bot and calls its actions.

    What the actions schedule is written together with the end of this run: a run that lost its claim schedules
    nothing, and the one that follows it schedules the same.
    """

    on_lost = OnLost.RETRY

    def __init__(
        self,
        resource_id: str | None = None,
        user_resource_id: str | None = None,
        scheduled_event_id: int | None = None,
        scheduled_event_type: str | None = None,
        *,
        bot: str,
    ) -> None:
        super().__init__(
            resource_id=resource_id,
            user_resource_id=user_resource_id,
            scheduled_event_id=scheduled_event_id,
            scheduled_event_type=scheduled_event_type,
        )
        self.bot = bot

    def run(self) -> JobOutcome:
        """Run the bot as it is defined now.

        Returns:
            `Succeeded` or `Failed` with the report; `Snoozed` while a plugin is missing; `Skipped` when the bot is
            paused or archived. When one action failed, what the others scheduled stands.
        """
        client = current_client(RUN_BOT)
        try:
            with client.store.read() as tx:
                bot = tx.bots.by_name(self.bot)
                if bot.status is not BotStatus.RUNNING:
                    return Skipped(f"bot {bot.name} is {bot.status.value.lower()}")
                resolved = resolve(bot.definition, client.registries)
                found = find_resources(bot, resolved, inventory=tx.resources)
        except MissingHandler as error:
            return Snoozed(client.now() + ASK_AGAIN_AFTER, error.reason)
        except (UnknownName, Invalid) as error:
            return Failed(str(error), retry=False)
        # The actions may take long, and the database is not kept waiting meanwhile.
        with ScheduledEventTracker():
            report = run_actions(bot, resolved, found)
        if report.failed_actions:
            return Failed(report.describe_failures(), report.to_json(), retry=False)
        return Succeeded(report.to_json())


def load() -> None:
    """Register it."""
    events.load()


def unload() -> None:
    """Take it back."""
    events.unload()
