import pytest
from tests.web.conftest import ADMIN, As, visitor
from tests.web.pages.markup import Markup
from tests.web.pages.world import HERE, World

from duetime.core.access import Feature, Role
from duetime.scheduling.undo import undo_run
from duetime.store.resource_query import ResourceQuery
from duetime.web.pages.paths import resource_path, run_id_path


def test_the_inventory_is_filtered(world: World, as_: As) -> None:
    client = as_(ADMIN)

    def found(**filters: str) -> str:
        return Markup(client.get("/resources", params=filters).text).text

    assert "build-20-1" in found(account="20")
    assert "build-10-1" not in found(account="20")
    assert "build-10-0" in found(state="stopped")
    assert "build-10-1" not in found(state="stopped")
    assert "build-10-5" in found(q="build-10-5")
    assert "build-10-4" not in found(q="build-10-5")
    assert "build-10-1 i-000002 instance" in found(region="us-east-1", type="instance")
    assert "night shift" in found(q="build-10-0")
    assert "No resource fits this filter." in found(type="volume")


def test_the_inventory_is_paged_without_a_gap(world: World, as_: As) -> None:
    client, seen, path = as_(ADMIN), list[str](), "/resources?limit=5"
    while True:
        page = Markup(client.get(path).text)
        seen += [link for link in sorted(page.links) if link.startswith("/resources/")]
        following = [str(a["href"]) for name, a in page.elements if name == "a" and a.get("rel") == "next"]
        if not following:
            break
        path = following[0]
    with world.app.store.read() as tx:
        everything = [resource_path(each.resource_id) for each in tx.resources.page(ResourceQuery()).rows]
    assert sorted(seen) == sorted(everything)
    assert len(seen) == len(set(seen)) == 12


def test_a_search_that_stops_early_goes_on_at_the_next_page(
    world: World, as_: As, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("duetime.store.page.MOST_LOOKED_AT", 3)
    page = Markup(as_(ADMIN).get("/resources", params={"q": "build-20-5"}).text)
    assert "The search stopped before the end" in page.text
    assert [name for name, a in page.elements if name == "a" and a.get("rel") == "next"]


def test_a_resource_shows_what_is_planned_and_what_happened(world: World, as_: As) -> None:
    page = Markup(as_(ADMIN).get(resource_path(world.here[1].resource_id)).text)
    assert "Groups night shift" in page.text
    assert "env dev" in page.text
    assert "nightly-stop" in page.text
    assert "every day at 07:30 Europe/Berlin" in page.text
    assert "Opposite wishes for" in page.text
    assert "divvy.stop_resource event 45, attempt 1 succeeded" in page.text
    assert page.text.index("By hand") < page.text.index("Every morning")  # what is due first, first


def test_a_run_that_can_be_undone_has_a_link_until_it_is(world: World, as_: As) -> None:
    path = resource_path(world.here[1].resource_id)
    with world.app.store.read() as tx:
        run = next(iter(tx.runs.of_resource(world.here[1].resource_id).rows))
    undo = run_id_path(run.run_id, "undo")
    assert undo in Markup(as_(visitor(HERE, role=Role.EDITOR)).get(path).text).links
    assert undo not in Markup(as_(visitor(HERE)).get(path).text).links
    event = undo_run(world.app.client, run.run_id, actor="test").event
    after = Markup(as_(ADMIN).get(path).text)
    assert undo not in after.links
    assert f"undone by event {event.event_id}" in after.text


def test_each_part_needs_its_own_feature(world: World, as_: As) -> None:
    page = Markup(as_(visitor(feature=Feature.RESOURCES)).get(resource_path(world.here[1].resource_id)).text)
    assert "Planned" not in page.text
    assert "Happened" not in page.text
    assert not [link for link in page.links if link.startswith("/events/new")]


def test_what_is_gone_is_shown_when_it_is_asked_for(world: World, as_: As) -> None:
    gone = world.here[5].resource_id
    with world.app.store.write() as tx:
        tx.resources._connection.exec_driver_sql(
            "UPDATE resources SET gone_at = harvested_at WHERE resource_id = ?", (gone,)
        )
    client = as_(ADMIN)
    assert "build-10-5" not in Markup(client.get("/resources").text).text
    assert "build-10-5" in Markup(client.get("/resources", params={"gone": "true"}).text).text
    assert "it counts as gone" in Markup(client.get(resource_path(gone)).text).text
