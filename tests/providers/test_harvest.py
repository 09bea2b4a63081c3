"""Harvests: what they keep, what they tell, how they go on, and what they remember of an account."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest

from duetime.core.bots import Hookpoint
from duetime.core.errors import CredentialsRefused, DatabaseUnavailable, PermissionMissing, ProviderFailed, Throttled
from duetime.core.harvests import ResourceChange
from duetime.core.resources import Account, AccountStatus, Resource
from duetime.providers.clouds import Clouds
from duetime.providers.fake import FakeCloud
from duetime.providers.harvest import harvest_account, harvest_accounts
from duetime.providers.harvest_options import HarvestOptions
from duetime.providers.harvest_report import AccountHarvest, Listeners
from duetime.store.store import Store, Transaction
from duetime.testing.clock import ManualClock

TYPES = ("instance", "volume")
REGIONS = ("eu-west-1", "us-east-1")


class _Cloud(FakeCloud):
    """A fake cloud that refuses what it is told to, at the page it is told to."""

    def __init__(self) -> None:
        super().__init__(page_size=3)
        self.errors: dict[tuple[str, str], Exception] = {}
        self.after_pages = 0

    def pages(self, *, account: Account, region: str, resource_type: str) -> Iterator[Sequence[Resource]]:
        error = self.errors.get((region, resource_type)) or self.errors.get((region, ""))
        for number, page in enumerate(super().pages(account=account, region=region, resource_type=resource_type)):
            if error is not None and number >= self.after_pages:
                raise error
            yield page


class Scene:
    """Two accounts on a cloud, and what listeners were told."""

    def __init__(self, store: Store, clock: ManualClock, *, threads: int) -> None:
        self.store = store
        self.clock = clock
        self.cloud = _Cloud()
        self.threads = threads
        self.accounts = [Account(name, "fake", regions=REGIONS) for name in ("1", "2")]
        with store.write() as tx:
            for account in self.accounts:
                tx.accounts.save(account)
        self.clouds = Clouds(lambda: {each.account: each for each in self.accounts}, providers={"fake": self.cloud})
        self.told: list[ResourceChange] = []
        self.committed: list[ResourceChange] = []

    def fill(self, number: int = 4) -> list[Resource]:
        return [
            self.cloud.add(account=account.account, region=region, resource_type=resource_type, name=f"n{index}")
            for account in self.accounts
            for region in REGIONS
            for resource_type in TYPES
            for index in range(number)
        ]

    def harvest(self, **options: Any) -> list[AccountHarvest]:
        self.clock.move_to(self.clock.now() + timedelta(minutes=1))
        self.told.clear()
        self.committed.clear()
        return harvest_accounts(
            self.accounts,
            store=self.store,
            cloud=self.clouds,
            options=HarvestOptions(**{"resource_types": TYPES, "threads": self.threads, **options}),
            listeners=Listeners(self._changed, self.committed.extend),
        )

    def _changed(self, _: Transaction, changes: Sequence[ResourceChange]) -> None:
        self.told += changes

    def account(self, name: str = "1") -> Account:
        with self.store.read() as tx:
            return tx.accounts.get(name)

    def raised(self) -> Counter[Hookpoint]:
        return Counter(hookpoint for each in self.told if not each.is_quiet for hookpoint in each.hookpoints)


def _sum(harvests: Sequence[AccountHarvest], name: str) -> int:
    return sum(getattr(part, name) for harvest in harvests for part in harvest.parts)


@pytest.fixture(params=[1, 4], ids=["one thread", "four threads"])
def scene(request: pytest.FixtureRequest, store: Store, clock: ManualClock) -> Scene:
    return Scene(store, clock, threads=request.param)


@pytest.fixture
def small(sqlite_store: Store, clock: ManualClock) -> Scene:
    return Scene(sqlite_store, clock, threads=4)


def test_harvests_say_what_is_new_otherwise_as_it_was_and_gone(scene: Scene) -> None:
    everything = scene.fill()
    first = scene.harvest()
    assert [harvest.problems for harvest in first] == [(), ()]
    assert (_sum(first, "seen"), _sum(first, "created"), _sum(first, "gone")) == (32, 32, 0)
    assert scene.raised() == {}, "what a first harvest finds was there before us"
    assert len(scene.told) == len(scene.committed) == 32

    again = scene.harvest()
    assert (_sum(again, "unchanged"), scene.told, scene.committed) == (32, [], [])

    scene.cloud.set_state(everything[0].resource_id, "stopped")
    scene.cloud.set_tags(everything[1].resource_id, {"owner": "ana"})
    scene.cloud.remove(everything[2].resource_id)
    new = scene.cloud.add(account="1", region=REGIONS[0], resource_type="instance")
    third = scene.harvest()
    counts = {name: _sum(third, name) for name in ("seen", "created", "changed", "tags_changed", "unchanged", "gone")}
    assert counts == {"seen": 32, "created": 1, "changed": 1, "tags_changed": 1, "unchanged": 29, "gone": 1}
    assert scene.raised() == dict.fromkeys(Hookpoint, 1)
    destroyed = next(each.resource for each in scene.told if Hookpoint.DESTROYED in each.hookpoints)
    assert (destroyed.resource_id, destroyed.gone_at) == (everything[2].resource_id, scene.clock.now())
    assert new.resource_id in {each.resource.resource_id for each in scene.told}


def test_a_first_harvest_raises_triggers_when_it_is_asked_to(small: Scene) -> None:
    small.fill()
    small.harvest(triggers_on_first=True)
    assert small.raised() == {Hookpoint.CREATED: 32}


def test_a_new_type_is_a_first_harvest_of_its_own(small: Scene) -> None:
    small.fill()
    small.harvest(resource_types=("instance",))
    small.harvest()
    assert small.raised() == {}
    small.cloud.add(account="2", region=REGIONS[1], resource_type="volume")
    small.harvest()
    assert small.raised() == {Hookpoint.CREATED: 1}


def test_a_region_that_fails_keeps_what_it_had_and_nobody_from_being_read(scene: Scene) -> None:
    gone = scene.fill(5)[0]
    scene.harvest()
    scene.cloud.remove(gone.resource_id)
    scene.cloud.errors[REGIONS[0], "instance"] = ProviderFailed("half", "not here")
    scene.cloud.after_pages = 1
    first, second = scene.harvest()
    assert first.problems == second.problems == ("instance in eu-west-1: half: not here.",)
    assert (_sum([first], "seen"), _sum([first], "gone")) == (15, 0)
    assert (scene.account().failures, scene.account().status) == (1, AccountStatus.VALID)
    assert "eu-west-1" in scene.account().last_error
    with pytest.raises(ProviderFailed, match="instance in eu-west-1: half: not here"):
        harvest_account(scene.accounts[0], store=scene.store, cloud=scene.clouds)
    scene.cloud.errors.clear()
    assert _sum(scene.harvest(), "gone") == 1
    assert scene.account().failures == 0


def test_an_account_whose_credentials_are_refused_again_and_again_is_invalid(small: Scene) -> None:
    small.fill()
    small.harvest()
    for region in REGIONS:
        small.cloud.errors[region, ""] = CredentialsRefused("fake", "who are you")
    before = len(small.cloud.calls("list"))
    small.threads = 1
    statuses = [small.harvest()[0].status for _ in range(4)]
    assert statuses == [AccountStatus.VALID, AccountStatus.VALID, AccountStatus.INVALID, AccountStatus.INVALID]
    assert small.account().last_error.count("who are you") == 1
    asked = len(small.cloud.calls("list")) - before
    assert asked == 4 * len(small.accounts) * len(REGIONS), "a region that has refused is not asked for other types"
    with small.store.read() as tx:
        assert [entry.after for entry in tx.audit.about("account:1")] == [{"status": "invalid"}]
    del small.cloud.errors[REGIONS[0], ""]
    assert small.harvest()[0].problems
    assert small.account().status is AccountStatus.VALID, "it was answered in one region"
    with small.store.read() as tx:
        assert [entry.after for entry in tx.audit.about("account:1")] == [{"status": "valid"}, {"status": "invalid"}]


def test_other_failures_say_nothing_of_credentials(small: Scene) -> None:
    small.cloud.faults.unavailable()
    for _ in range(4):
        small.harvest()
    assert (small.account().status, small.account().failures) == (AccountStatus.VALID, 4)


def test_what_the_role_may_never_read_is_no_problem_but_what_it_could_is(small: Scene) -> None:
    small.fill()
    small.cloud.errors[REGIONS[0], "volume"] = PermissionMissing("fake", "no")
    first, _ = small.harvest()
    assert (first.problems, first.not_permitted) == ((), ("volume in eu-west-1",))
    assert small.account().harvested_at == small.clock.now()
    small.cloud.errors = {(REGIONS[1], "volume"): PermissionMissing("fake", "no")}
    first, _ = small.harvest()
    assert first.problems == ("volume in us-east-1: fake: no.",)


def test_a_harvest_goes_on_with_what_was_not_completed(small: Scene) -> None:
    small.fill()
    small.cloud.errors[REGIONS[0], "instance"] = ProviderFailed("half", "not here")
    small.harvest()
    since = small.clock.now()
    small.cloud.errors.clear()
    before = len(small.cloud.calls("list"))
    resumed = small.harvest(completed_since=since)
    assert [(len(harvest.parts), harvest.skipped) for harvest in resumed] == [(1, 3), (1, 3)]
    assert len(small.cloud.calls("list")) - before == 2 * 2
    assert small.raised() == {}, "it is still the first harvest of these parts"
    assert [harvest.skipped for harvest in small.harvest(only_open=True)] == [4, 4]
    assert [harvest.skipped for harvest in small.harvest()] == [0, 0]


def test_a_throttled_part_waits_or_is_put_off(small: Scene) -> None:
    small.fill()
    until = small.clock.now() + timedelta(minutes=2)
    small.cloud.errors[REGIONS[0], "instance"] = Throttled("fake", "no room", until=until)
    small.cloud.after_pages = 1
    first, _ = small.harvest()
    assert first.room_at == until
    with pytest.raises(Throttled):
        harvest_account(
            small.accounts[0], store=small.store, cloud=small.clouds, options=HarvestOptions(TYPES, threads=2)
        )
    # A clock that has passed `until` lets it try at once; the fault goes after the first try.
    small.clock.move_to(until)
    tries = Counter[str]()

    def heal(call: Any) -> None:
        tries[call.account] += call.region == REGIONS[0] and call.resource_type == "instance"
        if tries[call.account] >= 2:
            small.cloud.errors.clear()

    small.cloud.faults.slow(heal, operation="list")
    patient = small.harvest(patience=timedelta(minutes=1))
    assert [(harvest.problems, len(harvest.parts)) for harvest in patient] == [((), 4), ((), 4)]
    assert _sum(patient, "seen") == 32, "what was read twice is counted once"


def test_the_later_of_two_harvests_wins(small: Scene) -> None:
    """An earlier one that comes back from a long pause writes nothing: what it read is older."""
    small.fill()
    small.harvest()
    inner: list[AccountHarvest] = []

    def meanwhile(_: Any) -> None:
        if not inner:
            inner.append(AccountHarvest("in the middle of it"))
            inner[:] = small.harvest()

    small.cloud.faults.slow(meanwhile, operation="list", times=1)
    outer = small.harvest(threads=1)
    assert [harvest.problems for harvest in inner] == [(), ()]
    assert [(harvest.overtaken, harvest.problems, len(harvest.parts)) for harvest in outer] == [(4, (), 0)] * 2
    assert small.account().failures == 0


def test_more_gone_than_one_transaction_marks(small: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duetime.providers.inventory_writer.MOST_GONE", 2)
    everything = small.fill(5)
    small.harvest()
    for resource in everything:
        small.cloud.remove(resource.resource_id)
    harvests = small.harvest()
    assert _sum(harvests, "gone") == len(everything)
    assert small.raised() == {Hookpoint.DESTROYED: len(everything)}


def test_a_listener_that_fails_takes_back_its_page_and_no_more(small: Scene) -> None:
    small.fill()

    def changed(tx: Transaction, changes: Sequence[ResourceChange]) -> None:
        if any(each.resource.region == REGIONS[0] and each.resource.resource_type == "volume" for each in changes):
            message = "cannot"
            raise ValueError(message)

    (first,) = harvest_accounts(
        small.accounts[:1],
        store=small.store,
        cloud=small.clouds,
        options=HarvestOptions(TYPES, threads=3),
        listeners=Listeners(changed, lambda _: None),
    )
    assert first.problems == ("volume in eu-west-1: cannot",)
    with small.store.read() as tx:
        parts = tx.harvests.of_account("1")
        assert len(tx.resources.of_account("1", most=100)) == 12
    assert {part.region: part.resource_type for part, known in parts.items() if known.error == "cannot"} == {
        REGIONS[0]: "volume"
    }
    assert {(part.region, part.resource_type) for part in first.parts} == {
        (REGIONS[0], "instance"),
        (REGIONS[1], "instance"),
        (REGIONS[1], "volume"),
    }


def test_a_database_that_goes_away_ends_the_harvest_and_its_threads(small: Scene) -> None:
    small.fill(40)

    def changed(*_: Any) -> None:
        raise DatabaseUnavailable("gone", remedy="")

    with pytest.raises(DatabaseUnavailable):
        harvest_accounts(
            small.accounts,
            store=small.store,
            cloud=small.clouds,
            options=HarvestOptions(TYPES, threads=4),
            listeners=Listeners(changed, lambda _: None),
        )
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("harvest-")]


def _meet(others: threading.Barrier) -> None:
    others.wait(10)


def test_parts_are_read_at_once(small: Scene) -> None:
    small.fill()
    together = threading.Barrier(4)
    # It would break, and fail its part, if fewer than four were ever at work at once.
    small.cloud.faults.slow(lambda _: _meet(together), operation="list", times=16)
    assert [harvest.problems for harvest in small.harvest()] == [(), ()]


def test_of_one_account_region_and_service_two_parts_are_read_at_once(small: Scene) -> None:
    small.fill()
    lock, running, most = threading.Lock(), Counter[str](), Counter[str]()
    two = threading.Barrier(2)

    def enter(call: Any) -> None:
        with lock:
            running[call.region] += 1
            most["at once"] = max(most["at once"], running[call.region])
        two.wait(10)
        with lock:
            running[call.region] -= 1

    small.cloud.faults.slow(enter, operation="list", times=8)
    small.accounts[:] = [Account("1", "fake", regions=REGIONS[:1])]
    (harvest,) = small.harvest(resource_types=("instance", "volume", "snapshot", "publicip", "loggroup", "natgateway"))
    assert harvest.problems == ()
    assert most["at once"] == 2
