from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duetime.bots.evaluate import matches
from duetime.builtin import fact_filters, filters, nested_filters, place_filters
from duetime.core.errors import InvalidSetting
from duetime.core.predicates import (
    AccountIn,
    All,
    DataMatches,
    FlagField,
    FlagIs,
    InGroup,
    Known,
    MomentField,
    Not,
    OlderThan,
    Predicate,
    RegionIn,
    StateIn,
    TagIn,
    TagMatches,
    TagPresent,
    TextField,
    TextIn,
    TextMatches,
    TypeIn,
)
from duetime.core.registration import Registries
from duetime.core.resources import Resource

Build = Callable[..., Predicate]
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CREATED = MomentField.CREATED_AT
MODULES = (filters, place_filters, fact_filters, nested_filters)
ODD = "\"'\\%_\t\n\x01\x7f\u2028é🚀👩\u200d👧;--"


@pytest.fixture
def build(registries: Registries, load: Callable[..., None]) -> Build:
    load(*MODULES)

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
        ("tag", {"key": "env", "matches": "^dev-"}, TagMatches("env", "^dev-")),
        ("tag", {"key": ODD * 8, "equals": ODD * 16}, TagIn(ODD * 8, (ODD * 16,))),
        ("tag_absent", {"key": "env"}, Not(TagPresent("env"))),
        ("state", {"values": ["running"]}, StateIn(("running",))),
        ("name", {"equals": "web-1"}, TextIn(TextField.NAME, ("web-1",))),
        ("name", {"values": ["web-1", "web-2"]}, TextIn(TextField.NAME, ("web-1", "web-2"))),
        ("name", {"matches": "^web-"}, TextMatches(TextField.NAME, "^web-")),
        ("size", {"values": ["m5.large"]}, TextIn(TextField.SIZE, ("m5.large",))),
        ("size", {"equals": ""}, TextIn(TextField.SIZE, ("",))),
        ("size", {"matches": r"^m5\."}, TextMatches(TextField.SIZE, r"^m5\.")),
        ("type", {"values": ["instance"]}, TypeIn(("instance",))),
        ("account", {"values": ["111111111111"]}, AccountIn(("111111111111",))),
        ("region", {"values": ["eu-central-1"]}, RegionIn(("eu-central-1",))),
        ("group", {"values": ["legal hold"]}, InGroup(("legal hold",))),
        ("age", {"older_than": "30d"}, OlderThan(CREATED, 30 * DAY)),
        ("age", {"younger_than": "1d"}, All((Known(CREATED), Not(OlderThan(CREATED, DAY))))),
        (
            "age",
            {"older_than": "1d", "younger_than": "2d"},
            All((OlderThan(CREATED, DAY), Known(CREATED), Not(OlderThan(CREATED, 2 * DAY)))),
        ),
        ("unattached", {}, FlagIs(FlagField.ATTACHED, value=False)),
        ("unattached", {"value": False}, FlagIs(FlagField.ATTACHED, value=True)),
        ("public", {}, FlagIs(FlagField.PUBLIC, value=True)),
        ("public", {"value": False}, FlagIs(FlagField.PUBLIC, value=False)),
        ("protected", {}, FlagIs(FlagField.PROTECTED, value=True)),
        ("jmespath", {"expression": "a.b == 'c'"}, DataMatches("a.b == 'c'")),
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
        ("tag", {"key": "a\x00"}, "key", "may not hold the character NUL"),
        ("tag", {"key": "a\ud800"}, "key", "half of a surrogate pair"),
        ("tag", {"key": "env", "equals": "\x00"}, "equals", "may not hold the character NUL"),
        ("tag", {"key": "env", "values": ["a", "\x00"]}, "values", "may not hold the character NUL"),
        ("tag", {"key": "env", "values": "dev"}, "values", "must be a list of one or more texts"),
        ("tag", {"key": "env", "values": []}, "values", "must be a list of one or more texts"),
        ("tag", {"key": "env", "values": [True]}, "values", "must hold texts alone, not True; put it in quotes"),
        ("tag", {"key": "env", "equals": 5}, "equals", "must be text"),
        ("tag", {"key": "env", "absent": "yes"}, "absent", "must be true or false"),
        ("tag", {"key": "env", "values": ["a"], "absent": True}, "absent", "cannot be asked together with values"),
        ("tag", {"key": "env", "equals": "a", "matches": "a"}, "matches", "cannot be asked together with equals"),
        ("tag", {"key": "env", "value": "dev"}, "value", "no such setting.*Did you mean values"),
        ("tag", {"key": "env", "matches": "("}, "matches", r"missing \).*RE2 syntax"),
        ("tag", {"key": "env", "matches": "(?=a)"}, "matches", "no lookahead"),
        ("tag", {"key": "env", "matches": 5}, "matches", "must be text"),
        ("tag", {"key": "env", "matches": "\x00"}, "matches", "may not hold the character NUL"),
        ("tag_absent", {}, "key", "is required"),
        ("state", {}, "values", "is required"),
        ("state", {"values": []}, "values", "is required"),
        ("state", {"values": "running"}, "values", "must be a list"),
        ("name", {}, "values", "one of values, equals, matches must say"),
        ("name", {"equals": "a", "values": ["b"]}, "equals", "cannot be asked together with values"),
        ("name", {"matches": r"(a)\1"}, "matches", "no back references"),
        ("size", {"matches": "a{5000}"}, "matches", "repeats more than 1000 times"),
        ("account", {"values": [111]}, "values", "texts alone, not 111; put it in quotes"),
        ("group", {}, "values", "is required"),
        ("age", {}, "older_than", "one of older_than, younger_than must say"),
        ("age", {"older_than": "soon"}, "older_than", "length of time"),
        ("age", {"older_than": "2d", "younger_than": "48h"}, "younger_than", "must be longer than older_than"),
        ("idle", {}, "longer_than", "is required"),
        ("idle", {"longer_than": "1d", "unknown": "perhaps"}, "unknown", "one of not_idle, idle, created"),
        ("public", {"value": "yes"}, "value", "must be true or false"),
        ("jmespath", {}, "expression", "is required"),
        ("jmespath", {"expression": "a["}, "expression", "Incomplete expression"),
        ("jmespath", {"expression": "lenght(a)"}, "expression", r"no function lenght\(\); did you mean length"),
        ("jmespath", {"expression": "a" * 3000}, "expression", "more than 2000"),
        ("jmespath", {"expression": {}}, "expression", "must be text"),
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
        present = matches(build("tag", key="env"), resource, now=NOW)
        assert present is not matches(build("tag_absent", key="env"), resource, now=NOW)


@pytest.mark.parametrize(
    ("used", "created", "answers"),
    [
        (NOW - 31 * DAY, NOW - 90 * DAY, {"not_idle": True, "idle": True, "created": True}),
        (NOW - 29 * DAY, NOW - 90 * DAY, {"not_idle": False, "idle": False, "created": False}),
        (None, NOW - 31 * DAY, {"not_idle": False, "idle": True, "created": True}),
        (None, NOW - 29 * DAY, {"not_idle": False, "idle": True, "created": False}),
        (None, None, {"not_idle": False, "idle": True, "created": False}),
    ],
)
def test_an_unknown_last_use_means_what_the_bot_says(
    build: Build,
    make: Callable[..., Resource],
    used: datetime | None,
    created: datetime | None,
    answers: dict[str, bool],
) -> None:
    resource = make(last_used_at=used, created_at=created)
    for unknown, answer in answers.items():
        assert matches(build("idle", longer_than="30d", unknown=unknown), resource, now=NOW) is answer
    assert build("idle", longer_than="30d") == build("idle", longer_than="30d", unknown="not_idle")


def test_an_age_is_between_two(build: Build, make: Callable[..., Resource]) -> None:
    asked = build("age", older_than="1d", younger_than="2d")
    ages = (timedelta(hours=23), timedelta(hours=25), timedelta(hours=49))
    assert [matches(asked, make(created_at=NOW - age), now=NOW) for age in ages] == [False, True, False]
    assert not matches(asked, make(), now=NOW)


@pytest.mark.parametrize(
    ("uid", "flag"), [("unattached", "attached"), ("public", "public"), ("protected", "protected")]
)
def test_what_nobody_knows_is_neither(build: Build, make: Callable[..., Resource], uid: str, flag: str) -> None:
    for value in (True, False):
        assert not matches(build(uid, value=value), make(), now=NOW)
        assert matches(build(uid, value=value), make(**{flag: value is (uid != "unattached")}), now=NOW)


def test_they_come_and_go_through_the_public_door(registries: Registries, load: Callable[..., None]) -> None:
    load(*MODULES)
    names = "tag tag_absent state name size type account region group age idle unattached public protected jmespath"
    assert {*registries.filters} == {f"duetime.filter.{name}" for name in [*names.split(), "any", "all", "not"]}
    for entry in registries.filters.entries():
        assert entry.item.name
        assert entry.item.description
        assert all(field.display_name and field.description for field in entry.item.fields)
    registries.remove_owner("plugin a")
    assert not list(registries.filters)


def test_they_are_taken_back_by_their_modules(registries: Registries) -> None:
    from duetime.core.registration import registering_with

    with registering_with(registries):
        for module in MODULES:
            module.load()
        for module in MODULES:
            module.unload()
    assert not list(registries.filters)
