from datetime import timedelta

from tests.web.conftest import ADMIN, As, visitor
from tests.web.pages.markup import Markup
from tests.web.pages.world import HERE, World

from duetime.core.access import Feature, Role
from duetime.store.audit_query import AuditQuery
from duetime.web.plugin_steering import PluginVerb


def test_each_plugin_says_how_it_stands_what_it_brings_and_what_is_wrong(world: World, as_: As) -> None:
    page = Markup(as_(ADMIN).get("/plugins").text).text
    assert "greeter loaded Reload greeter Unload greeter" in page
    assert "Event types greeter.greet" in page
    assert "broken failed" in page
    assert "Plugin broken failed at /plugins/broken/jobs.py:1: no module" in page
    assert "other.type nobody yet 3 3" in page


def test_unloading_asks_first_and_the_workers_do_it(world: World, as_: As) -> None:
    world.app.client.schedule("greeter.greet", world.clock.now() + timedelta(hours=1), actor="test")
    client = as_(ADMIN)
    assert "greeter.greet 1 0" in Markup(client.get("/plugins/greeter/unload").text).text
    answer = client.post("/plugins/greeter/unload", data={"reason": "it is noisy"}, follow_redirects=False)
    assert answer.headers["location"] == "/plugins?done=plugin-unloaded"
    waiting = client.get(answer.headers["location"])
    assert "The plugin is wished to be unloaded" in waiting.text
    assert 'hx-get="/plugins"' in waiting.text  # until its workers have done so
    with world.app.store.read() as tx:
        entry = tx.audit.page(AuditQuery(subject="plugin:greeter", most=1)).rows[0]
    assert (entry.verb, entry.reason, entry.actor) == ("plugin.unload", "it is noisy", ADMIN.actor)
    world.work()
    after = Markup(client.get("/plugins").text).text
    assert "greeter.greet greeter 1 0 none is due" in after
    assert "Load greeter" in after
    client.post("/plugins/greeter/load")
    world.work()
    assert "greeter.greet greeter 1" not in Markup(client.get("/plugins").text).text


def test_a_reload_is_a_wish_of_another_generation(world: World, as_: As) -> None:
    with world.app.store.read() as tx:
        before = tx.plugins.wishes()["greeter"].generation
    answer = as_(ADMIN).post("/plugins/greeter/reload", follow_redirects=False)
    assert answer.headers["location"] == "/plugins?done=plugin-reloaded"
    with world.app.store.read() as tx:
        assert tx.plugins.wishes()["greeter"].generation == before + 1


def test_only_administrators_of_all_accounts_are_offered_verbs(world: World, as_: As) -> None:
    for who in (
        visitor(feature=Feature.PLUGINS),
        visitor(feature=Feature.PLUGINS, role=Role.EDITOR),
        visitor(HERE, role=Role.ADMIN),
    ):
        client = as_(who)
        assert "/plugins/greeter/unload" not in Markup(client.get("/plugins").text).links
        for verb in PluginVerb:
            assert client.post(f"/plugins/greeter/{verb}").status_code == 403


def test_without_workers_everything_waits(world: World, as_: As) -> None:
    world.clock.move_to(world.clock.now() + timedelta(minutes=5))
    page = Markup(as_(ADMIN).get("/plugins").text).text
    assert "No worker is alive" in page
