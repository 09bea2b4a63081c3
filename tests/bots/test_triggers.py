"""Which bots run, and for what, when something happens to resources."""

from collections import Counter
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from duetime.bots.triggers import TriggeredRun, triggered_runs
from duetime.core.bots import Badge, Bot, BotDefinition, BotStatus, Hookpoint, Scope
from duetime.core.harvests import ResourceChange
from duetime.core.json_types import canonical
from duetime.core.resources import Account, Resource

CREATED, MODIFIED, TAGS, DESTROYED = Hookpoint.CREATED, Hookpoint.MODIFIED, Hookpoint.TAGS_MODIFIED, Hookpoint.DESTROYED
ACCOUNTS = (Account("10", "aws", badges={"env": "prod"}), Account("20", "aws", badges={"env": "dev"}))


def _bot(*triggers: Hookpoint, status: BotStatus = BotStatus.RUNNING, **scope: Any) -> Bot:
    return Bot(7, BotDefinition("tidy", scope=Scope(**scope), triggers=triggers), status=status)


def _change(number: int, *hookpoints: Hookpoint, is_quiet: bool = False, **given: str) -> ResourceChange:
    place: Any = {"resource_type": "instance", "account": "10", "region": "us-east-1", **given}
    return ResourceChange(Resource.of(provider_id=f"i-{number}", **place), hookpoints, is_quiet=is_quiet)


def _runs(bot: Bot, *changes: ResourceChange, **limits: int) -> list[TriggeredRun]:
    return triggered_runs([bot], changes, accounts=ACCOUNTS, **limits)


def _ids(runs: list[TriggeredRun]) -> dict[Hookpoint, list[str]]:
    return {run.hookpoint: [each.split(":")[3] for each in run.resource_ids] for run in runs}


def test_a_bot_runs_once_for_each_of_its_hookpoints() -> None:
    changes = [_change(1, CREATED), _change(2, MODIFIED, TAGS), _change(3, TAGS), _change(4, DESTROYED)]
    assert _ids(_runs(_bot(CREATED, TAGS), *changes)) == {CREATED: ["i-1"], TAGS: ["i-2", "i-3"]}
    assert _ids(_runs(_bot(DESTROYED, DESTROYED), *changes)) == {DESTROYED: ["i-4"]}
    assert _runs(_bot(), *changes) == []
    (run,) = _runs(_bot(MODIFIED), *changes)
    assert run.arguments == {
        "bot": "tidy",
        "hookpoint": "divvycloud.resource.modified",
        "resources": ["instance:10:us-east-1:i-2:"],
    }
    assert run.describe() == "Run bot tidy: modified 1 resource"


def test_bots_that_do_not_run_and_quiet_changes_raise_nothing() -> None:
    for status in (BotStatus.PAUSED, BotStatus.ARCHIVED):
        assert _runs(_bot(CREATED, status=status), _change(1, CREATED)) == []
    assert _runs(_bot(CREATED), _change(1, CREATED, is_quiet=True)) == []


def test_what_of_the_scope_can_be_told_at_once_is_asked() -> None:
    changes = [
        _change(1, CREATED),
        _change(2, CREATED, account="20"),
        _change(3, CREATED, region="eu-west-1"),
        _change(4, CREATED, resource_type="volume"),
        _change(5, CREATED, account="30"),
    ]

    def found(**scope: Any) -> str:
        return " ".join(each for ids in _ids(_runs(_bot(CREATED, **scope), *changes)).values() for each in ids)

    assert found() == "i-1 i-2 i-3 i-4 i-5"
    assert found(accounts=("20", "30")) == "i-2 i-5"
    assert found(regions=("eu-west-1",)) == "i-3"
    assert found(resource_types=("volume",)) == "i-4"
    assert found(all_badges=(Badge("env", "dev"),)) == "i-2"
    assert found(any_badges=(Badge("env", "dev"), Badge("env", "prod"))) == "i-1 i-2 i-3 i-4"
    assert found(accounts=("10",), all_badges=(Badge("env", "dev"),)) == ""
    assert found(groups=("any",)) == "i-1 i-2 i-3 i-4 i-5", "groups are asked by the run"


@given(
    st.lists(st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()), max_size=60, unique=True),
    st.integers(1, 20),
    st.integers(300, 2000),
)
def test_runs_are_small_enough_and_leave_nobody_out(names: list[str], most: int, room: int) -> None:
    changes = [
        ResourceChange(
            Resource.of(resource_type="instance", account="10", region="us-east-1", provider_id=name), (CREATED,)
        )
        for name in names
    ]
    runs = _runs(_bot(CREATED), *changes, most_resources=most, most_bytes=room)
    assert Counter(each for run in runs for each in run.resource_ids) == Counter(
        change.resource.resource_id for change in changes
    )
    for run in runs:
        assert 0 < len(run.resource_ids) <= most
        assert len(canonical(run.arguments).encode()) <= room or len(run.resource_ids) == 1
