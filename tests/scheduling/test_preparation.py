"""What may be said of an event that is asked for, and what is refused before anything is written."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from tests.scheduling.asking import HOUR, VM, Bot, Events, ask, on_both, run

from duetime.core.errors import (
    Invalid,
    InvalidArguments,
    InvalidInstant,
    InvalidResourceId,
    InvalidSchedule,
    UnknownEventType,
)
from duetime.core.resources import Resource
from duetime.schedule import Daily, Once
from duetime.scheduling.client import Client
from duetime.store.tables import events


@pytest.mark.parametrize(
    "resource", [VM, Resource.of(resource_type="instance", account="10", region="us-east-1", provider_id="i-1")]
)
def test_a_resource_may_be_itself_or_its_id(client: Client, events: Events, now: datetime, resource: Any) -> None:
    run(lambda tracker: ask(tracker, now + HOUR, resource=resource))
    assert events()[0].resource_id == VM


@pytest.mark.parametrize("data", ['{"to": "ada", "times": 2}', {"times": 2, "to": "ada"}])
def test_arguments_may_be_a_json_text_or_an_object(client: Client, events: Events, now: datetime, data: Any) -> None:
    run(lambda tracker: ask(tracker, now + HOUR, event_type="test.mail", action_data=data))
    assert events()[0].args == {"to": "ada", "times": 2}


@pytest.mark.parametrize(
    ("when", "error"),
    [
        (datetime(2026, 1, 1), InvalidInstant),
        ("every day", InvalidSchedule),
        (None, InvalidSchedule),
        (5, InvalidSchedule),
        ({"_type": "lunar"}, InvalidSchedule),
        ({"_type": "cron", "version": 1, "expression": "0 0 31 2 *"}, InvalidSchedule),
    ],
)
def test_a_schedule_that_is_none_is_refused(client: Client, events: Events, when: Any, error: type[Invalid]) -> None:
    with pytest.raises(error):
        run(lambda tracker: ask(tracker, when))
    assert not events()


@pytest.mark.parametrize(
    "resource", ["", "i-1", "instance:10:us-east-1:i-1", "instance:10::i-1:", "instance:10:x:i\x00:"]
)
def test_a_resource_id_that_is_none_is_refused(client: Client, resource: str, now: datetime) -> None:
    with pytest.raises(InvalidResourceId):
        run(lambda tracker: ask(tracker, now, resource=resource))


def test_a_naive_once_is_utc_and_a_past_one_is_due_now(client: Client, events: Events, now: datetime) -> None:
    run(lambda tracker: ask(tracker, Once(when=(now + HOUR).replace(tzinfo=None)), bot=None))
    run(lambda tracker: ask(tracker, Once(when=now - HOUR), bot=None))
    assert [event.due_at for event in events()] == [now + HOUR, now]


@on_both
def test_texts_that_no_database_takes_are_mended(client: Client, events: Events, now: datetime) -> None:
    bot = Bot(name="night\x00ly \ud83d", owner="divvyuser:\ud800")
    run(lambda tracker: ask(tracker, now + HOUR, bot=bot, description="a\x00b \ud800" + "x" * 5000))
    event = events()[0]
    assert event.description.startswith("a\ufffdb ?xxx")
    assert len(event.description) == 1000
    assert (event.created_by, event.user_resource_id) == ("bot:night\ufffdly ?", "divvyuser:?")
    run(lambda tracker: tracker.unschedule_bot_events(bot=bot, resource=VM, reason="\x00\ud800"))
    assert events()[0].status_reason == "\ufffd?"


def test_recurring_schedules_and_options_are_kept(client: Client, events: Events) -> None:
    run(lambda tracker: ask(tracker, Daily(time_of_day="19:00"), catch_up="all", recheck=True))
    event = events()[0]
    assert event.recurring
    assert (event.catch_up, event.recheck, event.expires_at) == ("all", True, None)


def test_a_destructive_type_is_rechecked_expires_and_holds(client: Client, events: Events, now: datetime) -> None:
    run(lambda tracker: ask(tracker, now + HOUR, event_type="test.delete"))
    run(lambda tracker: ask(tracker, now + HOUR, event_type="test.delete", bot=None, recheck=False))
    bots, own = events()
    assert (bots.recheck, bots.expires_at, bots.on_lost) == (True, now + 25 * HOUR, "hold")
    assert own.recheck is False


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ("", "an empty text is not a JSON object"),
        ("{", "the text is not JSON"),
        ("[]", "a JSON object is needed, not list"),
        ("null", "a JSON object is needed, not NoneType"),
        ([], "a JSON object is needed, not list"),
        (0, "a JSON object is needed, not int"),
        ({1: 2}, "keys must be text, not 1"),
        ('{"to": NaN}', "NaN is not JSON"),
        ('{"to": "x", "note": 1e999}', "cannot be written as JSON"),
        ({"to": "x", "note": float("nan")}, "cannot be written as JSON"),
        ({"to": "x", "note": {1, 2}}, "cannot be written as JSON"),
        ({"to": "\x00"}, "the NUL character"),
        ({"to": "x", "note": [{"deep\x00": 1}]}, "the NUL character"),
        ('{"to": "\\u0000"}', "the NUL character"),
        ({"to": "\ud800"}, "half of a surrogate pair"),
        ({"to": "x" * 70_000}, "at most 65536 are allowed"),
        ({}, "the job needs the argument 'to'"),
        (None, "the job needs the argument 'to'"),
        ({"to": 5}, "argument 'to' must be of type string, not 5"),
        ({"to": "x", "times": True}, "argument 'times' must be of type integer, not True"),
        (
            {"to": "x", "time": 1},
            "the job takes no argument 'time'; did you mean times or note (it takes: note, times, to)",
        ),
        ({"to": "x", "resource_id": "y"}, "'resource_id' is given by duetime"),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_arguments_that_the_job_would_not_take_are_refused(
    client: Client, events: Events, now: datetime, args: Any, problem: str
) -> None:
    with pytest.raises(InvalidArguments) as error:
        run(lambda tracker: ask(tracker, now, event_type="test.mail", action_data=args))
    assert problem in str(error.value)
    with pytest.raises(InvalidArguments):
        client.schedule("test.mail", now, args=args)
    assert not events()


def test_a_nested_thing_without_end_is_refused(client: Client, now: datetime) -> None:
    endless: dict[str, Any] = {}
    endless["note"] = endless
    deep = '{"to": "x", "note": ' + "[" * 100_000 + "]" * 100_000 + "}"
    for args in (endless, deep):
        with pytest.raises(InvalidArguments):
            client.schedule("test.mail", now, args=args)


def test_own_keywords_are_refused_of_unknown_types_too(client: Client, now: datetime) -> None:
    with pytest.raises(InvalidArguments, match="'scheduled_event_id' is given by duetime"):
        client.schedule("nobody.knows", now, args={"scheduled_event_id": 7}, allow_unknown=True)


def test_the_largest_arguments_can_be_set(client: Client, now: datetime) -> None:
    small = Client(client.store, max_argument_bytes=20)
    with pytest.raises(InvalidArguments, match="at most 20 are allowed"):
        small.schedule("test.mail", now, args={"to": "somebody far away"})


def test_equal_arguments_have_equal_texts(client: Client, now: datetime) -> None:
    first = client.schedule("test.mail", now, args={"to": "x", "times": 1})
    second = client.schedule("test.mail", now, args=' { "times" : 1, "to" : "x" } ')
    assert first.args == second.args


def test_an_unknown_type_is_refused_with_the_nearest_names(client: Client, events: Events, now: datetime) -> None:
    with pytest.raises(UnknownEventType, match=r"Did you mean test\.mail or") as error:
        client.schedule("test.mial", now)
    assert "let the event wait for a handler: --allow-unknown" in str(error.value)
    assert not events()


def test_an_unknown_type_may_wait_and_holds_when_lost(client: Client, now: datetime) -> None:
    event = client.schedule("nobody.knows", now, args={"any": "thing"}, allow_unknown=True)
    assert (event.on_lost, event.expires_at) == ("hold", None)


@pytest.mark.parametrize("event_type", ["a\x00b", "half \ud800"])
def test_a_type_that_no_database_takes_is_refused(client: Client, now: datetime, event_type: str) -> None:
    with pytest.raises(Invalid):
        client.schedule(event_type, now, allow_unknown=True)


@pytest.mark.parametrize("span", [timedelta(0), timedelta(seconds=-1)])
def test_an_event_that_could_never_start_is_refused(client: Client, now: datetime, span: timedelta) -> None:
    with pytest.raises(Invalid, match="expires_after must be longer than nothing"):
        client.schedule("test.job", now, expires_after=span)


def test_an_expiry_past_the_calendar_is_none(client: Client, now: datetime) -> None:
    assert client.schedule("test.job", now, expires_after=timedelta.max).expires_at is None


def test_a_catch_up_rule_that_is_none_is_refused(client: Client, now: datetime) -> None:
    with pytest.raises(Invalid, match="catch_up must be one of latest, all, skip, not 'some'"):
        client.schedule("test.job", now, catch_up="some")


def test_events_that_one_call_may_serve_share_a_key(client: Client, now: datetime) -> None:
    def key(**parts: Any) -> int | None:
        event = client.schedule("test.group", now, **parts)
        with client.store.read() as tx:
            statement = select(events.c.group_key).where(events.c.event_id == event.event_id)
            found: int | None = tx.claims._connection.execute(statement).scalar_one()
            return found

    first = key(resource_id="instance:10:us-east-1:i-1:")
    assert key(resource_id="instance:10:us-east-1:i-2:") == first
    assert key(resource_id="instance:20:us-east-1:i-1:") != first
    assert key(resource_id="instance:10:eu-west-1:i-1:") != first
    assert key(resource_id="instance:10:us-east-1:i-1:", args={"a": 1}) != first
    assert key() is None
