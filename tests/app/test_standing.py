"""duetime's own recurring events: planted once, whoever plants them, and left as a person has put them."""

from datetime import timedelta

from duetime.app.app import App
from duetime.app.standing import plant_counting, plant_harvest, plant_pruning
from duetime.builtin.count_runs import COUNT_RUNS
from duetime.builtin.harvest import HARVEST
from duetime.builtin.prune import PRUNE
from duetime.core.events import Event
from duetime.core.statuses import EventStatus
from duetime.schedule import Daily, Periodic
from duetime.store.event_table import EventQuery
from duetime.testing.clock import ManualClock

HOUR = timedelta(hours=1)


def events(app: App) -> list[Event]:
    with app.store.read() as tx:
        return tx.events.find(EventQuery())


def test_pruning_is_planted_once(app: App) -> None:
    first = plant_pruning(app.client, history_days=400)
    assert plant_pruning(app.client, history_days=400) == first
    (event,) = events(app)
    assert (event.event_type, dict(event.args)) == (PRUNE, {"days": 400})
    assert event.schedule.describe() == "every day at 03:17 UTC"


def test_other_days_change_it_in_place(app: App) -> None:
    plant_pruning(app.client, history_days=400)
    plant_pruning(app.client, history_days=30)
    (event,) = events(app)
    assert dict(event.args) == {"days": 30}


def test_no_days_take_it_back(app: App) -> None:
    assert plant_pruning(app.client, history_days=0) is None
    plant_pruning(app.client, history_days=400)
    assert plant_pruning(app.client, history_days=0) is None
    assert [event.status for event in events(app)] == [EventStatus.CANCELLED]


def test_a_persons_pause_and_other_time_are_left_alone(app: App) -> None:
    planted = plant_pruning(app.client, history_days=400)
    assert planted is not None
    app.client.reschedule(planted.event_id, Daily("05:00"))
    app.client.pause(planted.event_id)
    plant_pruning(app.client, history_days=400)
    (event,) = events(app)
    assert event.status is EventStatus.PAUSED
    assert event.schedule == Daily("05:00")


def test_counting_is_planted_once_and_a_persons_other_times_are_left_alone(app: App) -> None:
    planted = plant_counting(app.client)
    assert plant_counting(app.client) == planted
    (event,) = events(app)
    assert (event.event_type, event.schedule.describe()) == (COUNT_RUNS, "every hour at :07 UTC")
    app.client.reschedule(event.event_id, Daily("05:00"))
    plant_counting(app.client)
    (event,) = events(app)
    assert event.schedule == Daily("05:00")


def test_each_account_has_one_harvest(app: App, clock: ManualClock) -> None:
    first = plant_harvest(app.client, "10", every=HOUR)
    plant_harvest(app.client, "20", every=HOUR)
    clock.move_to(clock.now() + timedelta(minutes=10))
    assert plant_harvest(app.client, "10", every=HOUR) == first
    assert first is not None
    assert first.due_at == clock.now() + timedelta(minutes=50)
    assert sorted(event.args["account"] for event in events(app)) == ["10", "20"]
    assert {event.event_type for event in events(app)} == {HARVEST}


def test_another_interval_is_written_over_the_old_one_and_none_ends_it(app: App) -> None:
    plant_harvest(app.client, "10", every=HOUR)
    changed = plant_harvest(app.client, "10", every=HOUR / 2)
    assert changed is not None
    assert isinstance(changed.schedule, Periodic)
    assert changed.schedule.minutes == 30
    assert plant_harvest(app.client, "10", every=timedelta(0)) is None
    assert [event.status for event in events(app)] == [EventStatus.CANCELLED]


def test_a_harvest_may_name_its_resource_types(app: App) -> None:
    event = plant_harvest(app.client, "10", every=HOUR, resource_types=["volume"])
    assert event is not None
    assert dict(event.args) == {"account": "10", "resource_types": ["volume"]}
