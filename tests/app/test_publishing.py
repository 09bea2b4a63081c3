"""What is known before the first worker starts: our own event types, and those of the plugins that are found."""

from pathlib import Path

from duetime.app.app import App
from duetime.app.publishing import load_plugins, publish

GREETER = """
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager

@ScheduledEventManager.register("greeter.greet")
class Greet(ScheduledEventJob):
    def run(self):
        pass
"""


def put(folder: Path, name: str, code: str) -> None:
    (folder / name).mkdir()
    (folder / name / "jobs.py").write_text(code, encoding="utf-8")


def test_the_types_of_found_plugins_are_published_and_wished_loaded(app: App, plugin_folder: Path) -> None:
    put(plugin_folder, "greeter", GREETER)
    published = publish(app)
    assert published.failures == ()
    assert {"greeter.greet", "divvy.stop_resource"} <= set(published.event_types)
    known = app.client.event_types()
    assert known["greeter.greet"].plugin == "greeter"
    with app.store.read() as tx:
        assert tx.plugins.wishes()["greeter"].wish == "loaded"


def test_a_plugin_that_fails_keeps_nobody_from_the_rest(app: App, plugin_folder: Path) -> None:
    put(plugin_folder, "broken", "raise RuntimeError('no')")
    put(plugin_folder, "greeter", GREETER)
    published = publish(app)
    assert ["broken" in str(failure) for failure in published.failures] == [True]
    assert "greeter.greet" in published.event_types


def test_an_unloaded_plugin_stays_unloaded(app: App, plugin_folder: Path) -> None:
    put(plugin_folder, "greeter", GREETER)
    with app.store.write() as tx:
        tx.plugins.wish("greeter", wish="unloaded")
    assert "greeter.greet" not in publish(app).event_types
    with app.store.read() as tx:
        assert tx.plugins.wishes()["greeter"].wish == "unloaded"


def test_loading_twice_is_loading_once(app: App, plugin_folder: Path) -> None:
    put(plugin_folder, "greeter", GREETER)
    assert load_plugins(app) == []
    assert load_plugins(app) == []
    assert [plugin.name for plugin in app.manager.loaded()] == ["greeter"]


def test_without_plugins_only_our_own_types_are_published(app: App, plugin_folder: Path) -> None:
    put(plugin_folder, "greeter", GREETER)
    assert "greeter.greet" not in publish(app, plugins=False).event_types
    assert app.manager.loaded() == ()
