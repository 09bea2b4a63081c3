"""What becomes of the events that a bot has pending when the bot itself is changed, paused or resumed."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from duetime.bots.compliance import Judged, judge_events
from duetime.bots.planned_run import RUN_BOT
from duetime.core.bots import Bot
from duetime.core.operations import CancelEvents
from duetime.core.statuses import EventStatus
from duetime.scheduling.client import Client
from duetime.store.bot_event_table import PAUSED_WITH_BOT, LiveEvent
from duetime.store.store import Transaction


class PendingEvents(StrEnum):
    """What may become of a bot's pending events."""

    KEEP = "keep"
    """They stand."""
    PAUSE = "pause"
    """Those that wait are paused, and resumed together with the bot."""
    RE_EVALUATE = "re-evaluate"
    """Those whose resource the bot, as it is now, no longer wants them for are cancelled; the others stand."""
    CANCEL = "cancel"
    """They are cancelled; those that run end first."""


@dataclass(frozen=True, slots=True)
class PendingNumbers:
    """How many pending events of a bot become what.

    Attributes:
        kept: stand as they are.
        unsure: those among the kept and the resumed of which nobody can say whether they are still wanted.
    """

    kept: int = 0
    paused: int = 0
    resumed: int = 0
    cancelled: int = 0
    unsure: int = 0

    def in_words(self) -> str:
        """Return the numbers as `keep 12, cancel 3`."""
        parts = [("keep", self.kept), ("pause", self.paused), ("resume", self.resumed), ("cancel", self.cancelled)]
        said = ", ".join(f"{verb} {number}" for verb, number in parts if number)
        return f"{said or 'change nothing'}{self.doubt}"

    @property
    def doubt(self) -> str:
        """What is to be said after the numbers of those that nobody can judge; empty when there are none."""
        return f" ({self.unsure} of them because nobody can say)" if self.unsure else ""


@dataclass(frozen=True, slots=True)
class Decision:
    """Which pending events become what; the recurring run of the bot itself is not among them."""

    kept: int = 0
    to_pause: tuple[int, ...] = ()
    to_resume: tuple[int, ...] = ()
    to_cancel: tuple[CancelEvents, ...] = ()
    unsure: int = 0

    @property
    def numbers(self) -> PendingNumbers:
        return PendingNumbers(
            kept=self.kept,
            paused=len(self.to_pause),
            resumed=len(self.to_resume),
            cancelled=sum(len(each.event_ids) for each in self.to_cancel),
            unsure=self.unsure,
        )

    def carry_out(self, tx: Transaction, *, reason: str = "") -> PendingNumbers:
        """Do it, in the transaction in which it was decided; return the numbers as they came out."""
        paused = tx.bot_events.pause(self.to_pause, reason=reason)
        resumed = tx.bot_events.resume(self.to_resume)
        cancelled = tx.operations.apply(self.to_cancel).cancelled
        return PendingNumbers(self.kept, paused, resumed, cancelled, self.unsure)


def decide_pending(
    tx: Transaction, client: Client, bot: Bot, choice: PendingEvents, *, reason: str, actor: str
) -> Decision:
    """Decide what becomes of a bot's pending events.

    Args:
        tx: where they are.
        client: knows what is loaded, and how old an inventory may be.
        bot: as it is to be.
        choice: what is asked for.
        reason: why those are cancelled that are cancelled without being looked at.
        actor: who asks.
    """
    events = tx.bot_events.of_bot(bot.bot_id, besides=RUN_BOT)
    match choice:
        case PendingEvents.KEEP:
            return Decision(kept=len(events))
        case PendingEvents.CANCEL:
            every = tuple(event.event_id for event in events)
            return Decision(to_cancel=(CancelEvents(every, reason, actor),) if every else ())
        case PendingEvents.PAUSE:
            waiting = tuple(event.event_id for event in events if event.status is EventStatus.SCHEDULED)
            return Decision(kept=len(events) - len(waiting), to_pause=waiting)
        case PendingEvents.RE_EVALUATE:
            judged = _judged(tx, client, bot, events)
            return Decision(
                kept=len(events) - len(judged.unwanted),
                to_cancel=tuple(judged.cancellations(actor=actor)),
                unsure=len(judged.unsure),
            )


def decide_resumed(tx: Transaction, client: Client, bot: Bot, *, actor: str) -> Decision:
    """Decide what becomes of the events that were paused together with a bot: they are looked at again first."""
    events = tx.bot_events.of_bot(bot.bot_id, besides=RUN_BOT)
    paused = [
        event
        for event in events
        if event.status is EventStatus.PAUSED and event.status_reason.startswith(PAUSED_WITH_BOT)
    ]
    judged = _judged(tx, client, bot, paused)
    ended = {event.event_id for event, _ in judged.unwanted}
    return Decision(
        kept=len(events) - len(paused),
        to_resume=tuple(event.event_id for event in paused if event.event_id not in ended),
        to_cancel=tuple(judged.cancellations(actor=actor)),
        unsure=len(judged.unsure),
    )


def _judged(tx: Transaction, client: Client, bot: Bot, events: Sequence[LiveEvent]) -> Judged:
    return judge_events(
        tx,
        events,
        bots={bot.bot_id: bot},
        registries=client.registries,
        now=tx.now,
        max_age=client.bot_policy.max_inventory_age,
    )
