from collections.abc import Callable

import pytest

from duetime.bots.action import Action
from duetime.bots.errors import MissingHandler
from duetime.bots.matching import leaving_out, predicate_of, resolve, scope_predicate
from duetime.builtin import filters
from duetime.core.bots import ActionUse, BotDefinition, FilterUse, Scope
from duetime.core.errors import InvalidSetting, Unavailable
from duetime.core.predicates import AccountIn, All, AnyOf, Not, RegionIn, StateIn, TagIn, TagPresent, TypeIn
from duetime.core.registration import Entry, Kind, Registries

RUNNING = FilterUse("duetime.filter.state", {"values": ["running"]})
DEV = FilterUse("duetime.filter.tag", {"key": "env", "values": ["dev"]})


def test_scope_and_filters_become_one_predicate(registries: Registries, load: Callable[..., None]) -> None:
    load(filters)
    definition = BotDefinition("a", scope=Scope(("10",), ("us-east-1",), ("instance",)), filters=(DEV, RUNNING))
    scope = All((AccountIn(("10",)), RegionIn(("us-east-1",)), TypeIn(("instance",))))
    assert predicate_of(definition, registries) == All((scope, All((TagIn("env", ("dev",)), StateIn(("running",))))))


def test_an_empty_part_of_the_scope_asks_nothing() -> None:
    assert scope_predicate(Scope()) == All()
    assert scope_predicate(Scope(regions=("eu",))) == All((RegionIn(("eu",)),))


def test_every_missing_uid_is_named_before_anything_is_evaluated(registries: Registries) -> None:
    def build(_: object) -> TagPresent:
        raise AssertionError

    registries.add(Entry(Kind.ACTION, "there", Action(uid="there", function=build)), owner="a")
    definition = BotDefinition(
        "a",
        filters=(FilterUse("filter.one"), FilterUse("filter.one")),
        actions=(ActionUse("there"), ActionUse("action.two")),
    )
    with pytest.raises(MissingHandler) as caught:
        resolve(definition, registries)
    assert caught.value.uids == ("filter.one", "action.two")
    assert caught.value.reason == "waiting for handler filter.one, action.two"
    assert str(caught.value).startswith("The bot is waiting for handler filter.one, action.two. Load the plugin")
    assert isinstance(caught.value, Unavailable)


def test_a_missing_filter_is_never_skipped(registries: Registries, load: Callable[..., None]) -> None:
    load(filters)
    with pytest.raises(MissingHandler, match=r"custom\.filter"):
        predicate_of(BotDefinition("a", filters=(DEV, FilterUse("custom.filter"))), registries)


def test_what_a_bot_asks_does_not_depend_on_its_actions(registries: Registries) -> None:
    assert predicate_of(BotDefinition("a", actions=(ActionUse("missing"),)), registries) == All((All(), All()))


def test_settings_are_validated_again(registries: Registries, load: Callable[..., None]) -> None:
    load(filters)
    with pytest.raises(InvalidSetting, match="key"):
        predicate_of(BotDefinition("a", filters=(FilterUse("duetime.filter.tag"),)), registries)


def test_parts_on_changed_fields_are_left_out() -> None:
    scope = AccountIn(("10",))
    tag = TagPresent("env")
    state = StateIn(("running",))
    predicate = All((scope, All((tag, All((state,)), Not(state), AnyOf((tag, state))))))
    assert leaving_out(predicate, ("state",)) == All((scope, tag))
    assert leaving_out(predicate, ("tags",)) == All((scope, state, Not(state)))
    assert leaving_out(predicate, ()) == All((scope, tag, state, Not(state), AnyOf((tag, state))))
