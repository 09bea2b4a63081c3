from collections.abc import Iterator

import pytest

from duetime.core import registration
from duetime.core.errors import DuplicateRegistration
from duetime.core.registration import Batch, Entry, Kind, Registries, register, registering_with, unregister
from duetime.core.registry import BUILTIN


class Stop:
    pass


class Start:
    pass


def _entry(name: str, item: object = Stop, kind: Kind = Kind.EVENT_TYPE) -> Entry:
    return Entry(kind, name, item)


@pytest.fixture(autouse=True)
def _own_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registration, "_process_catalogue", {})


@pytest.fixture
def registries() -> Registries:
    return Registries()


@pytest.fixture
def batch(registries: Registries) -> Iterator[Batch]:
    """Return a batch that registrations land in."""
    batch = Batch("plugin a")
    with registering_with(registries, batch=batch):
        yield batch


def _adopted(registries: Registries, owner: str, *entries: Entry) -> None:
    batch = Batch(owner)
    for entry in entries:
        batch.add(entry)
    registries.adopt(batch)


def test_a_batch_collects_and_the_registries_know_nothing_yet(registries: Registries, batch: Batch) -> None:
    register(_entry("x"))
    register(_entry("x"))
    assert batch.entries == [_entry("x")]
    assert "x" not in registries.event_types
    registries.adopt(batch)
    assert registries.event_types.require("x").owner == "plugin a"


def test_one_name_may_be_of_every_kind(registries: Registries, batch: Batch) -> None:
    for kind in Kind:
        register(_entry("x", kind=kind))
    registries.adopt(batch)
    assert all("x" in registries.of(kind) for kind in Kind)


def test_two_objects_under_one_name_are_refused_at_once(batch: Batch) -> None:
    register(_entry("x"))
    with pytest.raises(DuplicateRegistration, match="registered by plugin a; plugin a may not"):
        register(_entry("x", Start))
    assert batch.entries == [_entry("x")]


def test_what_is_taken_back_from_a_batch_is_not_adopted(registries: Registries, batch: Batch) -> None:
    register(_entry("x"))
    register(_entry("y"))
    unregister(_entry("x"))
    unregister(_entry("never"))
    registries.adopt(batch)
    assert list(registries.event_types) == ["y"]


def test_a_batch_with_one_bad_name_changes_nothing(registries: Registries) -> None:
    _adopted(registries, "plugin a", _entry("x"))
    _adopted(registries, "plugin b", _entry("y"))
    with pytest.raises(DuplicateRegistration, match="registered by plugin a; plugin b may not"):
        _adopted(registries, "plugin b", _entry("new"), _entry("x", Start), _entry("act", kind=Kind.ACTION))
    assert set(registries.event_types) == {"x", "y"}
    assert list(registries.actions) == []


def test_a_batch_is_the_whole_of_what_its_owner_has(registries: Registries) -> None:
    _adopted(registries, "plugin a", _entry("x"), _entry("old"), _entry("f", kind=Kind.FILTER))
    _adopted(registries, "plugin a", _entry("x", Start), _entry("new"))
    assert set(registries.event_types) == {"x", "new"}
    assert registries.event_types.require("x").item is Start
    assert list(registries.filters) == []


def test_an_owner_goes_with_all_it_brought(registries: Registries) -> None:
    _adopted(registries, BUILTIN, _entry("x", Start))
    _adopted(registries, "plugin a", _entry("x"), _entry("f", kind=Kind.FILTER))
    registries.remove_owner("plugin a")
    assert registries.event_types.require("x").item is Start
    assert list(registries.filters) == []


def test_without_a_batch_an_app_registers_for_the_module(registries: Registries) -> None:
    with registering_with(registries):
        register(_entry("x"))
        assert registries.event_types.require("x").owner == f"module {__name__}"
        unregister(_entry("x"))
    assert "x" not in registries.event_types


def test_with_nothing_bound_the_process_remembers_and_no_app_consumes() -> None:
    register(_entry("x"))
    for _ in range(2):
        registries = Registries()
        registries.copy_process_catalogue()
        registries.copy_process_catalogue()
        assert registries.event_types.require("x").item is Stop
    unregister(_entry("x"))
    registries = Registries()
    registries.copy_process_catalogue()
    assert "x" not in registries.event_types


def test_a_module_that_is_imported_again_replaces_its_own() -> None:
    register(_entry("x"))
    again = type("Stop", (), {"__module__": Stop.__module__})
    register(_entry("x", again))
    other = type("Stop", (), {"__module__": "another"})
    with pytest.raises(DuplicateRegistration, match=r"registered by module .*; module another may not"):
        register(_entry("x", other))
    registries = Registries()
    registries.copy_process_catalogue()
    assert registries.event_types.require("x").item is again


def test_bindings_nest(registries: Registries) -> None:
    outer, inner = Batch("outer"), Batch("inner")
    with registering_with(registries, batch=outer):
        register(_entry("a"))
        with registering_with(registries, batch=inner):
            register(_entry("b"))
        register(_entry("c"))
    assert [entry.name for entry in outer.entries] == ["a", "c"]
    assert [entry.name for entry in inner.entries] == ["b"]
