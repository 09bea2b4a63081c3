from collections.abc import Callable
from typing import Any

import pytest

from duetime.bots.evaluate import matches
from duetime.builtin import filters
from duetime.core.errors import InvalidSetting
from duetime.core.predicates import Not, Predicate, StateIn, TagIn, TagPresent
from duetime.core.registration import Registries
from duetime.core.resources import Resource

Build = Callable[..., Predicate]


@pytest.fixture
def build(registries: Registries, load: Callable[..., None]) -> Build:
    load(filters)

    def run(uid: str, **settings: Any) -> Predicate:
        predicate: Predicate = registries.filters.require(f"duetime.filter.{uid}").item.predicate(settings)
        return predicate

    return run


@pytest.mark.parametrize(
    ("uid", "settings", "predicate"),
    [
        ("tag", {"key": "env"}, TagPresent("env")),
        ("tag", {"key": "env", "present": True}, TagPresent("env")),
        ("tag", {"key": "env", "present": False}, Not(TagPresent("env"))),
        ("tag", {"key": "env", "absent": True}, Not(TagPresent("env"))),
        ("tag", {"key": "env", "absent": False}, TagPresent("env")),
        ("tag", {"key": "env", "equals": "dev"}, TagIn("env", ("dev",))),
        ("tag", {"key": "env", "equals": ""}, TagIn("env", ("",))),
        ("tag", {"key": "env", "values": ["dev", "test"]}, TagIn("env", ("dev", "test"))),
        ("tag_absent", {"key": "env"}, Not(TagPresent("env"))),
        ("state", {"values": ["running"]}, StateIn(("running",))),
    ],
)
def test_settings_become_a_predicate(build: Build, uid: str, settings: dict[str, Any], predicate: Predicate) -> None:
    assert build(uid, **settings) == predicate


@pytest.mark.parametrize(
    ("uid", "settings", "name", "said"),
    [
        ("tag", {}, "key", "is required"),
        ("tag", {"key": ""}, "key", "is required"),
        ("tag", {"key": 5}, "key", "must be text"),
        ("tag", {"key": "env", "values": "dev"}, "values", "must be a list of one or more texts"),
        ("tag", {"key": "env", "values": []}, "values", "must be a list of one or more texts"),
        ("tag", {"key": "env", "values": [True]}, "values", "must hold texts alone, not True; put it in quotes"),
        ("tag", {"key": "env", "equals": 5}, "equals", "must be text"),
        ("tag", {"key": "env", "absent": "yes"}, "absent", "must be true or false"),
        ("tag", {"key": "env", "values": ["a"], "absent": True}, "absent", "cannot be asked together with values"),
        ("tag", {"key": "env", "value": "dev"}, "value", "no such setting.*Did you mean values"),
        ("tag_absent", {}, "key", "is required"),
        ("state", {}, "values", "is required"),
        ("state", {"values": []}, "values", "is required"),
        ("state", {"values": "running"}, "values", "must be a list"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    build: Build, uid: str, settings: dict[str, Any], name: str, said: str
) -> None:
    with pytest.raises(InvalidSetting, match=said) as caught:
        build(uid, **settings)
    assert caught.value.name == name


def test_present_and_absent_share_the_resources_between_them(build: Build, make: Callable[..., Resource]) -> None:
    for resource in (make(tags={"env": ""}), make(tags={"Env": "x"}), make()):
        present = matches(build("tag", key="env"), resource)
        assert present is not matches(build("tag_absent", key="env"), resource)


def test_they_come_and_go_through_the_public_door(registries: Registries, load: Callable[..., None]) -> None:
    load(filters)
    assert set(registries.filters) == {"duetime.filter.tag", "duetime.filter.tag_absent", "duetime.filter.state"}
    registries.remove_owner("plugin a")
    assert not list(registries.filters)
