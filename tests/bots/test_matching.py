from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.bots.conftest import NOW

from duetime.bots.action import Action
from duetime.bots.errors import MissingHandler
from duetime.bots.evaluate import matches
from duetime.bots.matching import (
    explain_standing,
    leaving_out,
    pending_predicate,
    predicate_of,
    resolve,
    scope_predicate,
)
from duetime.builtin import filters
from duetime.core.bots import ActionUse, Badge, BotDefinition, FilterUse, Scope
from duetime.core.errors import InvalidSetting, Unavailable
from duetime.core.predicates import AccountIn, All, AnyOf, InGroup, Not, RegionIn, StateIn, TagIn, TagPresent, TypeIn
from duetime.core.registration import Entry, Kind, Registries
from duetime.core.resources import Account, Resource

RUNNING = FilterUse("duetime.filter.state", {"values": ["running"]})
DEV = FilterUse("duetime.filter.tag", {"key": "env", "values": ["dev"]})


def test_scope_and_filters_become_one_predicate(registries: Registries, load: Callable[..., None]) -> None:
    load(filters)
    definition = BotDefinition("a", scope=Scope(("10",), ("us-east-1",), ("instance",)), filters=(DEV, RUNNING))
    scope = All((AccountIn(("10",)), RegionIn(("us-east-1",)), TypeIn(("instance",))))
    asked = All((TagIn("env", ("dev",)), StateIn(("running",))))
    assert predicate_of(definition, registries, accounts=()) == All((scope, All(), asked))
    exempting = replace(definition, exempt_tags=("keep",))
    exempt = All((Not(TagPresent("keep")),))
    assert predicate_of(exempting, registries, accounts=()) == All((scope, exempt, asked))


def test_an_empty_part_of_the_scope_asks_nothing() -> None:
    assert scope_predicate(Scope(), accounts=()) == All()
    assert scope_predicate(Scope(regions=("eu",)), accounts=()) == All((RegionIn(("eu",)),))
    assert scope_predicate(Scope(groups=("g", "h")), accounts=()) == All((InGroup(("g", "h")),))


ACCOUNTS = [
    Account("1", "aws", badges={"env": "production", "team": "a"}),
    Account("2", "aws", badges={"env": "production", "team": "b"}),
    Account("3", "aws", badges={"env": "dev", "team": "a"}),
    Account("4", "aws"),
]


@pytest.mark.parametrize(
    ("all_badges", "any_badges", "chosen"),
    [
        ((Badge("env"),), (), ("1", "2", "3")),
        ((Badge("env", "production"),), (), ("1", "2")),
        ((Badge("env", "production"), Badge("team", "a")), (), ("1",)),
        ((), (Badge("team", "b"), Badge("env", "dev")), ("2", "3")),
        ((Badge("env", "production"),), (Badge("team", "a"), Badge("team", "c")), ("1",)),
        ((Badge("env", ""),), (), ()),
        ((), (Badge("nobody"),), ()),
    ],
)
def test_badges_become_the_accounts_that_have_them(
    all_badges: tuple[Badge, ...], any_badges: tuple[Badge, ...], chosen: tuple[str, ...]
) -> None:
    scope = Scope(all_badges=all_badges, any_badges=any_badges)
    predicate = scope_predicate(scope, accounts=ACCOUNTS)
    assert predicate == All((AccountIn(chosen),))


def test_badges_that_no_account_has_choose_nothing_and_never_everything(make: Callable[..., Resource]) -> None:
    predicate = scope_predicate(Scope(any_badges=(Badge("team"),)), accounts=())
    assert not matches(predicate, make("i-1"), now=NOW)


def test_badges_narrow_the_accounts_that_are_named() -> None:
    scope = Scope(accounts=("2", "3"), all_badges=(Badge("env", "production"),))
    assert scope_predicate(scope, accounts=ACCOUNTS) == All((AccountIn(("2", "3")), AccountIn(("1", "2"))))


def test_badges_are_said_in_words() -> None:
    production, team_a, team_b = Badge("env", "production"), Badge("team", "a"), Badge("team", "b")
    assert Scope(all_badges=(production, Badge("x"))).badges_in_words() == "env:production and x"
    assert Scope(any_badges=(team_a, team_b)).badges_in_words() == "team:a or team:b"
    both = Scope(all_badges=(production,), any_badges=(team_a, team_b))
    assert both.badges_in_words() == "env:production and (team:a or team:b)"


def test_why_a_resource_is_not_wanted_is_said(
    registries: Registries, load: Callable[..., None], make: Callable[..., Resource]
) -> None:
    load(filters)
    definition = BotDefinition("a", filters=(DEV,), exempt_tags=("keep",))
    predicate = predicate_of(definition, registries, accounts=())
    assert explain_standing(definition, predicate, make("i", tags={"env": "dev"}), now=NOW) is None
    said = explain_standing(definition, predicate, make("i", tags={"env": "prod", "keep": ""}), now=NOW)
    assert said == "is exempt by tag keep"
    assert explain_standing(definition, predicate, make("i", tags={"env": "prod"}), now=NOW) == (
        "wants tag env = dev, but it is prod"
    )


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
        predicate_of(BotDefinition("a", filters=(DEV, FilterUse("custom.filter"))), registries, accounts=())


def test_what_a_bot_asks_does_not_depend_on_its_actions(registries: Registries) -> None:
    definition = BotDefinition("a", actions=(ActionUse("missing"),))
    assert predicate_of(definition, registries, accounts=()) == All((All(), All(), All()))


def test_settings_are_validated_again(registries: Registries, load: Callable[..., None]) -> None:
    load(filters)
    with pytest.raises(InvalidSetting, match="key"):
        predicate_of(BotDefinition("a", filters=(FilterUse("duetime.filter.tag"),)), registries, accounts=())


def test_parts_on_changed_fields_are_left_out() -> None:
    scope = AccountIn(("10",))
    tag = TagPresent("env")
    state = StateIn(("running",))
    predicate = All((scope, All((tag, All((state,)), Not(state), AnyOf((tag, state))))))
    assert leaving_out(predicate, ("state",)) == All((scope, tag))
    assert leaving_out(predicate, ("tags",)) == All((scope, state, Not(state)))
    assert leaving_out(predicate, ()) == All((scope, tag, state, Not(state), AnyOf((tag, state))))


def test_what_a_pending_event_asks_leaves_out_what_it_changes_but_no_exemption(
    registries: Registries, load: Callable[..., None]
) -> None:
    load(filters)
    definition = BotDefinition("a", filters=(DEV, RUNNING), exempt_tags=("keep",))
    predicate = pending_predicate(
        definition, registries, accounts=(), event_type="divvy.stop_resource", changes=("tags", "state")
    )
    assert predicate == All((All(), All((Not(TagPresent("keep")),)), All()))
    with pytest.raises(MissingHandler):
        pending_predicate(
            BotDefinition("a", filters=(FilterUse("custom.filter"),)), registries, accounts=(), event_type="x"
        )
