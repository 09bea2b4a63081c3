import contextlib
import threading
from datetime import timedelta

import pytest
from tests.store.scene import Scene

from duetime.core.bots import (
    ActionUse,
    Badge,
    Bot,
    BotDefinition,
    BotStatus,
    BotVersion,
    FilterUse,
    Hookpoint,
    Scope,
    Severity,
)
from duetime.core.errors import Conflict, UnknownName
from duetime.core.operations import OperationReport
from duetime.schedule.daily import Daily

NIGHTLY = BotDefinition(
    name="nightly",
    description="Größen 🚀",
    owner="divvyuser:7",
    scope=Scope(accounts=("10",), regions=("us-east-1",), resource_types=("instance",)),
    filters=(FilterUse("tag", {"key": "env", "values": ["dev", None]}), FilterUse("tag", {"key": "owner"})),
    actions=(ActionUse("stop", {"hours": 1.5}), ActionUse("stop", {})),
    schedule=Daily(time_of_day="19:00", timezone="Europe/Berlin"),
)


def _save(scene: Scene, definition: BotDefinition) -> tuple[Bot, bool]:
    with scene.store.write() as tx:
        return tx.bots.save(definition)


def test_a_bot_is_kept_as_its_file_says(scene: Scene) -> None:
    bot, changed = _save(scene, NIGHTLY)
    assert changed
    assert bot == Bot(1, NIGHTLY, version=1, status=BotStatus.RUNNING, created_at=scene.now)
    with scene.store.read() as tx:
        assert tx.bots.by_name("nightly") == tx.bots.by_id(1) == bot
        assert tx.bots.by_id(2) is None


def test_the_same_definition_is_the_same_version(scene: Scene) -> None:
    bot, _ = _save(scene, NIGHTLY)
    assert _save(scene, NIGHTLY) == (bot, False)


def test_another_definition_is_the_next_version_of_the_same_bot(scene: Scene) -> None:
    _save(scene, NIGHTLY)
    changed, was_changed = _save(scene, BotDefinition(name="nightly"))
    assert was_changed
    assert (changed.bot_id, changed.version, changed.definition) == (1, 2, BotDefinition(name="nightly"))


def test_bots_by_name(scene: Scene) -> None:
    _save(scene, BotDefinition(name="b"))
    _save(scene, BotDefinition(name="a"))
    with scene.store.read() as tx:
        first, second = tx.bots.all()
        assert (first.name, second.name) == ("a", "b")
        assert tx.bots.by_ids([second.bot_id, 2**62]) == {second.bot_id: second}


def test_an_unknown_bot_is_named_with_the_nearest(scene: Scene) -> None:
    _save(scene, NIGHTLY)
    with scene.store.read() as tx, pytest.raises(UnknownName, match="Did you mean nightly"):
        tx.bots.by_name("nihgtly")


@pytest.mark.parametrize("status", BotStatus)
def test_a_bot_has_a_status(scene: Scene, status: BotStatus) -> None:
    _save(scene, NIGHTLY)
    with scene.store.write() as tx:
        tx.bots.set_status(1, status)
        assert tx.bots.by_name("nightly").status is status


def test_an_archived_bot_is_final(scene: Scene) -> None:
    _save(scene, NIGHTLY)
    with scene.store.write() as tx:
        tx.bots.set_status(1, BotStatus.ARCHIVED)
    with pytest.raises(Conflict, match="archived, which is final"):
        _save(scene, BotDefinition(name="nightly"))


def test_an_archived_bot_schedules_nothing(scene: Scene) -> None:
    _save(scene, NIGHTLY)
    _save(scene, BotDefinition(name="other"))
    with scene.store.write() as tx:
        tx.bots.set_status(1, BotStatus.ARCHIVED)
    report = scene.add_many([scene.new(bot_id=1), scene.new(bot_id=2), scene.new(bot_id=3), scene.new()])
    assert report == OperationReport(created=3, dropped=1)
    assert [scene.event(event_id).bot_id for event_id in scene.ids()] == [2, 3, None]


def test_two_may_apply_the_same_new_bot_at_once(scene: Scene) -> None:
    results: list[tuple[Bot, bool]] = []
    barrier = threading.Barrier(4)

    def apply() -> None:
        barrier.wait(10)
        results.append(_save(scene, NIGHTLY))

    threads = [threading.Thread(target=apply) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert [bot.version for bot, _ in results] == [1] * 4
    assert sorted(changed for _, changed in results) == [False, False, False, True]


def test_every_change_makes_a_version_with_who_and_when(scene: Scene) -> None:
    other = BotDefinition(name="nightly", description="another")
    for definition, who in ((NIGHTLY, "me"), (NIGHTLY, "nobody"), (other, "you"), (NIGHTLY, "me again")):
        with scene.store.write() as tx:
            tx.bots.save(definition, created_by=who)
    _save(scene, BotDefinition(name="neighbour"))
    with scene.store.read() as tx:
        assert tx.bots.versions("nightly") == [
            BotVersion(1, 1, NIGHTLY, scene.now, "me"),
            BotVersion(1, 2, other, scene.now, "you"),
            BotVersion(1, 3, NIGHTLY, scene.now, "me again"),
        ]
        assert tx.bots.version("nightly", 2).definition == other
        with pytest.raises(UnknownName, match="no bot 'nightly' with version 4"):
            tx.bots.version("nightly", 4)
        with pytest.raises(UnknownName, match="no bot 'nobody'"):
            tx.bots.versions("nobody")


def test_a_change_that_is_undone_leaves_no_version(scene: Scene) -> None:
    _save(scene, NIGHTLY)
    message = "the disk is full"
    with contextlib.suppress(OSError), scene.store.write() as tx:
        tx.bots.save(BotDefinition(name="nightly"), created_by="me")
        raise OSError(message)
    with scene.store.read() as tx:
        assert [each.version for each in tx.bots.versions("nightly")] == [1]


def test_everything_that_a_bot_may_say_is_kept(scene: Scene) -> None:
    whole = BotDefinition(
        name="whole",
        scope=Scope(groups=("g",), all_badges=(Badge("a:b", ""), Badge("c")), any_badges=(Badge("é", "x"),)),
        actions=(ActionUse("stop", on_match=False), ActionUse("stop")),
        category="Security",
        severity=Severity.CRITICAL,
        notes="one\ntwo",
        triggers=tuple(Hookpoint),
        exempt_tags=("keep", "é"),
        cancel_when_compliant=False,
        max_inventory_age=timedelta(days=3660) - timedelta(microseconds=1),
    )
    bot, _ = _save(scene, whole)
    assert bot.definition == whole
    assert _save(scene, whole) == (bot, False)
    with scene.store.read() as tx:
        assert tx.bots.version("whole", 1).definition == whole
