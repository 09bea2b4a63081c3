"""The older bot JSON, read: what it means here, what is refused by name, and that nothing is dropped in silence."""

import json
import re
from typing import Any

import pytest

from duetime.bots.document import Examined, examine_text
from duetime.core.bots import ActionUse, Badge, BotDefinition, FilterUse, Hookpoint, Scope, Severity
from duetime.core.errors import InvalidDocument
from duetime.schedule import Daily, Hourly, Monthly, Weekly

OLDER: dict[str, Any] = {
    "name": "Public buckets",
    "description": "Says who has opened a bucket.",
    "notes": "Asked for by the security team.",
    "owner": "divvyuser:7",
    "category": "Security",
    "severity": "High",
    "badge_scope_operator": "OR",
    "instructions": {
        "resource_types": ["storagecontainer"],
        "groups": ["divvyorganizationservice:10", "divvyorganizationservice:11:"],
        "badges": [{"key": "env", "value": "production"}, {"key": "team", "value": None}],
        "filters": [{"name": "divvy.query.public", "config": {"days": 3}}, {"name": "other"}],
        "actions": [
            {"name": "divvy.action.email", "config": {"to": ["a@b"]}, "run_when_result_is": True},
            {"name": "divvy.action.cancel", "config": {}, "run_when_result_is": False},
        ],
        "hookpoints": ["divvycloud.resource.created", "divvycloud.resource.tags_modified"],
        "schedule": {
            "_type": "daily",
            "time_of_day": {"_type": "time_of_day", "hour": 19, "minute": 30, "second": 0},
            "exclude_days": [5, 6],
        },
    },
}
MEANING = BotDefinition(
    "Public buckets",
    description="Says who has opened a bucket.",
    notes="Asked for by the security team.",
    owner="divvyuser:7",
    category="Security",
    severity=Severity.HIGH,
    scope=Scope(
        accounts=("10", "11"),
        resource_types=("storagecontainer",),
        any_badges=(Badge("env", "production"), Badge("team")),
    ),
    filters=(FilterUse("divvy.query.public", {"days": 3}), FilterUse("other")),
    actions=(
        ActionUse("divvy.action.email", {"to": ["a@b"]}),
        ActionUse("divvy.action.cancel", {}, on_match=False),
    ),
    triggers=(Hookpoint.CREATED, Hookpoint.TAGS_MODIFIED),
    schedule=Daily("19:30", exclude_days=[5, 6]),
)
BARE: dict[str, Any] = {"name": "a", "instructions": {}}


def read(*bots: dict[str, Any]) -> Examined:
    text = json.dumps(bots[0] if len(bots) == 1 else bots, indent=1)
    return examine_text(text, source="bot.json", older=True)


def meaning(bot: dict[str, Any]) -> BotDefinition:
    (written,) = read(bot).flawless()
    return written.definition


def test_every_part_is_read() -> None:
    examined = read(OLDER)
    assert [bot.definition for bot in examined.flawless()] == [MEANING]
    assert examined.remarks == (
        "Bot Public buckets: group divvyorganizationservice:10 is read as account 10.",
        "Bot Public buckets: group divvyorganizationservice:11 is read as account 11.",
    )


def test_what_is_null_or_empty_says_nothing() -> None:
    nothing = dict.fromkeys(("resource_types", "groups", "badges", "filters", "actions", "hookpoints", "schedule"))
    more = dict.fromkeys(("description", "owner", "category", "severity", "notes", "badge_scope_operator"))
    assert meaning({"name": "a", **more, "instructions": nothing}) == BotDefinition("a")
    assert meaning({"name": "a", "severity": "", "instructions": {"schedule": ""}}) == BotDefinition("a")


def test_several_bots_and_both_forms_may_stand_in_one_text() -> None:
    examined = read({**BARE, "name": "b"}, {"name": "c"}, BARE)
    assert [bot.definition.name for bot in examined.flawless()] == ["b", "c", "a"]


@pytest.mark.parametrize(
    ("schedule", "value"),
    [
        ({"_type": "Hourly", "minute_of_hour": 5, "second_of_hour": 0}, Hourly(minute_of_hour=5)),
        ({"_type": "weekly", "time_of_day": {"hour": 7, "minute": 0}, "day_of_week": 4}, Weekly(4, "07:00")),
        ({"_type": "monthly", "time_of_day": {"hour": 7, "minute": 0}, "day_of_month": 31}, Monthly(31, "07:00")),
        (
            {
                "_type": "daily", "time_of_day": {"hour": 7, "minute": 0}, "day_of_week": 0, "day_of_month": 0,
                "exclude_days": [], "minute_of_hour": 0, "second_of_hour": None,
            },
            Daily("07:00"),
        ),
    ],
)  # fmt: skip
def test_schedules_are_read_with_the_zeros_that_programs_write(schedule: dict[str, Any], value: object) -> None:
    assert meaning({"name": "a", "instructions": {"schedule": schedule}}).schedule == value
    assert meaning({"name": "a", "instructions": {}, "schedule": schedule}).schedule == value


@pytest.mark.parametrize(
    ("operator", "badges", "scope"),
    [
        ("AND", ["a", "b"], Scope(all_badges=(Badge("a", "x"), Badge("b", "x")))),
        ("or", ["a", "b"], Scope(any_badges=(Badge("a", "x"), Badge("b", "x")))),
        (None, ["a"], Scope(all_badges=(Badge("a", "x"),))),
        ("", ["a"], Scope(all_badges=(Badge("a", "x"),))),
        ("OR", ["a"], Scope(any_badges=(Badge("a", "x"),))),
    ],
)
def test_badges_are_asked_with_their_operator(operator: str | None, badges: list[str], scope: Scope) -> None:
    given = [{"key": key, "value": "x"} for key in badges]
    bot = {"name": "a", "badge_scope_operator": operator, "instructions": {"badges": given}}
    assert meaning(bot).scope == scope


def test_resource_groups_stay_groups() -> None:
    assert meaning({"name": "a", "instructions": {"groups": ["resourcegroup:64:"]}}).scope == Scope(
        groups=("resourcegroup:64:",)
    )
    repeated = {"name": "a", "scope": ["divvyorganizationservice:1"], "instructions": {}}
    assert meaning(repeated).scope == Scope(accounts=("1",))


def test_how_a_bot_stood_is_told_and_left_out() -> None:
    standing = {
        "resource_id": "divvybot:1:7", "owner_name": "Me", "date_created": "2019-05-15", "valid": True, "errors": [],
        "event_failures": {"errors": 1}, "version": 3, "state": "PAUSED", "ondemand_enabled": True, "insight_id": None,
        "detailed_logging": False, "schedule_description": "", "scope": [],
    }  # fmt: skip
    examined = read({**BARE, **standing, "instructions": {"groups": [], "ondemand_enabled": True}})
    assert [bot.definition for bot in examined.flawless()] == [BotDefinition("a")]
    told = " ".join(examined.remarks)
    for key in ("resource_id", "owner_name", "date_created", "valid", "errors", "event_failures", "version"):
        assert f"Bot a: {key} is left out" in told
    assert "duetime bots pause" in told


@pytest.mark.parametrize(
    ("bot", "said"),
    [
        ({"colour": "red"}, "unknown key 'colour'"),
        ({"instructions": {"filtres": []}}, "instructions: unknown key 'filtres'; the nearest known key is 'filters'"),
        ({"instructions": {"scope": []}}, "instructions: unknown key 'scope'"),
        ({"instructions": []}, "instructions: must be a mapping"),
        ({"instructions": {"filters": [{"name": "x", "id": 5}]}}, "instructions.filters[0]: unknown key 'id'"),
        ({"instructions": {"actions": [{"name": "x", "run_when_result_is": "yes"}]}}, "must be true or false"),
        ({"instructions": {"actions": [{"config": {}}]}}, "an action needs a uid"),
        ({"instructions": {"filters": [{"name": "x", "config": []}]}}, "must be a mapping of settings"),
        ({"state": "ARCHIVED"}, "archived, which is final"),
        ({"state": "ASLEEP"}, "must be RUNNING, PAUSED, SCANNING or ARCHIVED"),
        ({"ondemand_enabled": False}, "a bot runs on demand in any case; leave it out"),
        ({"ondemand_enabled": 1}, "a bot runs on demand in any case"),
        ({"detailed_logging": True}, "a bot has no logging of its own"),
        ({"insight_id": "custom:5"}, "write them into instructions.filters"),
        ({"severity": "info"}, "severity: must be one of low, medium, high, critical"),
        ({"severity": 5}, "severity: must be a text"),
        ({"badge_scope_operator": "XOR"}, "must be AND or OR"),
        ({"instructions": {"badges": [{"key": "a", "value": "b"}, {"key": "c"}]}}, "badge_scope_operator: AND or OR"),
        ({"instructions": {"badges": [{"key": "system.resource_type", "value": "cloud"}]}}, "leave it out for all"),
        ({"instructions": {"badges": ["env:dev"]}}, "must be a mapping with the keys key, value"),
        ({"instructions": {"badges": [{"value": "x"}]}}, "a badge needs a key"),
        ({"instructions": {"groups": ["divvyorganizationservice:1", "resourcegroup:2:"]}}, "make one bot for"),
        ({"instructions": {"groups": ["g", "g"]}}, "'g' stands twice"),
        ({"scope": ["g"], "instructions": {"groups": ["h"]}}, "says something else than instructions.groups"),
        ({"instructions": {"hookpoints": ["divvycloud.instance.created"]}}, "must be one of created, modified"),
        ({"instructions": {"schedule": {"_type": "yearly"}}}, "_type must be one of"),
        ({"instructions": {"schedule": {"_type": "daily"}}}, "daily needs time_of_day"),
        ({"instructions": {"schedule": {"_type": "hourly", "day_of_month": 3}}}, "not 'day_of_month'"),
        ({"instructions": {"schedule": "daily"}}, "must be a mapping with the key '_type'"),
        ({"name": " "}, "a bot's name must be"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_over_is_refused_by_name_and_line(bot: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidDocument, match=re.escape(said)) as caught:
        read({**BARE, **bot}).flawless()
    assert caught.value.line is not None


def test_a_bot_without_a_name_is_refused() -> None:
    with pytest.raises(InvalidDocument, match="a bot needs a name"):
        read({"instructions": {}}).flawless()


def test_everything_that_is_wrong_is_told() -> None:
    bot = {"name": 5, "colour": 1, "state": "X", "instructions": {"filters": [{}], "hookpoints": ["y"], "other": 2}}
    assert len(read(bot).complaints.found) == 6


def test_applying_it_says_where_to_take_it() -> None:
    with pytest.raises(InvalidDocument, match="take it in with `duetime bots import`"):
        examine_text(json.dumps(OLDER), source="bot.json").flawless()
