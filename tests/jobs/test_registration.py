"""The three ways in which a job class comes to be known under an event type."""

from collections.abc import Iterator
from typing import Any

import pytest

from duetime.core.errors import DuplicateRegistration, Invalid
from duetime.core.registration import Batch, Registries, registering_with
from duetime.core.registry import BUILTIN
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import Router, ScheduledEventManager, ScheduledEventRegistryWrapper


class First(ScheduledEventJob):
    """Does nothing."""


class Second(ScheduledEventJob):
    """Does nothing either."""


@pytest.fixture
def registries() -> Iterator[Registries]:
    registries = Registries()
    with registering_with(registries):
        yield registries


def known(registries: Registries) -> dict[str, Any]:
    return {entry.name: entry.item for entry in registries.event_types.entries()}


def test_a_decorator_registers_at_once_and_returns_the_class(registries: Registries) -> None:
    assert ScheduledEventManager.register("test.first")(First) is First
    assert known(registries) == {"test.first": First}


def test_a_class_may_have_several_types(registries: Registries) -> None:
    ScheduledEventManager.register("test.first")(ScheduledEventManager.register("test.second")(First))
    assert known(registries) == {"test.first": First, "test.second": First}


def test_the_same_class_twice_is_no_error_and_another_one_is(registries: Registries) -> None:
    for _ in range(2):
        ScheduledEventManager.register("test.first")(First)
    with pytest.raises(DuplicateRegistration):
        ScheduledEventManager.register("test.first")(Second)
    assert known(registries) == {"test.first": First}


def test_a_wrapper_registers_all_when_it_is_loaded_and_takes_all_back(registries: Registries) -> None:
    events = ScheduledEventRegistryWrapper()
    events.register("test.first")(First)
    assert events.register("test.second")(Second) is Second
    assert known(registries) == {}
    events.load()
    events.load()
    assert known(registries) == {"test.first": First, "test.second": Second}
    events.unload()
    events.unload()
    assert known(registries) == {}


def test_a_wrapper_that_meets_another_plugin_leaves_nothing(registries: Registries) -> None:
    batch = Batch("plugin a")
    with registering_with(registries, batch=batch):
        ScheduledEventManager.register("test.second")(Second)
    registries.adopt(batch)
    events = ScheduledEventRegistryWrapper()
    events.register("test.first")(First)
    events.register("test.second")(First)
    with pytest.raises(DuplicateRegistration, match="plugin a"):
        events.load()
    assert known(registries) == {"test.second": Second}


def test_a_plugin_may_stand_before_a_built_in(registries: Registries) -> None:
    for owner, job_class in ((BUILTIN, First), ("plugin a", Second)):
        batch = Batch(owner)
        with registering_with(registries, batch=batch):
            ScheduledEventManager.register("test.first")(job_class)
        registries.adopt(batch)
    assert known(registries) == {"test.first": Second}
    registries.remove_owner("plugin a")
    assert known(registries) == {"test.first": First}


def test_the_oldest_way_takes_a_class_and_a_cast(registries: Registries) -> None:
    Router.add_scheduled_event_job("test.first", First)
    Router.add_scheduled_event_job("test.second", Second, lambda text: {"text": text})
    Router.add_scheduled_event_job("test.first", First)
    assert known(registries) == {"test.first": First, "test.second": Second}


@pytest.mark.parametrize("event_type", ["", None, 5, b"test", "a\x00b", "half \ud800", "two\nlines"])
def test_a_type_that_is_no_text_is_refused(registries: Registries, event_type: Any) -> None:
    with pytest.raises(Invalid, match=r"An event type must be a text such as"):
        ScheduledEventManager.register(event_type)(First)
    with pytest.raises(Invalid):
        ScheduledEventRegistryWrapper().register(event_type)(First)
    with pytest.raises(Invalid):
        Router.add_scheduled_event_job(event_type, First)


@pytest.mark.parametrize("thing", [object, 5, None, type("NoRun", (), {"run": 5}), First()])
def test_what_cannot_run_is_refused(registries: Registries, thing: Any) -> None:
    with pytest.raises(Invalid, match=r"cannot be registered as 'test\.first'"):
        ScheduledEventManager.register("test.first")(thing)


def test_a_class_that_says_what_means_nothing_is_refused(registries: Registries) -> None:
    with pytest.raises(Invalid, match=r"Odd\.timeout must be"):
        ScheduledEventManager.register("test.first")(type("Odd", (First,), {"timeout": 5}))
    assert known(registries) == {}
