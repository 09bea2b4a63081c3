"""The older bot JSON, written: read back it is the same bot, and what it has no words for is named."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.bots.test_document import NAMES, SETTINGS, TUPLES
from tests.bots.test_older_json import MEANING, OLDER

from duetime.bots.document import examine_text
from duetime.bots.older_writing import UnsayableParts, older_document
from duetime.core.bots import ActionUse, Badge, BotDefinition, FilterUse, Hookpoint, Scope, Severity
from duetime.schedule import Cron, Daily, Hourly, Monthly, Once, Periodic, Weekly


def read_back(document: Any) -> BotDefinition:
    (bot,) = examine_text(json.dumps(document), source="bot.json", older=True).flawless()
    return bot.definition


def test_it_is_written_as_the_older_programs_wrote_it() -> None:
    document, left_out = older_document(MEANING)
    assert left_out == ()
    assert document.keys() == OLDER.keys()
    instructions: Any = document["instructions"]
    assert instructions.keys() == OLDER["instructions"].keys()
    assert instructions["actions"] == OLDER["instructions"]["actions"]
    assert instructions["schedule"]["time_of_day"] == {"hour": 19, "minute": 30, "second": 0}
    assert read_back(document) == MEANING


def test_an_empty_bot_says_every_key() -> None:
    document, _ = older_document(BotDefinition("a"))
    assert document["instructions"] == {
        "resource_types": [], "groups": [], "badges": [], "filters": [], "actions": [], "hookpoints": [],
        "schedule": None,
    }  # fmt: skip
    assert read_back(document) == BotDefinition("a")


def test_several_days_of_the_week_are_every_day_but_the_others() -> None:
    document, _ = older_document(BotDefinition("a", schedule=Weekly(time_of_day="19:00", day_of_week=[0, 3])))
    assert read_back(document).schedule == Daily("19:00", exclude_days=[1, 2, 4, 5, 6])


BADGES = st.lists(
    st.builds(Badge, st.text("abé:", min_size=1, max_size=4), st.none() | st.text("abé:", max_size=3)),
    max_size=3,
    unique=True,
).map(tuple)
SCOPES = st.one_of(
    st.builds(Scope, accounts=st.lists(st.text("019", min_size=1), max_size=2, unique=True).map(tuple)),
    st.builds(Scope, groups=TUPLES),
    st.builds(Scope, resource_types=TUPLES, all_badges=BADGES),
    st.builds(Scope, resource_types=TUPLES, any_badges=BADGES),
)
TIMES = st.times().map(lambda time: time.replace(microsecond=0))
SAYABLE = st.builds(
    BotDefinition,
    name=NAMES,
    description=st.text("aé 1:\n'", max_size=20),
    owner=st.none() | st.just("divvyuser:7"),
    scope=SCOPES,
    filters=st.lists(st.builds(FilterUse, st.text("a.", min_size=1), SETTINGS), max_size=2).map(tuple),
    actions=st.lists(st.builds(ActionUse, st.text("a.", min_size=1), SETTINGS, st.booleans()), max_size=2).map(tuple),
    schedule=st.none()
    | st.builds(
        Hourly, minute_of_hour=st.integers(0, 59), exclude_days=st.sets(st.integers(0, 6), max_size=6).map(sorted)
    )
    | st.builds(Daily, TIMES, exclude_days=st.sets(st.integers(0, 6), max_size=6).map(sorted))
    | st.builds(Weekly, st.integers(0, 6), TIMES)
    | st.builds(Monthly, time_of_day=TIMES, day_of_month=st.integers(1, 31)),
    category=st.text("aé ", max_size=9),
    severity=st.none() | st.sampled_from(Severity),
    notes=st.text("aé\n", max_size=9),
    triggers=st.lists(st.sampled_from(Hookpoint), max_size=4, unique=True).map(tuple),
)


@given(SAYABLE)
def test_what_the_form_can_say_is_read_back(definition: BotDefinition) -> None:
    document, left_out = older_document(definition)
    assert not left_out
    assert read_back(document) == definition


@pytest.mark.parametrize(
    ("parts", "named"),
    [
        ({"scope": Scope(regions=("eu",))}, "scope.regions"),
        ({"scope": Scope(accounts=("1",), groups=("g",))}, "scope.groups together with scope.accounts"),
        ({"scope": Scope(groups=("divvyorganizationservice:1",))}, "begins with divvyorganizationservice:"),
        ({"scope": Scope(all_badges=(Badge("a"),), any_badges=(Badge("b"),))}, "scope.badges.any together with"),
        ({"scope": Scope(all_badges=(Badge("system.x"),))}, "begins with system."),
        ({"exempt_tags": ("keep",)}, "exempt_tags"),
        ({"cancel_when_compliant": False}, "cancel_when_compliant"),
        ({"max_inventory_age": timedelta(hours=1)}, "max_inventory_age"),
        ({"schedule": Cron("0 19 * * *")}, "schedule of the kind cron"),
        ({"schedule": Periodic(hours=1)}, "schedule of the kind periodic"),
        ({"schedule": Once(when="2026-01-31T19:00:00Z")}, "schedule of the kind once"),
        ({"schedule": Daily("19:00", timezone="Europe/Berlin")}, "schedule.timezone Europe/Berlin"),
        ({"schedule": Daily("19:00", dst_gap="skip")}, "schedule.dst_gap skip"),
        ({"schedule": Monthly(31, "19:00", overflow="skip")}, "schedule.overflow skip"),
    ],
)
def test_what_the_form_has_no_words_for_is_named(parts: dict[str, Any], named: str) -> None:
    definition = replace(BotDefinition("a", description="kept"), **parts)
    with pytest.raises(UnsayableParts, match="--lossy") as caught:
        older_document(definition)
    assert named in caught.value.parts[0]
    document, left_out = older_document(definition, lossy=True)
    assert left_out == caught.value.parts
    assert document["description"] == "kept"
