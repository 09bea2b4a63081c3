from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

import pytest

from duetime.bots.action import Action, BotFactoryAction
from duetime.bots.bot_event import BotEvent
from duetime.bots.filter import Filter
from duetime.bots.registration import ActionRegistry, BotFactoryRegistryWrapper, FilterRegistryWrapper
from duetime.core.errors import DuplicateRegistration, Invalid, InvalidSetting, UnknownName
from duetime.core.fields import IntegerField, StringField
from duetime.core.predicates import All, Predicate, StateIn, TagPresent, TypeIn
from duetime.core.registration import Batch, Entry, Kind, Registries, registering_with
from duetime.core.resource_types import ResourceType
from duetime.core.resources import Resource


def act(*_: object) -> None:
    """Do nothing."""


def act_too(*_: object) -> None:
    """Do nothing, differently."""


def wrapper_with(*uids: str) -> BotFactoryRegistryWrapper:
    wrapper = BotFactoryRegistryWrapper()
    for uid in uids:
        wrapper.action(uid=uid)(act)
    return wrapper


def test_the_wrapper_collects_and_load_registers(registries: Registries, load: Callable[..., None]) -> None:
    registry = BotFactoryRegistryWrapper()

    @registry.action(
        uid="custom.action.example",
        name="Example",
        description="Does it.",
        author="me",
        bulk_action=True,
        accepts_complement=True,
        admin_only=True,
        expensive=True,
        permissions=["ec2:StopInstances"],
        supported_resources=[ResourceType.INSTANCE],
        supported_clouds=["AWS"],
        settings_config=[StringField(name="topic")],
    )
    def example(bot: object, settings: object, matches: object, non_matches: object) -> str:
        return "done"

    assert example(None, None, None, None) == "done"
    assert not list(registries.actions)
    load(registry)
    assert registries.actions.require("custom.action.example").item == Action(
        uid="custom.action.example",
        function=example,
        name="Example",
        description="Does it.",
        author="me",
        bulk_action=True,
        accepts_complement=True,
        admin_only=True,
        expensive=True,
        permissions=("ec2:StopInstances",),
        supported_resources=("instance",),
        supported_clouds=("AWS",),
        settings_config=(StringField(name="topic"),),
    )
    with registering_with(registries, batch=Batch("plugin a")):
        registry.unload()
    assert not list(registries.actions)


def test_loading_twice_is_no_error(registries: Registries) -> None:
    wrapper = wrapper_with("a", "b")
    with registering_with(registries):
        wrapper.load()
        wrapper.load()
        assert set(registries.actions) == {"a", "b"}
        wrapper.unload()
        wrapper.unload()
    assert not list(registries.actions)


def test_a_refused_uid_leaves_nothing_of_the_wrapper(registries: Registries) -> None:
    registries.add(Entry(Kind.ACTION, "b", object()), owner="plugin b")
    with registering_with(registries), pytest.raises(DuplicateRegistration, match="plugin b"):
        wrapper_with("a", "b").load()
    assert set(registries.actions) == {"b"}


def test_a_registration_belongs_to_the_module_of_its_function(registries: Registries) -> None:
    with registering_with(registries):
        wrapper_with("a").load()
    assert registries.actions.require("a").owner == f"module {__name__}"


def test_two_functions_may_not_share_a_uid() -> None:
    wrapper = wrapper_with("a")
    wrapper.action(uid="a", name="again")(act)
    with pytest.raises(DuplicateRegistration, match="'a' is already registered by act; act_too"):
        wrapper.action(uid="a")(act_too)


def test_a_complement_joins_its_action(registries: Registries, load: Callable[..., None]) -> None:
    wrapper = wrapper_with("custom.action.page", "b")
    assert wrapper.complement("custom.action.page")(act_too) is act_too
    load(wrapper)
    assert registries.actions.require("custom.action.page").item.complement is act_too
    assert registries.actions.require("b").item.complement is None
    with pytest.raises(UnknownName, match=r"custom\.action\.pages.*Did you mean custom\.action\.page\?"):
        wrapper.complement("custom.action.pages")(act)


def test_the_older_way_registers_a_list(registries: Registries) -> None:
    actions = [BotFactoryAction(uid=uid, function=act, name=uid) for uid in ("a", "b")]
    with registering_with(registries):
        ActionRegistry().registry.register(actions)
        assert registries.actions.require("a").item is actions[0]
        ActionRegistry().registry.unregister(actions[:1])
    assert set(registries.actions) == {"b"}


def test_the_older_way_registers_all_or_nothing(registries: Registries) -> None:
    registries.add(Entry(Kind.ACTION, "b", object()), owner="plugin b")
    with registering_with(registries), pytest.raises(DuplicateRegistration):
        ActionRegistry().registry.register([Action(uid="a", function=act), Action(uid="b", function=act)])
    assert set(registries.actions) == {"b"}


def test_filters_are_collected_and_registered(registries: Registries, load: Callable[..., None]) -> None:
    wrapper = FilterRegistryWrapper()

    @wrapper.filter(uid="custom.filter.tag", fields=[StringField(name="key")], supported_resources=["volume"])
    def build(settings: Mapping[str, Any]) -> Predicate:
        return TagPresent(settings["key"])

    with pytest.raises(DuplicateRegistration):
        wrapper.filter(uid="custom.filter.tag")(lambda _: All())
    load(wrapper)
    item: Filter = registries.filters.require("custom.filter.tag").item
    assert item.predicate({"key": "env"}) == All((TypeIn(("volume",)), TagPresent("env")))
    with registering_with(registries, batch=Batch("plugin a")):
        wrapper.unload()
    assert not list(registries.filters)


def test_a_filter_without_types_asks_for_none() -> None:
    item = Filter(uid="f", build=lambda _: StateIn(("x",)))
    assert item.predicate({}) == StateIn(("x",))
    with pytest.raises(InvalidSetting, match="there is no such setting"):
        item.predicate({"unknown": 1})


def test_members_of_any_enumeration_are_taken_by_value() -> None:
    class Plain(Enum):
        VOLUME = "volume"

    kinds: Any = [Plain.VOLUME]
    assert Action(uid="a", function=act, supported_resources=kinds).supported_resources == ("volume",)
    assert Filter(uid="a", build=lambda _: All(), supported_resources=kinds).supported_resources == ("volume",)


def test_supported_resources_decide(make: Callable[..., Resource]) -> None:
    assert Action(uid="a", function=act).supports(make())
    assert Action(uid="a", function=act, supported_resources=["instance"]).supports(make())
    assert not Action(uid="a", function=act, supported_resources=["volume"]).supports(make())


def test_settings_are_validated_and_then_checked_as_a_whole() -> None:
    def check(settings: Mapping[str, Any]) -> None:
        if settings["number"] > settings["most"]:
            raise InvalidSetting("number", "is more than most")

    fields = [IntegerField(name="number"), IntegerField(name="most", default=3)]
    action = Action(uid="a", function=act, settings_config=fields, check=check)
    assert action.settings({"number": 2}) == {"number": 2, "most": 3}
    with pytest.raises(InvalidSetting, match="is more than most"):
        action.settings({"number": 4})
    with pytest.raises(InvalidSetting, match="must be a whole number"):
        action.settings({"number": "4"})


@pytest.mark.parametrize("uid", ["", None, 5])
def test_a_uid_must_be_a_text(uid: Any) -> None:
    with pytest.raises(Invalid, match="uid must be a text"):
        Action(uid=uid, function=act)
    with pytest.raises(Invalid, match="uid must be a text"):
        Filter(uid=uid, build=lambda _: All())


def test_an_action_needs_a_function() -> None:
    with pytest.raises(Invalid, match="needs a function"):
        Action(uid="a", function=None)  # type: ignore[arg-type]


def test_a_bot_event_is_built_by_position(make: Callable[..., Resource]) -> None:
    event = BotEvent("hookpoint", make(), 7, "nightly")
    assert (event.resource.resource_id, event.bot_id, event.bot_name) == ("instance:10:us-east-1:i-1:", 7, "nightly")
