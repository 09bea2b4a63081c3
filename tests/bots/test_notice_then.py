"""Ladders of notices that end in an act, over many runs of a bot."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duetime.builtin import notice_then
from duetime.core.destinations import Destinations, NoticeDestination, Secret
from duetime.core.errors import InvalidDocument
from duetime.core.events import Event
from duetime.core.json_types import canonical
from duetime.core.resources import Resource
from duetime.testing import Lab

STOP, LOG = "divvy.stop_resource", "duetime.log"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
LADDER = {"after": "3d", "notices": ["now", "1d", "1h"], "via": LOG, "act": {"event_type": STOP}}
PLACE = {"account": "1", "region": "eu-west-1"}


def bot(*ladders: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return {
        "name": "tidy",
        "filters": [{"uid": "duetime.filter.tag_absent", "settings": {"key": "owner"}}],
        "actions": [{"uid": notice_then.NOTICE_THEN, "settings": LADDER | each} for each in ladders or ({},)],
        "schedule": "17 * * * *",
        **parts,
    }


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(now=NOON) as lab:
        yield lab


def begin(lab: Lab, *ladders: dict[str, Any], tags: dict[str, str] | None = None, **parts: Any) -> Resource:
    resource = lab.cloud.add(name="web", state="running", tags=tags or {}, **PLACE)
    lab.harvest()
    lab.apply(bot(*ladders, **parts))
    lab.run_bot("tidy")
    return resource


def sent(lab: Lab) -> list[datetime]:
    return [run.due_at for run in lab.runs(event_type=LOG, status="succeeded")]


def live(lab: Lab) -> list[Event]:
    return [event for event in lab.events() if not event.status.is_final and event.event_type in (STOP, LOG)]


def test_each_notice_is_sent_once_and_the_act_comes_over_many_runs(lab: Lab) -> None:
    resource = begin(lab)
    lab.advance(days=3)  # 72 runs of the bot
    assert sent(lab) == [NOON, NOON + timedelta(days=2), NOON + timedelta(days=2, hours=23)]
    (stopped,) = lab.runs(event_type=STOP)
    assert (stopped.due_at, stopped.status) == (NOON + timedelta(days=3), "succeeded")
    assert len(lab.runs(event_type="duetime.run_bot")) >= 72
    said = f"{STOP} at 2026-03-05 12:00 UTC"
    assert {run.result for run in lab.runs(event_type=LOG)} == {f"tidy: {said}: web: {said}"}
    found = lab.cloud.get(resource)
    assert found is not None
    assert found.state == "stopped"


def test_a_resource_that_complies_leaves_and_a_later_offence_begins_anew(lab: Lab) -> None:
    resource = begin(lab)
    lab.advance(days=1)
    lab.cloud.set_tags(resource, {"owner": "ann"})
    lab.harvest()
    lab.advance(hours=1)
    assert live(lab) == []
    assert {event.status_reason.partition(":")[0] for event in lab.events(status="cancelled")} == {
        "no longer matches bot tidy"
    }
    lab.cloud.set_tags(resource, {})
    lab.harvest()
    lab.advance(hours=1)
    again = datetime(2026, 3, 3, 13, 17, tzinfo=UTC)
    assert sent(lab) == [NOON, again]
    lab.advance(days=3)
    assert sent(lab)[1:4] == [again, again + timedelta(days=2), again + timedelta(days=2, hours=23)]
    assert [run.due_at for run in lab.runs(event_type=STOP)] == [again + timedelta(days=3)]


def test_a_fresh_read_stops_notices_and_act_of_what_complies_already(lab: Lab) -> None:
    resource = begin(lab, schedule=None)
    lab.cloud.set_tags(resource, {"owner": "ann"})  # and nobody harvests
    lab.advance(days=3)
    assert [run.status for run in lab.runs(event_type=STOP)] == ["skipped"]
    assert sent(lab) == [NOON]


def test_after_an_outage_the_newest_notice_alone_is_sent(lab: Lab) -> None:
    begin(lab)
    lab.clock.move_to(NOON + timedelta(days=2, hours=23, minutes=30))  # nothing runs meanwhile
    lab.settle()
    assert sent(lab) == [NOON, NOON + timedelta(days=2, hours=23)]
    assert [event.due_at for event in lab.events(event_type=LOG, status="expired")] == [NOON + timedelta(days=2)]
    lab.advance(hours=1)
    assert len(lab.runs(event_type=STOP, status="succeeded")) == 1


def test_two_ladders_of_one_bot_keep_apart(lab: Lab) -> None:
    begin(
        lab, {}, {"after": "2d", "notices": ["1h"], "act": {"event_type": "divvy.start_resource"}, "opt_out_tag": "x"}
    )
    lab.advance(days=1, hours=23, minutes=59)
    assert sent(lab) == [NOON, NOON + timedelta(days=1, hours=23)]
    assert len([event for event in live(lab) if event.event_type == LOG]) == 2
    lab.advance(minutes=1)
    assert len(lab.runs(event_type="divvy.start_resource", status="succeeded")) == 1
    lab.advance(days=1)
    assert len(lab.runs(event_type=STOP)) == 1


def test_an_owner_who_opts_out_takes_back_one_ladder_and_not_the_other(lab: Lab) -> None:
    resource = begin(lab, {"opt_out_tag": "later"}, {"after": "2d", "act": {"event_type": "divvy.start_resource"}})
    lab.cloud.set_tags(resource, {"later": ""})
    lab.harvest()
    lab.advance(hours=1)
    assert {event.status_reason for event in lab.events(status="cancelled")} == {"its owner does not want it"}
    assert [event.event_type for event in lab.events(event_type=STOP, status="cancelled")] == [STOP]
    assert len(lab.events(event_type=LOG, status="cancelled")) == 2
    assert len([event for event in live(lab) if event.event_type == LOG]) == 2
    (other,) = (event for event in lab.events(event_type="divvy.start_resource") if not event.status.is_final)
    assert other.due_at == NOON + timedelta(days=2)


def test_a_ladder_goes_whole_where_the_act_changes_what_the_filters_ask(lab: Lab) -> None:
    running = {"uid": "duetime.filter.state", "settings": {"values": ["running"]}}
    resource = begin(lab, filters=[running])
    lab.cloud.set_state(resource, "stopped")
    lab.harvest()
    lab.advance(hours=1)
    assert live(lab) == []


def test_an_act_that_a_person_cancels_begins_a_ladder_without_what_was_left(lab: Lab) -> None:
    begin(lab)
    (act,) = lab.events(event_type=STOP)
    lab.client.cancel(act.event_id, actor="ann")
    lab.advance(minutes=20)
    assert sent(lab) == [NOON, NOON + timedelta(minutes=17)]
    assert sorted(event.due_at - NOON for event in live(lab)) == [
        timedelta(days=2, minutes=17),
        timedelta(days=2, hours=23, minutes=17),
        timedelta(days=3, minutes=17),
    ]


def test_a_template_that_fails_leaves_out_its_resource_alone(lab: Lab) -> None:
    good = lab.cloud.add(name="good", tags={"team": "x"}, **PLACE)
    begin(lab, {"act": {"event_type": LOG, "args": {"message": "{{ resource.tags.team }}"}}})
    assert [event.resource_id for event in live(lab)] == [good.resource_id] * 3
    (run,) = lab.runs(event_type="duetime.run_bot")
    assert run.status == "failed"
    assert "message: 'dict object' has no attribute 'team'" in str(run)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"notices": ["4d"]}, "4d before the act is earlier than the bot run"),
        ({"notices": ["soon"]}, "must be a length of time"),
        ({"notices": [f"{n}m" for n in range(1, 22)]}, "at most|can be 20"),
        ({"after": "0s", "notices": ["now"]}, "must leave some time"),
        ({"via": "duetime.message"}, "must say who is told"),
        ({"via": "duetime.message", "to": ["no such name!"]}, "tag:KEY or badge:KEY"),
        ({"act": {"event_type": "divvy.stop_resorce"}}, "no event type 'divvy.stop_resorce'.*did you mean"),
        ({"act": {"event": STOP}}, "no key 'event'; did you mean 'event_type'"),
        ({"act": {"event_type": STOP, "args": {"a": ["{{ b }}"]}}}, "a.0: the template names 'b'"),
        ({"body": "{{ akt.due_at }}"}, "names 'akt'"),
    ],
)
def test_what_does_not_fit_is_refused_when_the_bot_is_applied(lab: Lab, settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidDocument, match=problem):
        lab.apply(bot(settings))


def test_recipients_differ_by_resource_and_are_equal_for_the_resources_of_one() -> None:
    ways = Destinations(tuple(NoticeDestination(name, (Secret("json://127.0.0.1:9/"),)) for name in ("ann", "ops")))
    told = {"via": "duetime.message", "notices": ["1d"], "to": ["tag:team"], "fallback": ["ops"]}
    with Lab(now=NOON, destinations=ways) as lab:
        for name, team in (("a", "x@example.org"), ("b", "x@example.org"), ("c", "nobody")):
            lab.cloud.add(name=name, tags={"team": team}, **PLACE)
        begin(lab, {**told, "recipients": {"x@example.org": "ann"}}, tags={"team": "ann"})
        notices = lab.events(event_type="duetime.message")
        assert sorted(event.args["to"] for event in notices) == [["ann"], ["ann"], ["ann"], ["ops"]]
        assert len({canonical(event.args) for event in notices}) == 2
        (run,) = lab.runs(event_type="duetime.run_bot")
        assert run.status == "succeeded"
        (action,) = json.loads(run.result or "")["actions"]
        assert action["warned"] == 1
        assert "tag team says 'nobody', which is no destination" in action["warnings"][0]
        assert "told instead: ops" in action["warnings"][0]


def test_no_ladder_begins_of_which_nobody_can_be_told(lab: Lab) -> None:
    begin(lab, {"via": "duetime.message", "to": ["tag:team"]})
    assert live(lab) == []
    (run,) = lab.runs(event_type="duetime.run_bot")
    assert "Nobody can be told: it has no tag team" in run.error
