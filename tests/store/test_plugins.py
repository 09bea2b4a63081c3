from tests.store.scene import Scene

from duetime.store.plugin_table import PluginState, PluginWish


def test_a_wish_has_a_generation_that_grows(scene: Scene) -> None:
    with scene.store.write() as tx:
        assert tx.plugins.wish("mine", wish="loaded") == PluginWish("mine", "loaded", 1)
        assert tx.plugins.wish("mine", wish="unloaded") == PluginWish("mine", "unloaded", 2)
        assert tx.plugins.wish("mine", wish="loaded") == PluginWish("mine", "loaded", 3)
        tx.plugins.wish("other", wish="loaded")
    with scene.store.read() as tx:
        assert {wish.plugin: wish.generation for wish in tx.plugins.wishes().values()} == {"mine": 3, "other": 1}


def test_what_is_discovered_is_wished_loaded_unless_it_is_known(scene: Scene) -> None:
    with scene.store.write() as tx:
        tx.plugins.wish("mine", wish="loaded")
        tx.plugins.wish("mine", wish="unloaded")
        tx.plugins.ensure(["mine", "new"])
        tx.plugins.ensure(["mine", "new"])
        tx.plugins.ensure([])
        assert tx.plugins.wishes() == {"mine": PluginWish("mine", "unloaded", 2), "new": PluginWish("new", "loaded", 1)}


def test_each_session_reports_what_it_reached(scene: Scene) -> None:
    first, second = scene.session(), scene.session()
    failed = PluginState(first, "mine", 1, "failed", error="line 3", details={"file": "mine.py"})
    loaded = PluginState(second, "mine", 1, "loaded", details={"event_types": ["my.plain"]})
    with scene.store.write() as tx:
        tx.plugins.report(failed)
        tx.plugins.report(loaded)
    with scene.store.read() as tx:
        assert tx.plugins.states() == [failed, loaded]
    mended = PluginState(first, "mine", 2, "loaded")
    with scene.store.write() as tx:
        tx.plugins.report(mended)
        assert tx.plugins.states() == [mended, loaded]


def test_what_ended_sessions_reached_is_not_shown_and_forgotten(scene: Scene) -> None:
    gone, alive = scene.session(), scene.session()
    with scene.store.write() as tx:
        for session_id in (gone, alive):
            tx.plugins.report(PluginState(session_id, "mine", 1, "loaded"))
    scene.lose(gone)
    with scene.store.write() as tx:
        assert [state.session_id for state in tx.plugins.states()] == [alive]
        tx.plugins.forget_dead()
    assert scene.sql("UPDATE plugin_states SET error = 'x'") == 1
