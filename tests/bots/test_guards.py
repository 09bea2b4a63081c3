from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duetime.bots.guard import MatchGuard
from duetime.builtin import filters
from duetime.core.bots import ActionUse, Badge, Bot, BotDefinition, BotStatus, FilterUse, Scope
from duetime.core.claims import Claim
from duetime.core.guards import PROCEED, Defer, Guard, Skip, Verdict
from duetime.core.registration import Entry, Kind, Registries
from duetime.core.resources import Account, Resource
from duetime.core.statuses import OnLost
from duetime.providers.clouds import Clouds
from duetime.providers.guard import GoneGuard

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
LATER = NOW + timedelta(seconds=60)
Make = Callable[..., Resource]

CLAIM = Claim(
    event_id=1,
    token=1,
    event_type="divvy.stop_resource",
    resource_id="instance:10:us-east-1:i-1:",
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

NIGHTLY = Bot(
    7,
    BotDefinition(
        "nightly",
        scope=Scope(accounts=("10",)),
        filters=(
            FilterUse("duetime.filter.tag", {"key": "env", "values": ["dev"]}),
            FilterUse("duetime.filter.state", {"values": ["running"]}),
        ),
        # An action that nobody has loaded says nothing about what the bot looks for.
        actions=(ActionUse("not.loaded"),),
    ),
)


@dataclass
class Reading:
    """A fresh read that found what it is told."""

    found: Mapping[str, Resource] = field(default_factory=dict)
    asked: bool = True
    failure: str | None = None

    def covers(self, resource_id: str) -> bool:
        return self.asked

    def problem(self, resource_id: str) -> str | None:
        return self.failure

    def ask_again_at(self, resource_id: str) -> datetime | None:
        return None

    def resource(self, resource_id: str) -> Resource | None:
        return self.found.get(resource_id)


@pytest.fixture
def read(make: Make) -> Callable[..., Reading]:
    """Return a function that reads the claim's resource with these parts."""

    def run(**parts: Any) -> Reading:
        resource = make("i-1", **({"tags": {"env": "dev"}, "state": "running"} | parts))
        return Reading({CLAIM.resource_id or "": resource})

    return run


@pytest.fixture
def bots() -> dict[int, Bot]:
    return {7: NIGHTLY}


@pytest.fixture
def guard(registries: Registries, load: Callable[..., None], bots: dict[int, Bot]) -> MatchGuard:
    load(filters)
    changes = {"divvy.stop_resource": ("state",)}
    return MatchGuard(
        registries,
        bot_by_id=bots.get,
        changes_of=lambda event_type: changes.get(event_type, ()),
        accounts=lambda: [Account("10", "aws", badges={"env": "production"})],
        groups_of=no_groups,
        cloud=Clouds(dict, providers={}),
    )


def no_groups(resource_ids: Sequence[str], names: frozenset[str]) -> Mapping[str, frozenset[str]]:
    raise AssertionError


def verdict(guard: Guard, reading: Reading, claim: Claim = CLAIM) -> Verdict:
    return guard.judge([claim], reading, now=NOW).get(claim.event_id, PROCEED)


def test_a_resource_that_still_matches_proceeds(guard: MatchGuard, read: Callable[..., Reading]) -> None:
    assert verdict(guard, read()) == PROCEED


def test_a_resource_that_no_longer_matches_is_skipped(guard: MatchGuard, read: Callable[..., Reading]) -> None:
    reason = "no longer matches bot nightly: wants tag env = dev, but it is prod"
    assert verdict(guard, read(tags={"env": "prod"})) == Skip(reason)


def test_the_scope_is_asked_too(guard: MatchGuard, bots: dict[int, Bot], read: Callable[..., Reading]) -> None:
    bots[7] = replace(NIGHTLY, definition=replace(NIGHTLY.definition, scope=Scope(accounts=("11",))))
    assert verdict(guard, read()) == Skip("no longer matches bot nightly: wants account 11, but it is 10")


def test_the_account_s_badges_are_asked_as_they_are_now(
    guard: MatchGuard, bots: dict[int, Bot], read: Callable[..., Reading]
) -> None:
    for value, answer in (
        ("production", PROCEED),
        ("dev", Skip("no longer matches bot nightly: wants an account with env:dev, but 10 has other badges")),
    ):
        scope = Scope(accounts=("10",), all_badges=(Badge("env", value),))
        bots[7] = replace(NIGHTLY, definition=replace(NIGHTLY.definition, scope=scope))
        assert verdict(guard, read()) == answer


def test_an_exempt_resource_is_skipped_even_when_the_type_changes_tags(
    guard: MatchGuard, bots: dict[int, Bot], read: Callable[..., Reading]
) -> None:
    bots[7] = replace(NIGHTLY, definition=replace(NIGHTLY.definition, exempt_tags=("hold", "keep")))
    guard = replace(guard, changes_of=lambda _: ("tags", "state"))
    assert verdict(guard, read()) == PROCEED
    reason = "exempt by tag keep"
    assert verdict(guard, read(tags={"env": "dev", "keep": ""})) == Skip(reason)


def test_the_events_of_an_action_for_no_match_want_the_contrary(
    guard: MatchGuard, bots: dict[int, Bot], read: Callable[..., Reading]
) -> None:
    tag = NIGHTLY.definition.filters[:1]
    stop = ActionUse("not.loaded", {"event_type": "divvy.stop_resource"}, on_match=False)
    bots[7] = replace(NIGHTLY, definition=replace(NIGHTLY.definition, filters=tag, actions=(stop,)))
    assert verdict(guard, read(tags={"env": "prod"})) == PROCEED
    assert isinstance(verdict(guard, read()), Skip)
    other = ActionUse("not.loaded", {"event_type": "divvy.start_resource"})
    bots[7] = replace(NIGHTLY, definition=replace(NIGHTLY.definition, filters=tag, actions=(stop, other)))
    assert isinstance(verdict(guard, read()), Skip)
    assert verdict(guard, read(), CLAIM._replace(event_type="divvy.start_resource")) == PROCEED
    # An action that names no type at all does not weaken the question about one that is named.
    unnamed = ActionUse("of.a.plugin", {"nested": [{"act": {"event_type": "somebody.elses"}}]})
    bots[7] = replace(NIGHTLY, definition=replace(NIGHTLY.definition, filters=tag, actions=(stop, unnamed)))
    assert isinstance(verdict(guard, read()), Skip)
    assert verdict(guard, read(), CLAIM._replace(event_type="divvy.start_resource")) == PROCEED
    assert isinstance(verdict(guard, read(tags={}), CLAIM._replace(event_type="divvy.start_resource")), Skip)
    nested = ActionUse("of.a.plugin", {"steps": [{"event_type": "divvy.stop_resource"}]})
    bots[7] = replace(NIGHTLY, definition=replace(NIGHTLY.definition, filters=tag, actions=(nested,)))
    assert verdict(guard, read()) == PROCEED
    both = (stop, replace(stop, on_match=True))
    bots[7] = replace(NIGHTLY, definition=replace(NIGHTLY.definition, filters=tag, actions=both))
    assert verdict(guard, read()) == verdict(guard, read(tags={"env": "prod"})) == PROCEED


def test_fields_that_the_type_changes_are_left_out(guard: MatchGuard, read: Callable[..., Reading]) -> None:
    assert verdict(guard, read(state="stopped")) == PROCEED
    delete = CLAIM._replace(event_type="divvy.delete_resource")
    reason = "no longer matches bot nightly: wants state running, but it is stopped"
    assert verdict(guard, read(state="stopped"), delete) == Skip(reason)


def test_the_current_version_of_the_bot_decides(
    guard: MatchGuard, bots: dict[int, Bot], read: Callable[..., Reading]
) -> None:
    prod = (FilterUse("duetime.filter.tag", {"key": "env", "values": ["prod"]}),)
    bots[7] = replace(NIGHTLY, definition=replace(NIGHTLY.definition, filters=prod), version=2)
    assert verdict(guard, read(tags={"env": "prod"})) == PROCEED
    assert isinstance(verdict(guard, read()), Skip)


@pytest.mark.parametrize(
    "changed",
    [{"attempt": 2}, {"failures": 1}, {"recheck": False}, {"bot_id": None}],
    ids=lambda changed: next(iter(changed)),
)
def test_only_a_first_attempt_that_asks_for_it_is_judged(
    guard: MatchGuard, read: Callable[..., Reading], changed: dict[str, Any]
) -> None:
    claim = CLAIM._replace(**changed)
    assert verdict(guard, read(tags={}), claim) == PROCEED
    assert isinstance(verdict(guard, read(tags={})), Skip)


def test_an_archived_or_missing_bot_has_no_more_wishes(
    guard: MatchGuard, bots: dict[int, Bot], read: Callable[..., Reading]
) -> None:
    bots[7] = replace(NIGHTLY, status=BotStatus.ARCHIVED)
    assert verdict(guard, read()) == Skip("bot nightly is archived")
    del bots[7]
    assert verdict(guard, read()) == Skip("its bot 7 does not exist")


def test_a_paused_bot_s_events_go_on(guard: MatchGuard, bots: dict[int, Bot], read: Callable[..., Reading]) -> None:
    bots[7] = replace(NIGHTLY, status=BotStatus.PAUSED)
    assert verdict(guard, read()) == PROCEED


def test_a_missing_filter_waits_for_its_handler(
    guard: MatchGuard, bots: dict[int, Bot], read: Callable[..., Reading]
) -> None:
    bots[7] = replace(NIGHTLY, definition=replace(NIGHTLY.definition, filters=(FilterUse("custom.filter"),)))
    assert verdict(guard, read()) == Defer(LATER, "waiting for handler custom.filter")


def test_a_broken_filter_defers_its_own_bot_s_events_alone(
    guard: MatchGuard, registries: Registries, bots: dict[int, Bot], read: Callable[..., Reading]
) -> None:
    bots[7] = replace(NIGHTLY, definition=replace(NIGHTLY.definition, filters=(FilterUse("duetime.filter.tag"),)))
    registries.add(Entry(Kind.FILTER, "broken", object()), owner="plugin b")
    bots[8] = replace(NIGHTLY, bot_id=8, definition=replace(NIGHTLY.definition, filters=(FilterUse("broken"),)))
    bots[9] = replace(NIGHTLY, bot_id=9)
    claims = [CLAIM._replace(event_id=number, bot_id=number) for number in (7, 8, 9)]
    verdicts = guard.judge(claims, read(), now=NOW)
    invalid, broken = verdicts[7], verdicts[8]
    assert isinstance(invalid, Defer)
    assert invalid.reason == "the filters of bot nightly cannot be asked: Setting key: is required."
    assert isinstance(broken, Defer)
    assert broken.until == LATER
    assert verdicts[9] == PROCEED


def test_a_cloud_that_nobody_reads_says_nothing(guard: MatchGuard) -> None:
    assert verdict(GoneGuard(), Reading(asked=False)) == PROCEED
    assert not GoneGuard().concerns(CLAIM)


def test_who_asks_for_a_re_check_is_not_let_through_unchecked(guard: MatchGuard) -> None:
    reason = "account 10 is not registered, so nobody can say whether bot nightly still wants it"
    assert verdict(guard, Reading(asked=False)) == Defer(NOW + timedelta(minutes=5), reason)
    assert guard.concerns(CLAIM)
    for changed in ({"recheck": False}, {"bot_id": None}):
        claim = CLAIM._replace(**changed)
        assert verdict(guard, Reading(asked=False), claim) == PROCEED
        assert not guard.concerns(claim)


def test_an_event_without_a_resource_has_nothing_to_match(guard: MatchGuard) -> None:
    claim = CLAIM._replace(resource_id=None)
    assert verdict(guard, Reading(), claim) == PROCEED
    assert verdict(GoneGuard(), Reading(), claim) == PROCEED


def test_a_cloud_that_did_not_answer_defers(guard: MatchGuard, read: Callable[..., Reading]) -> None:
    reading = replace(read(), failure="credentials expired")
    assert verdict(guard, reading) == Defer(LATER, "credentials expired")
    assert verdict(GoneGuard(), reading) == Defer(LATER, "credentials expired")
    assert verdict(GoneGuard(), Reading(failure="credentials expired")) == Defer(LATER, "credentials expired")


def test_what_is_gone_is_skipped(guard: MatchGuard, read: Callable[..., Reading]) -> None:
    assert verdict(guard, Reading()) == Skip("resource is gone")
    assert verdict(GoneGuard(), Reading()) == Skip("resource is gone")
    assert verdict(GoneGuard(), read()) == PROCEED


def test_retries_are_asked_whether_the_resource_is_gone() -> None:
    claim = CLAIM._replace(attempt=3, failures=2, recheck=False, bot_id=None)
    assert verdict(GoneGuard(), Reading(), claim) == Skip("resource is gone")


def test_each_bot_is_looked_up_once_for_a_batch(registries: Registries, load: Callable[..., None], make: Make) -> None:
    load(filters)
    asked: list[int] = []

    def bot_by_id(bot_id: int) -> Bot | None:
        asked.append(bot_id)
        return NIGHTLY

    guard = MatchGuard(
        registries,
        bot_by_id=bot_by_id,
        changes_of=lambda _: (),
        accounts=tuple,
        groups_of=no_groups,
        cloud=Clouds(dict, providers={}),
    )
    claims = [CLAIM._replace(event_id=number) for number in range(50)]
    guard.judge(claims, Reading(), now=NOW)
    assert asked == [7]
