"""A bot run is itself an event: planned, claimed and recorded like any other."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta

from duetime.bots.errors import MissingHandler
from duetime.bots.owners import Permit
from duetime.bots.planned_run import RUN_BOT
from duetime.bots.run import run_actions
from duetime.bots.survey import Survey, survey
from duetime.bots.triggered_survey import survey_triggered
from duetime.core.bots import Bot, BotStatus, Hookpoint
from duetime.core.errors import Invalid, UnknownName
from duetime.core.outcomes import Failed, JobOutcome, Skipped, Snoozed, Succeeded
from duetime.core.statuses import OnLost
from duetime.core.users import User
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper
from duetime.scheduling.client import Client
from duetime.scheduling.current import current_client
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.store.store import Transaction

ASK_AGAIN_AFTER = timedelta(seconds=60)

events = ScheduledEventRegistryWrapper()


@events.register(RUN_BOT)
class RunBot(ScheduledEventJob):
    """Finds the resources of one bot and calls its actions.

    With `hookpoint` and `resources`, a trigger: something happened to these, and no others are looked at.

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
        hookpoint: str | None = None,
        resources: list | None = None,  # type: ignore[type-arg]  # the schema reads the bare type
    ) -> None:
        super().__init__(
            resource_id=resource_id,
            user_resource_id=user_resource_id,
            scheduled_event_id=scheduled_event_id,
            scheduled_event_type=scheduled_event_type,
        )
        self.bot = bot
        self.hookpoint = None if hookpoint is None else Hookpoint(hookpoint)
        self.resources = resources

    def run(self) -> JobOutcome:
        """Run the bot as it is defined now.

        Returns:
            `Succeeded` or `Failed` with the report; `Snoozed` while a plugin is missing, which a guard hears before the
            run starts unless it goes in between; `Skipped` when the bot is paused or archived. When one action failed,
            what the others scheduled stands.
        """
        client = current_client(RUN_BOT)
        try:
            with client.store.read() as tx:
                bot = tx.bots.by_name(self.bot)
                if bot.status is not BotStatus.RUNNING:
                    return Skipped(f"bot {bot.name} is {bot.status.value.lower()}")
                seen = self._survey(tx, bot, client)
        except MissingHandler as error:
            return Snoozed(client.now() + ASK_AGAIN_AFTER, error.reason)
        except (UnknownName, Invalid) as error:
            return Failed(str(error), retry=False)
        # Before what the actions ask for: what they schedule must not be kept for an event that is about to end.
        operations = self.context.operations
        operations += seen.pending.cancellations(actor=f"bot:{bot.name}")
        permit = Permit(bot.owner, self._users, only_known=client.bot_policy.only_known_owners)
        # The actions may take long, and the database is not kept waiting meanwhile.
        with ScheduledEventTracker():
            report = run_actions(bot, seen.resolved, seen.found, permit=permit)
        with client.store.read() as tx:
            effects = Counter(each.effect for each in tx.operations.foresee(operations))
        report = replace(report, left_out=seen.left_out, effects=effects)
        if report.failed_actions:
            return Failed(report.describe_failures(), report.to_json(), retry=False)
        return Succeeded(report.to_json())

    def _survey(self, tx: Transaction, bot: Bot, client: Client) -> Survey:
        max_age = client.bot_policy.max_inventory_age
        if self.hookpoint is None or self.resources is None:
            return survey(tx, bot, registries=client.registries, max_age=max_age)
        return survey_triggered(
            tx,
            bot,
            hookpoint=self.hookpoint,
            resource_ids=self.resources,
            registries=client.registries,
            max_age=max_age,
        )

    def _users(self, user_resource_ids: Collection[str]) -> Mapping[str, User]:
        with current_client(RUN_BOT).store.read() as tx:
            return tx.users.by_ids(user_resource_ids)


def load() -> None:
    """Register it."""
    events.load()


def unload() -> None:
    """Take it back."""
    events.unload()
