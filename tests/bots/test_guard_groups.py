"""The re-check asks the database for the groups of a fresh resource, and one odd resource stops nobody else."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duetime.bots.guard import MatchGuard
from duetime.builtin import fact_filters, nested_filters, place_filters
from duetime.core.bots import Bot, BotDefinition, FilterUse, Scope
from duetime.core.claims import Claim
from duetime.core.errors import UnknownName
from duetime.core.guards import PROCEED, Defer, Skip, Verdict
from duetime.core.registration import Registries
from duetime.core.resources import Resource
from duetime.core.statuses import OnLost

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=60)
Make = Callable[..., Resource]
GROUP = FilterUse("duetime.filter.group", {"values": ["ours"]})
EVERYTHING = Scope()
NOT_HELD = {"filters": [{"uid": "duetime.filter.group", "settings": {"values": ["legal hold"]}}]}


def claim(number: int) -> Claim:
    return Claim(
        event_id=number,
        token=1,
        event_type="divvy.stop_resource",
        resource_id=f"instance:10:us-east-1:i-{number}:",
        bot_id=7,
        args_text="{}",
        schedule_text='{"_type":"once"}',
        due_at=NOW,
        ready_at=NOW,
        attempt=1,
        failures=0,
        failed_in_a_row=0,
        expires_at=None,
        on_lost=OnLost.RETRY,
        catch_up=None,
        recheck=True,
        group_key=None,
        user_resource_id=None,
    )


class Groups:
    """The resource groups of the database."""

    def __init__(self) -> None:
        self.members: dict[str, frozenset[str]] = {}
        self.exist = {"ours", "legal hold"}
        self.asked: list[Sequence[str]] = []

    def __call__(self, resource_ids: Sequence[str], names: frozenset[str]) -> Mapping[str, frozenset[str]]:
        self.asked.append(resource_ids)
        for name in names - self.exist:
            raise UnknownName("resource group", name)
        return {one: self.members[one] for one in resource_ids if one in self.members}


class Reading:
    """A fresh read of some resources."""

    def __init__(self, *found: Resource) -> None:
        self.found = {one.resource_id: one for one in found}

    def covers(self, resource_id: str) -> bool:
        return True

    def problem(self, resource_id: str) -> str | None:
        return None

    def ask_again_at(self, resource_id: str) -> None:
        return None

    def resource(self, resource_id: str) -> Resource | None:
        return self.found.get(resource_id)


@pytest.fixture
def groups() -> Groups:
    return Groups()


@pytest.fixture
def judge(registries: Registries, load: Callable[..., None], groups: Groups) -> Callable[..., Mapping[int, Verdict]]:
    """Return a function that judges the claims 1 to `number` for a bot with this scope and these filters."""
    load(place_filters, fact_filters, nested_filters)

    def run(reading: Reading, *filters: FilterUse, scope: Scope = EVERYTHING, number: int = 1) -> Mapping[int, Verdict]:
        bot = Bot(7, BotDefinition("nightly", scope=scope, filters=filters))
        guard = MatchGuard(
            registries,
            bot_by_id={7: bot}.get,
            changes_of=lambda _: (),
            accounts=tuple,
            groups_of=groups,
            cloud=None,  # type: ignore[arg-type]  # none of these filters asks it
        )
        return guard.judge([claim(each) for each in range(1, number + 1)], reading, now=NOW)

    return run


@pytest.mark.parametrize("asked", [{"scope": Scope(groups=("ours",))}, {"filters": (GROUP,)}])
def test_a_fresh_resource_is_in_the_groups_that_the_database_says(
    judge: Callable[..., Mapping[int, Verdict]], groups: Groups, make: Make, asked: dict[str, Any]
) -> None:
    reading = Reading(*(make(f"i-{number}") for number in (1, 2)))
    groups.members[claim(1).resource_id or ""] = frozenset({"ours", "others"})
    groups.members[claim(2).resource_id or ""] = frozenset({"others"})
    verdicts = judge(reading, *asked.get("filters", ()), scope=asked.get("scope", EVERYTHING), number=2)
    assert verdicts[1] == PROCEED
    against = verdicts[2]
    assert isinstance(against, Skip)
    assert "wants group ours, but it is in others" in against.reason
    assert groups.asked == [[claim(1).resource_id, claim(2).resource_id]]  # once for all of them


def test_nobody_asks_for_groups_that_no_filter_names(
    judge: Callable[..., Mapping[int, Verdict]], groups: Groups, make: Make
) -> None:
    assert judge(Reading(make("i-1", public=True)), FilterUse("duetime.filter.public"))[1] == PROCEED
    assert groups.asked == []


def test_a_group_that_was_taken_away_holds_its_events_back(
    judge: Callable[..., Mapping[int, Verdict]], groups: Groups, make: Make
) -> None:
    """Without this, everything would be outside of the group that no longer protects it."""
    asked = FilterUse("duetime.filter.not", NOT_HELD)
    assert judge(Reading(make("i-1")), asked)[1] == PROCEED
    groups.exist.remove("legal hold")
    verdict = judge(Reading(make("i-1")), asked)[1]
    assert isinstance(verdict, Defer)
    assert verdict.until == LATER
    assert "There is no resource group 'legal hold'" in verdict.reason


def test_an_expression_that_runs_away_on_one_resource_defers_its_event_alone(
    judge: Callable[..., Mapping[int, Verdict]], make: Make
) -> None:
    multiplied = "list && " + " | ".join(["list", *["[@,@,@,@][]"] * 8])
    reading = Reading(make("i-1", data={"list": list(range(50))}), make("i-2"))
    verdicts = judge(reading, FilterUse("duetime.filter.jmespath", {"expression": multiplied}), number=2)
    first, second = verdicts[1], verdicts[2]
    assert isinstance(first, Defer)
    assert "cannot be asked of it: The JMESPath expression" in first.reason
    assert isinstance(second, Skip)
