from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duetime.bots.action import Action
from duetime.builtin import actions
from duetime.core.bots import Bot, BotDefinition
from duetime.core.errors import Invalid, InvalidSetting, UnknownEventType
from duetime.core.events import Event
from duetime.core.registration import Registries
from duetime.core.resources import Resource
from duetime.core.statuses import EventStatus
from duetime.schedule import Daily, Once
from duetime.scheduling.client import Client

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
BOT = Bot(7, BotDefinition("nightly", owner="divvyuser:7"))
STOP = {"event_type": "divvy.stop_resource"}
Act = Callable[..., list[Event]]


@pytest.fixture
def action(registries: Registries, load: Callable[..., None]) -> Callable[[str], Action]:
    load(actions)

    def find(name: str) -> Action:
        found: Action = registries.actions.require(f"duetime.action.{name}").item
        return found

    return find


@pytest.fixture
def act(action: Callable[[str], Action], client: Client, events: Callable[[], list[Event]]) -> Act:
    """Return a function that carries out an action and returns every event there is then, by id."""

    def run(name: str, resources: Sequence[Resource], rest: Sequence[Resource] = (), **settings: Any) -> list[Event]:
        chosen = action(name)
        chosen.function(BOT, chosen.settings(settings), resources, rest)
        return events()

    return run


@pytest.mark.parametrize(
    ("told", "due_at"),
    [
        ({"after": "10s"}, NOW + timedelta(seconds=10)),
        ({"after": "3d"}, NOW + timedelta(days=3)),
        ({"after": 12}, NOW + timedelta(hours=12)),
        ({"after": 0}, NOW),
        ({"now": True}, NOW),
        ({"now": False, "after": "10s"}, NOW + timedelta(seconds=10)),
        ({"at": "2026-03-02T19:00:00+01:00"}, datetime(2026, 3, 2, 18, tzinfo=UTC)),
        ({"at": "2020-01-01T00:00:00Z"}, NOW),
        ({"at": "19:00"}, datetime(2026, 3, 2, 19, tzinfo=UTC)),
        ({"at": "12:00"}, datetime(2026, 3, 3, 12, tzinfo=UTC)),
        ({"at": "9:00"}, datetime(2026, 3, 3, 9, tzinfo=UTC)),
        ({"at": "19:00", "timezone": "Europe/Berlin"}, datetime(2026, 3, 2, 18, tzinfo=UTC)),
        ({"at": "19:00", "timezone": "America/New_York"}, datetime(2026, 3, 3, 0, tzinfo=UTC)),
    ],
)
def test_one_event_is_due_when_the_settings_say(
    act: Act, make: Callable[..., Resource], told: dict[str, Any], due_at: datetime
) -> None:
    (event,) = act("schedule_event", [make()], **STOP, **told)
    assert event.due_at == due_at
    assert not event.recurring


def test_the_clocks_of_the_zone_are_followed_over_a_change(act: Act, make: Callable[..., Resource], clock: Any) -> None:
    clock.moment = datetime(2026, 3, 28, 20, tzinfo=UTC)
    (event,) = act("schedule_event", [make()], **STOP, at="19:00", timezone="Europe/Berlin")
    assert event.due_at == datetime(2026, 3, 29, 17, tzinfo=UTC)


def test_a_schedule_makes_a_recurring_event(act: Act, make: Callable[..., Resource]) -> None:
    (event,) = act("schedule_event", [make()], **STOP, schedule={"_type": "daily", "time_of_day": "19:00"})
    assert event.schedule == Daily("19:00")


def test_everything_else_is_passed_on(act: Act, make: Callable[..., Resource]) -> None:
    (event,) = act(
        "schedule_event",
        [make()],
        **STOP,
        after="1h",
        args={"force": True},
        description="Stop it.",
        recheck=True,
        expires_after="2h",
    )
    assert event.args == {"force": True}
    assert event.description == "Stop it."
    assert event.recheck
    assert event.expires_at == NOW + timedelta(hours=3)
    assert (event.bot_id, event.user_resource_id, event.created_by) == (7, "divvyuser:7", "bot:nightly")
    assert event.resource_id == "instance:10:us-east-1:i-1:"


def test_every_match_gets_an_event_for_the_same_time(act: Act, make: Callable[..., Resource]) -> None:
    events = act("schedule_event", [make(f"i-{n}") for n in range(5)], [make("i-9")], **STOP, after="1h")
    assert [event.resource_id for event in events] == [f"instance:10:us-east-1:i-{n}:" for n in range(5)]
    assert {event.due_at for event in events} == {NOW + timedelta(hours=1)}


@pytest.mark.parametrize(
    ("on_existing", "due"),
    [({}, [1]), ({"on_existing": "keep"}, [1]), ({"on_existing": "replace"}, [2]), ({"on_existing": "add"}, [1, 2])],
)
def test_the_next_run_does_what_on_existing_says(
    act: Act, make: Callable[..., Resource], on_existing: dict[str, str], due: list[int]
) -> None:
    act("schedule_event", [make()], **STOP, after="1h")
    events = act("schedule_event", [make()], **STOP, **on_existing, after="2h")
    assert [event.due_at for event in events] == [NOW + timedelta(hours=hours) for hours in due]


@pytest.mark.parametrize(
    ("settings", "name", "said"),
    [
        ({"after": "1h"}, "event_type", "is required"),
        ({**STOP}, "after", "one of after, at, schedule, now must say when"),
        ({**STOP, "after": "1h", "at": "19:00"}, "at", "cannot be given together with after"),
        ({**STOP, "at": "19:00", "schedule": {"_type": "hourly"}}, "schedule", "cannot be given together with at"),
        ({**STOP, "after": "soon"}, "after", "must be a length of time"),
        ({**STOP, "at": "half past nine"}, "at", "must be an instant"),
        ({**STOP, "at": "19:00", "timezone": "Europe/Berlim"}, "timezone", "Europe/Berlim"),
        ({**STOP, "after": "1h", "timezone": "UTC"}, "timezone", "is for `at` with a time of day"),
        ({**STOP, "at": "2026-01-31T19:00:00Z", "timezone": "UTC"}, "timezone", "is for `at` with a time of day"),
        ({**STOP, "schedule": {"_type": "dayly"}}, "schedule", "_type must be one of"),
        ({**STOP, "after": "1h", "args": "{}"}, "args", "must be a mapping"),
        ({**STOP, "after": "1h", "on_existing": "keeep"}, "on_existing", "must be one of keep, replace, add"),
        ({**STOP, "after": "1h", "recheck": "yes"}, "recheck", "must be true or false"),
        ({**STOP, "after": "1h", "expires_after": "-1h"}, "expires_after", "must be a length of time"),
        ({**STOP, "after": "1h", "event_typ": "x"}, "event_typ", "Did you mean event_type"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    action: Callable[[str], Action], settings: dict[str, Any], name: str, said: str
) -> None:
    with pytest.raises(InvalidSetting, match=said) as caught:
        action("schedule_event").settings(settings)
    assert caught.value.name == name


def test_what_the_scheduler_refuses_leaves_nothing(act: Act, make: Callable[..., Resource]) -> None:
    with pytest.raises(UnknownEventType, match=r"Did you mean divvy\.stop_resource"):
        act("schedule_event", [make()], event_type="divvy.stop_resourc", after="1h")
    with pytest.raises(Invalid):
        act("schedule_event", [make()], **STOP, after="1h", args={"text": "\x00"})
    assert not act("schedule_event", [], **STOP, after="1h")


def test_a_schedule_that_never_fires_is_refused() -> None:
    ever = {"at": Once(when="9999-12-31T23:00:00Z").instant.time()}
    with pytest.raises(Invalid, match="There is no such time any more"):
        actions.due(ever, now=datetime(9999, 12, 31, 23, 30, tzinfo=UTC))


def test_events_of_what_no_longer_matches_are_taken_back(act: Act, make: Callable[..., Resource]) -> None:
    both = [make("i-1"), make("i-2")]
    act("schedule_event", both, **STOP, after="1h")
    act("schedule_event", both, event_type="divvy.start_resource", after="2h")
    events = act("unschedule_events", [make("i-1")], [make("i-2")], event_type="divvy.stop_resource")
    assert [(event.event_type, event.status) for event in events] == [
        ("divvy.stop_resource", EventStatus.SCHEDULED),
        ("divvy.stop_resource", EventStatus.CANCELLED),
        ("divvy.start_resource", EventStatus.SCHEDULED),
        ("divvy.start_resource", EventStatus.SCHEDULED),
    ]
    assert events[1].status_reason == "no longer matches bot nightly"
    events = act("unschedule_events", [], [make("i-2")], reason="exempt")
    assert [event.status for event in events].count(EventStatus.CANCELLED) == 2
    assert events[3].status_reason == "exempt"


def test_events_of_another_bot_stay(act: Act, make: Callable[..., Resource], client: Client) -> None:
    client.schedule("divvy.stop_resource", NOW + timedelta(hours=1), resource_id=make().resource_id)
    (event,) = act("unschedule_events", [], [make()])
    assert event.status is EventStatus.SCHEDULED


def test_unscheduling_asks_for_what_does_not_match(action: Callable[[str], Action]) -> None:
    assert action("unschedule_events").wants_complement
    assert not action("schedule_event").wants_complement
    with pytest.raises(InvalidSetting, match="event_type"):
        action("unschedule_events").settings({"event_type": 5})


def test_owners_opt_in_and_out(act: Act, make: Callable[..., Resource]) -> None:
    resources = [make("i-1"), make("i-2", tags={"auto": ""}), make("i-3", tags={"auto": "", "keep": "no"})]
    events = act("schedule_event", resources, **STOP, now=True, opt_in_tag="auto", opt_out_tag="keep")
    assert [event.resource_id for event in events] == ["instance:10:us-east-1:i-2:"]


def test_templates_are_rendered_for_each_resource_and_one_that_fails_stops_no_other(
    act: Act, make: Callable[..., Resource], caplog: pytest.LogCaptureFixture
) -> None:
    events = act(
        "schedule_event",
        [make("i-1", tags={"owner": "ann"}), make("i-2"), make("i-3", tags={"owner": "bob"})],
        **STOP,
        after="1h",
        templates=True,
        args={"why": ["for {{ resource.tags.owner }} at {{ event.due_at }}"]},
        description="{{ resource.provider_id }} of {{ account.name }}",
    )
    assert [(event.args, event.description) for event in events] == [
        ({"why": ["for ann at 2026-03-02 13:00 UTC"]}, "i-1 of 10"),
        ({"why": ["for bob at 2026-03-02 13:00 UTC"]}, "i-3 of 10"),
    ]
    assert "instance:10:us-east-1:i-2:" in caplog.text
    assert "args.why.0: 'dict object' has no attribute 'owner'" in caplog.text


def test_texts_are_no_templates_unless_it_is_said(act: Act, make: Callable[..., Resource]) -> None:
    (event,) = act("schedule_event", [make()], **STOP, after="1h", args={"why": "{{ x }}"}, description="{{ y }}")
    assert (event.args, event.description) == ({"why": "{{ x }}"}, "{{ y }}")


def test_a_faulty_template_is_refused_with_the_bot(action: Callable[[str], Action]) -> None:
    settings = {**STOP, "now": True, "templates": True, "args": {"a": "{{ resorce.name }}"}}
    with pytest.raises(InvalidSetting, match=r"Setting args: a: .* did you mean resource"):
        action("schedule_event").settings(settings)


@pytest.mark.parametrize("flag", [True, False])
def test_it_may_be_cancelled_when_compliant(act: Act, make: Callable[..., Resource], flag: bool) -> None:
    (event,) = act("schedule_event", [make()], **STOP, after="1h", cancel_when_compliant=flag)
    assert event.cancel_when_compliant is flag
