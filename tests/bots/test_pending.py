"""What becomes of a bot's pending events when it is changed, paused, resumed or archived."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from duetime.bots.lifecycle import (
    apply_bot,
    archive_bot,
    pause_bot,
    preview_apply,
    preview_archive,
    preview_pause,
    preview_resume,
    resume_bot,
)
from duetime.bots.pending import PendingEvents, PendingNumbers
from duetime.bots.planned_run import request_run
from duetime.core.bots import ActionUse, BotDefinition, FilterUse
from duetime.core.events import Event
from duetime.core.statuses import EventStatus
from duetime.schedule import Daily
from duetime.testing import Lab

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STOP = "divvy.stop_resource"
AFTER_12 = ActionUse("duetime.action.schedule_event", {"event_type": STOP, "after": "12h"})


def take_in(lab: Lab) -> None:
    """Bring the inventory up to date as a harvest would, but without its looking at pending events."""
    with lab.app.store.write() as tx:
        for account in lab.cloud.accounts().values():
            tx.accounts.save(account)
            tx.accounts.record_harvest(account.account)
        tx.resources.save(lab.cloud.resources())
    lab.app.clouds.refresh()


def definition(env: str = "dev", **parts: Any) -> BotDefinition:
    usual: dict[str, Any] = {
        "name": "nightly",
        "filters": (FilterUse("duetime.filter.tag", {"key": "env", "equals": env}),),
        "actions": (AFTER_12,),
        "schedule": Daily("23:00"),
    }
    return BotDefinition(**(usual | parts))


@pytest.fixture
def lab() -> Iterator[Lab]:
    """Return a lab in which a bot has three stops pending."""
    with Lab(now=NOON) as lab:
        for number in range(3):
            lab.cloud.add(name=f"web-{number}", tags={"env": "dev"}, state="running")
        take_in(lab)
        apply_bot(lab.client, definition())
        lab.run_bot("nightly")
        yield lab


def stops(lab: Lab) -> list[Event]:
    return lab.events(event_type=STOP)


def statuses(lab: Lab) -> list[str]:
    return [event.status.value for event in stops(lab)]


def retag(lab: Lab, number: int, **tags: str) -> None:
    """Give a resource other tags, and the inventory too."""
    lab.cloud.set_tags(lab.cloud.resources()[number].resource_id, tags)
    take_in(lab)


def test_keep_is_the_default(lab: Lab) -> None:
    before = stops(lab)
    preview = preview_apply(lab.client, definition(notes="new"))
    assert preview is not None
    applied = apply_bot(lab.client, definition(notes="new"))
    assert applied.pending == preview.pending == PendingNumbers(kept=3)
    assert stops(lab) == before


def test_cancel_takes_all_but_the_bots_own_runs(lab: Lab) -> None:
    request_run(lab.client, "nightly")
    preview = preview_apply(lab.client, definition(notes="new"), pending=PendingEvents.CANCEL)
    assert preview is not None
    assert statuses(lab) == ["scheduled"] * 3
    applied = apply_bot(lab.client, definition(notes="new"), pending=PendingEvents.CANCEL, actor="ann")
    assert applied.pending == preview.pending == PendingNumbers(cancelled=3)
    assert {event.status_reason for event in stops(lab)} == {"bot changed by ann"}
    assert all(event.status is EventStatus.SCHEDULED for event in lab.events(event_type="duetime.run_bot")[-1:])


def test_re_evaluating_asks_the_new_definition(lab: Lab) -> None:
    retag(lab, 1, env="test")
    choice = PendingEvents.RE_EVALUATE
    preview = preview_apply(lab.client, definition("test"), pending=choice)
    assert preview is not None
    assert statuses(lab) == ["scheduled"] * 3
    applied = apply_bot(lab.client, definition("test"), pending=choice, actor="ann")
    assert applied.pending == preview.pending == PendingNumbers(kept=1, cancelled=2)
    assert statuses(lab) == ["cancelled", "scheduled", "cancelled"]
    reason = "no longer matches bot nightly: wants tag env = test, but it is dev"
    assert stops(lab)[0].status_reason == reason


def test_what_cannot_be_judged_is_kept_and_counted(lab: Lab) -> None:
    unknown = definition(filters=(FilterUse("custom.filter"),))
    applied = apply_bot(lab.client, unknown, pending=PendingEvents.RE_EVALUATE)
    assert applied.pending == PendingNumbers(kept=3, unsure=3)
    assert applied.pending.in_words() == "keep 3 (3 of them because nobody can say)"


def test_a_new_or_unchanged_bot_has_nothing_pending(lab: Lab) -> None:
    assert preview_apply(lab.client, definition(name="another")) is None
    unchanged = preview_apply(lab.client, definition(), pending=PendingEvents.CANCEL)
    assert unchanged is not None
    assert (unchanged.is_changed, unchanged.cancelled) == (False, 0)
    assert apply_bot(lab.client, definition(), pending=PendingEvents.CANCEL).cancelled == 0
    assert statuses(lab) == ["scheduled"] * 3


def test_events_are_paused_and_resumed_with_their_bot(lab: Lab) -> None:
    mine = stops(lab)[0].event_id
    lab.client.pause(mine, actor="ben", reason="mine")
    assert preview_pause(lab.client, "nightly", pending=PendingEvents.PAUSE) == PendingNumbers(kept=1, paused=2)
    moved = pause_bot(lab.client, "nightly", pending=PendingEvents.PAUSE, actor="ann", reason="holidays")
    assert moved.pending == PendingNumbers(kept=1, paused=2)
    assert stops(lab)[1].status_reason == "paused with its bot by ann: holidays"
    lab.advance(hours=13)
    assert statuses(lab) == ["paused"] * 3
    assert preview_resume(lab.client, "nightly") == PendingNumbers(kept=1, resumed=2)
    assert resume_bot(lab.client, "nightly").pending == PendingNumbers(kept=1, resumed=2)
    lab.settle()
    assert statuses(lab)[:3] == ["paused", "succeeded", "succeeded"]


def test_what_is_no_longer_wanted_is_not_resumed(lab: Lab) -> None:
    pause_bot(lab.client, "nightly", pending=PendingEvents.PAUSE)
    retag(lab, 1, env="prod")
    assert preview_resume(lab.client, "nightly") == PendingNumbers(resumed=2, cancelled=1)
    assert resume_bot(lab.client, "nightly").pending == PendingNumbers(resumed=2, cancelled=1)
    reason = "no longer matches bot nightly: wants tag env = dev, but it is prod"
    assert (stops(lab)[1].status, stops(lab)[1].status_reason) == ("cancelled", reason)


def test_what_cannot_be_judged_is_resumed_and_counted(lab: Lab) -> None:
    pause_bot(lab.client, "nightly", pending=PendingEvents.PAUSE)
    apply_bot(lab.client, definition(filters=(FilterUse("custom.filter"),)))
    assert preview_resume(lab.client, "nightly") == PendingNumbers(resumed=3, unsure=3)
    moved = resume_bot(lab.client, "nightly")
    assert moved.pending == PendingNumbers(resumed=3, unsure=3)
    assert moved.pending.in_words() == "resume 3 (3 of them because nobody can say)"


def test_pausing_may_cancel_and_does_it_to_a_paused_bot_too(lab: Lab) -> None:
    assert pause_bot(lab.client, "nightly").pending == PendingNumbers(kept=3)
    moved = pause_bot(lab.client, "nightly", pending=PendingEvents.CANCEL, actor="ann")
    assert moved.pending == PendingNumbers(cancelled=3)
    assert {event.status_reason for event in stops(lab)} == {"bot paused by ann"}
    (planned,) = (event for event in lab.events(event_type="duetime.run_bot") if event.recurring)
    assert planned.status is EventStatus.PAUSED


def test_archiving_says_beforehand_what_it_cancels(lab: Lab) -> None:
    assert preview_archive(lab.client, "nightly") == PendingNumbers(cancelled=3)
    assert archive_bot(lab.client, "nightly")[1] == 4  # its next run too
    assert preview_archive(lab.client, "nightly") == PendingNumbers()
    assert preview_archive(lab.client, "nightly").in_words() == "change nothing"


def test_a_new_owner_is_the_owner_of_the_next_run(lab: Lab) -> None:
    apply_bot(lab.client, definition(owner="divvyuser:7"))
    (planned,) = (event for event in lab.events(event_type="duetime.run_bot") if event.recurring)
    assert planned.user_resource_id == "divvyuser:7"


def test_the_audit_trail_has_the_numbers(lab: Lab) -> None:
    pause_bot(lab.client, "nightly", pending=PendingEvents.PAUSE, actor="ann")
    with lab.app.store.read() as tx:
        entry = tx.audit.about(f"bot:{tx.bots.by_name('nightly').bot_id}")[0]
    assert (entry.verb, entry.after and entry.after["pending"]["paused"]) == ("bot.pause", 3)
