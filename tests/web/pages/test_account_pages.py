from datetime import timedelta

from tests.web.conftest import ADMIN, As, visitor
from tests.web.pages.markup import Markup
from tests.web.pages.world import HERE, THERE, World

from duetime.app.standing import plant_harvest
from duetime.builtin.harvest import HARVEST
from duetime.core.access import Feature, Role
from duetime.store.event_table import EventQuery


def test_accounts_are_listed_with_what_is_wrong(world: World, as_: As) -> None:
    page = Markup(as_(ADMIN).get("/accounts").text).text
    assert "Broken 30, fake none eu-central-1 invalid never failed 3 times in a row: the key is not valid" in page
    assert "failing" in page
    found = Markup(as_(ADMIN).get("/accounts", params={"q": "env:prod"}).text).text
    assert "Production" in found
    assert "Development" not in found


def test_an_account_shows_its_parts_those_that_fail_first(world: World, as_: As) -> None:
    page = Markup(as_(ADMIN).get(f"/accounts/{THERE}").text).text
    assert "failed 3" in page
    assert f"no answer from {THERE}-secret-place" in page
    assert page.index("no answer") < page.index("volume")
    assert '"profile": "profile-20"' in page
    assert "profile-10" not in Markup(as_(visitor(HERE)).get(f"/accounts/{HERE}").text).text


def test_harvesting_now_is_one_event_however_often_it_is_asked_for(world: World, as_: As) -> None:
    plant_harvest(world.app.client, HERE, every=timedelta(hours=1))
    client = as_(visitor(HERE, role=Role.EDITOR))
    assert "every hour" in Markup(client.get(f"/accounts/{HERE}").text).text
    for _ in range(2):
        answer = client.post(f"/accounts/{HERE}/harvest", follow_redirects=False)
        assert answer.headers["location"] == f"/accounts/{HERE}?done=account-harvest"
    with world.app.store.read() as tx:
        events = [event for event in tx.events.find(EventQuery(event_type=HARVEST)) if not event.recurring]
    assert [(event.args["account"], event.created_by) for event in events] == [(HERE, "api:somebody/some")]
    page = client.get(f"/accounts/{HERE}")
    assert "A harvest is under way" in page.text
    assert f"/events/{events[0].event_id}" not in Markup(page.text).links  # it belongs to no account
    assert f"/events/{events[0].event_id}" in Markup(as_(ADMIN).get(f"/accounts/{HERE}").text).links
    world.work()
    assert "A harvest is under way" not in client.get(f"/accounts/{HERE}").text


def test_viewers_are_not_offered_a_harvest(world: World, as_: As) -> None:
    client = as_(visitor(HERE, feature=Feature.ACCOUNTS))
    assert "Harvest now" not in client.get(f"/accounts/{HERE}").text
    assert client.post(f"/accounts/{HERE}/harvest").status_code == 403
