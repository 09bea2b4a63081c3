from datetime import timedelta

from tests.web.conftest import ADMIN, As, visitor
from tests.web.pages.markup import Markup
from tests.web.pages.world import HERE, THERE, World

from duetime.core.access import Feature, Role
from duetime.core.statuses import EventStatus


def test_the_state_of_the_whole_is_shown(world: World, as_: As) -> None:
    page = Markup(as_(ADMIN).get("/system").text).text
    assert "Workers alive 1 8 slots" in page
    assert "0 of 8" in page
    assert "Held events 0" in page
    assert "Waiting types 1" in page
    assert "other.type 3" in page
    assert "SQLite" in page
    assert f"{THERE} us-east-1 ec2 writes 3.5 0 1 waits 2 min" in page
    assert page.index("Broken") < page.index("Production") < page.index("Development")  # what is in trouble, first


def test_what_is_wrong_is_found(world: World, as_: As) -> None:
    page = Markup(as_(ADMIN).get("/system/checkup").text).text
    assert "event types waiting for a handler: other.type (3 events)" in page
    assert "plugins failed: broken" in page
    assert "accounts credentials are refused: 30: the key is not valid" in page


def test_late_events_and_silent_workers_are_seen(world: World, as_: As) -> None:
    world.clock.move_to(world.clock.now() + timedelta(hours=2))
    page = Markup(as_(ADMIN).get("/system").text).text
    assert "Workers alive 0" in page
    assert "Oldest due event 2 h" in page
    assert "silent" in page


def test_held_events_are_counted_in_reached_accounts(world: World, as_: As) -> None:
    with world.app.store.write() as tx:
        for resource in (world.here[0], *world.there[:2]):
            event = tx.events.of_resource(resource.resource_id)[0]
            tx.events._connection.exec_driver_sql(
                "UPDATE events SET status = ? WHERE event_id = ?", (EventStatus.HELD.value, event.event_id)
            )
    assert "Held events 3" in Markup(as_(ADMIN).get("/system").text).text
    assert "Held events 1" in Markup(as_(visitor(HERE)).get("/system").text).text
    assert "Held events" not in Markup(as_(visitor(feature=Feature.SYSTEM)).get("/system").text).text


def test_how_busy_workers_are_is_told_to_those_who_see_all_accounts(world: World, as_: As) -> None:
    assert "of 8" not in Markup(as_(visitor(HERE, role=Role.ADMIN)).get("/system").text).text
