from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import event

from duetime.bots.matching import resolve
from duetime.bots.report import BotRunReport
from duetime.bots.run import Found, run_actions
from duetime.bots.templates import render
from duetime.builtin import actions, follow_tag
from duetime.core.bots import ActionUse, Bot, BotDefinition
from duetime.core.errors import InvalidSetting
from duetime.core.event_types import EventType
from duetime.core.events import Event
from duetime.core.registration import Registries
from duetime.core.resources import Resource
from duetime.core.statuses import EventStatus
from duetime.schedule import Daily, Weekly
from duetime.schedule.windows import Windows
from duetime.scheduling.client import Client
from duetime.store.store import Store

START, STOP = "divvy.start_resource", "divvy.stop_resource"
Live = Callable[[], list[tuple[str, Any]]]
Run = Callable[..., BotRunReport]


@pytest.fixture
def run(registries: Registries, load: Callable[..., None], client: Client) -> Run:
    load(follow_tag)

    def go(*matches: Resource, rest: tuple[Resource, ...] = (), **settings: Any) -> BotRunReport:
        bot = Bot(7, BotDefinition("hours", actions=(ActionUse(follow_tag.FOLLOW_TAG, settings),)))
        return run_actions(bot, resolve(bot.definition, registries), Found(matches, rest))

    return go


@pytest.fixture
def live(events: Callable[[], list[Event]]) -> Live:
    return lambda: [(each.event_type, each.schedule) for each in events() if not each.status.is_final]


def test_a_resource_with_the_tag_is_started_and_stopped(run: Run, live: Live, make: Callable[..., Resource]) -> None:
    run(make(tags={"schedule": "workdays-8-19@Europe/Berlin"}), make("i-2"))
    days = [0, 1, 2, 3, 4]
    assert live() == [
        (START, Weekly(days, "08:00", timezone="Europe/Berlin")),
        (STOP, Weekly(days, "19:00", timezone="Europe/Berlin")),
    ]


def test_the_next_run_leaves_what_is_right(
    run: Run, events: Callable[[], list[Event]], make: Callable[..., Resource], clock: Any
) -> None:
    resource = make(tags={"schedule": "mon-8-9;tue-10-11"})
    run(resource)
    before = events()
    clock.moment = datetime(2026, 3, 2, 13, tzinfo=UTC)
    run(resource)
    assert events() == before
    assert len(before) == 4


@pytest.mark.parametrize("after", ["daily-6-22", "mon-8-9;tue-10-11;wed-12-13", "never"])
def test_a_changed_tag_replaces_the_events(run: Run, live: Live, make: Callable[..., Resource], after: str) -> None:
    run(make(tags={"schedule": "mon-8-9;tue-10-11"}))
    run(make(tags={"schedule": after}))
    wanted = Windows.read(after)
    assert sorted(live(), key=repr) == sorted(
        [*((START, each) for each in wanted.starts), *((STOP, each) for each in wanted.stops)], key=repr
    )


def test_a_tag_that_is_taken_off_takes_the_events_back(
    run: Run, events: Callable[[], list[Event]], make: Callable[..., Resource]
) -> None:
    run(make(tags={"schedule": "daily-6-22"}))
    run(make())
    assert [event.status for event in events()] == [EventStatus.CANCELLED] * 2
    assert {event.status_reason for event in events()} == {"it follows no schedule tag any more"}


def test_what_the_bot_no_longer_finds_is_left_alone(run: Run, live: Live, make: Callable[..., Resource]) -> None:
    resource = make(tags={"schedule": "daily-6-22"})
    run(resource)
    run(rest=(resource,))
    assert live() == []


def test_a_bad_tag_is_reported_and_stops_no_other(run: Run, live: Live, make: Callable[..., Resource]) -> None:
    run(make(tags={"schedule": "daily-6-22"}))
    bad = make(tags={"schedule": "daily-6-" + "\N{SNOWMAN}" * 248})
    report = run(bad, make("i-2", tags={"schedule": "daily-1-2"}))
    (action,) = report.actions
    assert action.failed == 1
    assert "i-1" in action.errors[0]
    assert "must be an hour from 0 to 24" in action.errors[0]
    assert len(live()) == 4  # what the earlier value asked for stands


def test_a_default_is_for_those_without_the_tag(run: Run, live: Live, make: Callable[..., Resource]) -> None:
    run(make(), default="daily-6-22", start_event_type=START)
    assert live() == [(START, Weekly(range(7), "06:00")), (STOP, Weekly(range(7), "22:00"))]


@pytest.mark.parametrize(("value", "done"), [("mon-8-19", START), ("mon-13-19", STOP)])
def test_catching_up_does_what_the_last_edge_would_have_done_once(
    run: Run, events: Callable[[], list[Event]], make: Callable[..., Resource], value: str, done: str
) -> None:
    for _ in range(2):
        run(make(tags={"schedule": value}), catch_up_now=True)
    (one_off,) = (event for event in events() if not event.recurring)
    assert one_off.event_type == done
    assert one_off.due_at == datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("settings", "name"),
    [({"default": "daily-6-30"}, "default"), ({"start_event_type": STOP}, "stop_event_type"), ({"tag": 5}, "tag")],
)
def test_settings_that_do_not_fit_are_refused(
    registries: Registries, run: Run, settings: dict[str, Any], name: str
) -> None:
    with pytest.raises(InvalidSetting) as caught:
        registries.actions.require(follow_tag.FOLLOW_TAG).item.settings(settings)
    assert caught.value.name == name


def test_owner_tags_let_windows_be_followed_or_not(run: Run, live: Live, make: Callable[..., Resource]) -> None:
    asked = {"opt_in_tag": "auto", "opt_out_tag": "hands-off"}
    tags = {"schedule": "daily-6-22"}
    run(make(tags=tags), **asked)
    assert live() == []
    run(make(tags={**tags, "auto": ""}), **asked)
    assert len(live()) == 2
    run(make(tags={**tags, "auto": "", "hands-off": ""}), **asked)
    assert live() == []


def test_what_is_made_up_for_expires(
    run: Run, events: Callable[[], list[Event]], make: Callable[..., Resource]
) -> None:
    run(make(tags={"schedule": "mon-8-19"}), catch_up_now=True, expires_after="2h")
    (one_off,) = (event for event in events() if not event.recurring)
    assert one_off.expires_at == datetime(2026, 3, 2, 14, tzinfo=UTC)


@pytest.fixture
def tell(load: Callable[..., None], store: Store) -> dict[str, Any]:
    with store.write() as tx:
        tx.event_types.publish([EventType("duetime.log", plugin="builtin")])
    return {"bad_tag_notice": {"via": "duetime.log"}}


def test_a_bad_tag_is_told_of_once_per_value(
    run: Run, events: Callable[[], list[Event]], make: Callable[..., Resource], store: Store, tell: dict[str, Any]
) -> None:
    def told() -> list[Event]:
        return [event for event in events() if event.event_type == "duetime.log"]

    bad = make(tags={"schedule": "{{ often }}"})
    for _ in range(3):
        report = run(bad, make("i-2", tags={"schedule": "daily-1-2"}), **tell)
        assert report.actions[0].failed == 1
    (notice,) = told()
    assert notice.resource_id == bad.resource_id
    assert "Tag schedule says '{{ often }}'" in render(notice.args["message"], {})
    _end(store, notice)
    run(bad, **tell)
    assert len(told()) == 1  # it was sent, which is remembered
    run(make(tags={"schedule": "seldom"}), make("i-3", tags={"schedule": "seldom"}), **tell)
    assert len(told()) == 3


def _end(store: Store, event: Event) -> None:
    with store.engine.begin() as connection:
        connection.exec_driver_sql(
            "UPDATE events SET status = 'succeeded', finished_at = due_at WHERE event_id = ?", (event.event_id,)
        )


def test_live_events_are_read_once_for_all_resources(
    run: Run, live: Live, make: Callable[..., Resource], store: Store
) -> None:
    resources = [make(f"i-{number}", tags={"schedule": "workdays-8-19"}) for number in range(40)]
    run(*resources)
    asked: list[str] = []
    event.listen(store.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    run(*resources)
    assert len([statement for statement in asked if "FROM events" in statement and "SELECT" in statement]) < 10
    assert len(live()) == 80


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"bad_tag_notice": {"to": ["ops!"]}}, "to: 'ops!' is not"),
        ({"bad_tag_notice": {}}, "to: must say who is told"),
        ({"bad_tag_notice": {"too": ["ops"]}}, "too: there is no such setting; did you mean to"),
        ({"expires_after": "1h"}, "is for what catch_up_now does"),
    ],
)
def test_a_notice_and_a_limit_that_do_not_fit_are_refused(
    registries: Registries, run: Run, settings: dict[str, Any], problem: str
) -> None:
    with pytest.raises(InvalidSetting, match=problem):
        registries.actions.require(follow_tag.FOLLOW_TAG).item.settings(settings)


@pytest.mark.usefixtures("client")
@pytest.mark.parametrize("tags", [{"office": "workdays-8-19"}, {"office": "workdays-8-19", "lab": "daily-6-23"}])
def test_two_actions_of_one_bot_keep_to_their_own_events(
    registries: Registries,
    load: Callable[..., None],
    events: Callable[[], list[Event]],
    make: Callable[..., Resource],
    tags: dict[str, str],
) -> None:
    load(follow_tag, actions)
    nightly = {"schedule": {"_type": "daily", "version": 1, "time_of_day": "23:30"}, "event_type": STOP}
    uses = [ActionUse(follow_tag.FOLLOW_TAG, {"tag": key}) for key in ("office", "lab")]
    bot = Bot(7, BotDefinition("hours", actions=(*uses, ActionUse("duetime.action.schedule_event", nightly))))
    for _ in range(3):
        run_actions(bot, resolve(bot.definition, registries), Found((make(tags=tags),), ()))
    assert [event.status for event in events()] == [EventStatus.SCHEDULED] * (2 * len(tags) + 1)
    run_actions(bot, resolve(bot.definition, registries), Found((make(),), ()))
    (left,) = (event for event in events() if not event.status.is_final)
    assert left.schedule == Daily("23:30")


def test_what_an_action_that_has_moved_asked_for_comes_in_step(
    run: Run, live: Live, registries: Registries, make: Callable[..., Resource]
) -> None:
    resource = make(tags={"schedule": "workdays-8-19"})
    run(resource)
    before = live()
    uses = (ActionUse(follow_tag.FOLLOW_TAG, {"tag": "other"}), ActionUse(follow_tag.FOLLOW_TAG, {}))
    bot = Bot(7, BotDefinition("hours", actions=uses))
    for _ in range(2):
        run_actions(bot, resolve(bot.definition, registries), Found((resource,), ()))
    assert live() == before
