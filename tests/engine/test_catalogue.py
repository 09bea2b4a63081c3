"""What can be run here, described once per class, and known afresh after each load."""

import logging

import pytest

from duetime.core.registration import Entry, Kind, Registries
from duetime.engine.catalogue import Catalogue
from duetime.jobs.base import ScheduledEventJob


class Job(ScheduledEventJob):
    """Does nothing."""


@pytest.fixture
def registries() -> Registries:
    return Registries()


@pytest.fixture
def catalogue(registries: Registries) -> Catalogue:
    return Catalogue(registries)


def add(registries: Registries, item: object = Job, *, owner: str = "plugin a") -> None:
    registries.add(Entry(Kind.EVENT_TYPE, "test.job", item), owner=owner)


def test_a_class_is_described_once(registries: Registries, catalogue: Catalogue) -> None:
    assert catalogue.get("test.job") is None
    add(registries)
    handler = catalogue.get("test.job")
    assert handler is not None
    assert (handler.job_class, handler.kind.plugin, handler.kind.generation) == (Job, "plugin a", 1)
    assert catalogue.get("test.job") is handler
    assert catalogue.handlers() == {"test.job": handler}


def test_another_load_is_another_generation(registries: Registries, catalogue: Catalogue) -> None:
    add(registries)
    first = catalogue.get("test.job")
    catalogue.set_generation("plugin a", 2)
    second = catalogue.get("test.job")
    assert first is not None
    assert second is not None
    assert (first.kind.generation, second.kind.generation) == (1, 2)


def test_what_a_plugin_puts_in_front_is_found_and_uncovered_again(registries: Registries, catalogue: Catalogue) -> None:
    add(registries, owner="builtin")
    other = type("Other", (Job,), {})
    add(registries, other)
    found = catalogue.get("test.job")
    assert found is not None
    assert found.job_class is other
    registries.remove_owner("plugin a")
    found = catalogue.get("test.job")
    assert found is not None
    assert found.job_class is Job


@pytest.mark.parametrize("item", [5, type("Bad", (Job,), {"retry": 5}), type("Bad", (Job,), {"max_group": 0})])
def test_what_cannot_be_described_is_said_once_and_not_run(
    registries: Registries, catalogue: Catalogue, item: object, caplog: pytest.LogCaptureFixture
) -> None:
    add(registries, item)
    with caplog.at_level(logging.ERROR):
        for _ in range(5):
            assert catalogue.get("test.job") is None
            assert catalogue.handlers() == {}
    assert len(caplog.records) == 1
    assert "test.job" in caplog.text
