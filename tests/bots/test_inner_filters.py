from collections.abc import Callable
from typing import Any

import pytest

from duetime.bots.errors import MissingHandler
from duetime.bots.filter import Filter
from duetime.bots.inner_filters import DEEPEST, MOST
from duetime.bots.matching import predicate_of, resolve
from duetime.builtin import fact_filters, filters, nested_filters, place_filters
from duetime.core.bots import BotDefinition, FilterUse
from duetime.core.errors import InvalidSetting
from duetime.core.predicates import All, AnyOf, Not, Predicate, StateIn, TagPresent, TypeIn, leaves_of
from duetime.core.registration import Entry, Kind, Registries

TAG = {"uid": "duetime.filter.tag", "settings": {"key": "env"}}
STATE = {"uid": "duetime.filter.state", "settings": {"values": ["running"]}}


@pytest.fixture(autouse=True)
def loaded(load: Callable[..., None]) -> None:
    load(filters, place_filters, fact_filters, nested_filters)


@pytest.fixture
def ask(registries: Registries) -> Callable[[dict[str, Any]], Predicate]:
    """Return a function that returns what a bot with one filter asks beside its scope and exemption."""

    def run(use: dict[str, Any]) -> Predicate:
        definition = BotDefinition("a", filters=(FilterUse(use["uid"], use.get("settings", {})),))
        asked = predicate_of(definition, registries, accounts=())
        assert isinstance(asked, All)
        last = asked.parts[-1]
        assert isinstance(last, All)
        (one,) = last.parts
        return one

    return run


def inside(uid: str, *uses: dict[str, Any]) -> dict[str, Any]:
    return {"uid": f"duetime.filter.{uid}", "settings": {"filters": list(uses)}}


def test_filters_are_made_of_filters(ask: Callable[[dict[str, Any]], Predicate]) -> None:
    env, running = TagPresent("env"), StateIn(("running",))
    assert ask(inside("any", TAG, STATE)) == AnyOf((env, running))
    assert ask(inside("all", TAG, STATE)) == All((env, running))
    assert ask(inside("not", TAG)) == Not(env)
    assert ask(inside("not", inside("any", TAG, inside("all", STATE)))) == Not(AnyOf((env, All((running,)))))


def test_the_older_words_are_understood_inside_too(ask: Callable[[dict[str, Any]], Predicate]) -> None:
    older = {"name": "duetime.filter.tag", "config": {"key": "env"}}
    assert ask(inside("not", older)) == Not(TagPresent("env"))


def test_a_missing_filter_inside_is_named_and_never_skipped(registries: Registries) -> None:
    missing = inside("any", TAG, inside("not", {"uid": "custom.one"}), {"uid": "custom.two"})
    definition = BotDefinition("a", filters=(FilterUse(missing["uid"], missing["settings"]), FilterUse("custom.three")))
    for ask in (lambda: resolve(definition, registries), lambda: predicate_of(definition, registries, accounts=())):
        with pytest.raises(MissingHandler) as caught:
            ask()
        assert caught.value.uids == ("custom.one", "custom.two", "custom.three")


def test_a_filter_that_nobody_put_among_others_misses_them(registries: Registries) -> None:
    alone: Filter = registries.filters.require("duetime.filter.any").item
    with pytest.raises(MissingHandler, match=r"duetime\.filter\.tag"):
        alone.predicate({"filters": [TAG]})
    assert alone.within(registries.filters).predicate({"filters": [TAG]}) == AnyOf((TagPresent("env"),))
    plain: Filter = registries.filters.require("duetime.filter.tag").item
    assert plain.within(registries.filters) is plain


def test_a_plugins_filter_inside_keeps_to_its_types(
    registries: Registries, ask: Callable[[dict[str, Any]], Predicate]
) -> None:
    own = Filter(uid="custom.open", build=lambda _: TagPresent("open"), supported_resources=("volume",))
    registries.add(Entry(Kind.FILTER, own.uid, own), owner="plugin b")
    assert ask(inside("not", {"uid": "custom.open"})) == Not(All((TypeIn(("volume",)), TagPresent("open"))))


@pytest.mark.parametrize(
    ("use", "said"),
    [
        (inside("any"), "filters: is required"),
        ({"uid": "duetime.filter.any", "settings": {}}, "filters: is required"),
        ({"uid": "duetime.filter.any", "settings": {"filters": TAG}}, "must be a list of one or more filters"),
        ({"uid": "duetime.filter.any", "settings": {"filters": ["duetime.filter.tag"]}}, "each a mapping"),
        ({"uid": "duetime.filter.any", "settings": {"filters": [{}]}}, "each filter needs a uid"),
        ({"uid": "duetime.filter.any", "settings": {"filters": [{**TAG, "setings": {}}]}}, "nearest known key"),
        (inside("not", TAG, STATE), r"takes one filter; put several into duetime\.filter\.any"),
        (inside("all", {"uid": "duetime.filter.state"}), r"filters: duetime\.filter\.state: values: is required"),
        (
            inside("any", inside("not", {"uid": "duetime.filter.tag", "settings": {"kye": "a"}})),
            r"duetime\.filter\.not: filters: duetime\.filter\.tag: kye: there is no such setting.*Did you mean key",
        ),
        (inside("any", *[TAG] * (MOST + 1)), "at most 50 filters, not 51"),
    ],
)
def test_a_fault_inside_is_said_with_the_way_to_it(
    ask: Callable[[dict[str, Any]], Predicate], use: dict[str, Any], said: str
) -> None:
    with pytest.raises(InvalidSetting, match=said) as caught:
        ask(use)
    assert caught.value.name == "filters"


def test_there_is_a_limit_to_the_depth(ask: Callable[[dict[str, Any]], Predicate]) -> None:
    use = TAG
    for _ in range(DEEPEST):
        use = inside("all", use)
    assert list(leaves_of(ask(use))) == [TagPresent("env")]
    with pytest.raises(InvalidSetting, match="more than 6 deep inside each other"):
        ask(inside("all", use))


def test_filters_that_are_nested_deeper_than_the_stack_are_no_crash(ask: Callable[[dict[str, Any]], Predicate]) -> None:
    use = TAG
    for _ in range(3000):
        use = inside("all", use)
    with pytest.raises(InvalidSetting, match="more than 6 deep inside each other"):
        ask(use)
