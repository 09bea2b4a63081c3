"""`duetime bots plan`."""

from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.options import Json
from duetime.cli.output import distance, error_line, instant, line, table
from duetime.cli.plain import emit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from duetime.bots.plan import BotPlan, PlannedEvent

SHOWN = 20


def plan(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The bot's name.")],
    everything: Annotated[bool, typer.Option("--all", help="Show every event; otherwise the first 20.")] = False,
    as_json: Json = False,
) -> None:
    """Say what a run of a bot would schedule, keep, replace and cancel, without doing it."""
    from duetime.app.app import Inventory
    from duetime.bots.plan import plan_bot
    from duetime.cli.opening import opened

    with opened(plugins=True) as duetime, duetime.current():
        found = plan_bot(duetime.client, name, inventory=Inventory(duetime.store), cloud=duetime.clouds)
    if as_json:
        emit(_facts(found))
        return
    _say_counts(found)
    _events(found.events if everything else found.events[:SHOWN], found)
    hidden = len(found.events) - SHOWN
    if hidden > 0 and not everything:
        line(f"And {hidden} more; --all shows them.")
    _say_rest(found, everything=everything)


def _facts(found: "BotPlan") -> dict[str, object]:
    from duetime.store.operation_preview import Effect

    return {
        "bot": found.bot.name,
        "version": found.bot.version,
        "status": found.bot.status,
        "planned_at": found.planned_at,
        "matches": found.matches,
        "non_matches": found.non_matches,
        "counts": {effect.value: found.counts.get(effect, 0) for effect in Effect},
        "events": found.events,
        "unsure": [{"event_id": event_id, "reason": reason} for event_id, reason in found.unsure],
        "left_out": found.left_out,
        "conflicts": [
            {"first": each.first, "last": each.last, "in_words": each.in_words()} for each in found.conflicts
        ],
        "also_wanted_by": found.also_wanted_by,
        "actions": [{**action.report.to_json(), "is_pure": action.is_pure} for action in found.actions],
        "denied": found.denied,
    }


def _say_counts(found: "BotPlan") -> None:
    from duetime.core.bots import BotStatus
    from duetime.store.operation_preview import Effect

    if found.denied is not None:
        line(f"The run itself would be denied: {found.denied}. Without that:")
    if found.bot.status is BotStatus.PAUSED:
        line(f"Bot {found.bot.name} is paused; it does not run before `duetime bots resume {found.bot.name}`.")
    counts = ", ".join(f"{effect.value} {found.counts[effect]}" for effect in Effect if found.counts.get(effect))
    resources = f"{found.matches} resource{'' if found.matches == 1 else 's'} match{'es' if found.matches == 1 else ''}"
    line(f"Bot {found.bot.name}, version {found.bot.version}: {resources}. A run would {counts or 'change nothing'}.")


def _events(shown: "Sequence[PlannedEvent]", found: "BotPlan") -> None:
    if not shown:
        return
    table(
        ["what!", "event type", "resource", "due!", "why"],
        (
            (
                event.effect.value,
                event.event_type,
                event.resource_id,
                f"{instant(event.due_at)}\n({distance(event.due_at, now=found.planned_at)})",
                event.why,
            )
            for event in shown
        ),
        empty="",
    )


def _say_rest(found: "BotPlan", *, everything: bool) -> None:
    most = None if everything else SHOWN
    for stale in found.left_out:
        line(f"Account {stale.account} is left out: {stale.reason}.")
    for event_id, reason in found.unsure[:most]:
        line(f"Event {event_id} stands, because nobody can say whether it is still wanted: {reason}.")
    for conflict in found.conflicts[:most]:
        line(conflict.in_words())
    for resource_id, names in list(found.also_wanted_by.items())[:most]:
        line(f"{resource_id} is also in the scope of bot {', '.join(names)}, whose filters it matches.")
    hidden = sum(max(0, len(each) - SHOWN) for each in (found.unsure, found.conflicts, found.also_wanted_by))
    if hidden and not everything:
        line(f"And {hidden} more such remarks; --all shows them.")
    for action in found.actions:
        for problem in action.report.errors:
            line(f"Action {action.report.uid} fails: {problem}")
        if not action.is_pure:
            error_line(
                f"Note: {action.report.uid} comes from a plugin and was called for this plan. The events that it asks "
                "for were not scheduled; whatever else it does was done."
            )
