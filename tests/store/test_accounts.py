import pytest
from tests.store.scene import Scene

from duetime.core.errors import UnknownName
from duetime.core.resources import Account, AccountStatus
from duetime.store.account_table import Credentials, Standing


def _save(scene: Scene, *accounts: Account) -> None:
    with scene.store.write() as tx:
        for account in accounts:
            tx.accounts.save(account)


def _get(scene: Scene, account: str) -> Account:
    with scene.store.read() as tx:
        return tx.accounts.get(account)


def test_accounts_are_kept_by_their_id(scene: Scene) -> None:
    ten = Account("10", "aws", name="prod", regions=("us-east-1", "eu-west-1"), settings={"profile": "größer"})
    _save(scene, Account("20", "fake"), ten)
    assert _get(scene, "10") == ten
    with scene.store.read() as tx:
        assert [account.account for account in tx.accounts.all()] == ["10", "20"]


def test_an_unknown_account_is_named_with_the_nearest(scene: Scene) -> None:
    _save(scene, Account("production", "aws"))
    with pytest.raises(UnknownName, match="Did you mean production"):
        _get(scene, "producton")


def test_harvests_are_remembered(scene: Scene) -> None:
    _save(scene, Account("10", "aws"), Account("20", "aws"))
    with scene.store.write() as tx:
        tx.accounts.record_harvest("10", error="refused")
        tx.accounts.record_harvest("10", error="refused again")
    failed = _get(scene, "10")
    assert (failed.failures, failed.last_error, failed.harvested_at) == (2, "refused again", None)
    with scene.store.write() as tx:
        tx.accounts.record_harvest("10")
    well = _get(scene, "10")
    assert (well.failures, well.last_error, well.harvested_at) == (0, "", scene.now)
    assert _get(scene, "20").failures == 0


def test_a_changed_account_keeps_what_is_known_of_its_harvests(scene: Scene) -> None:
    _save(scene, Account("10", "aws"))
    with scene.store.write() as tx:
        tx.accounts.record_harvest("10")
        tx.accounts.record_harvest("10", error="refused")
    _save(scene, Account("10", "aws", name="renamed", regions=("us-east-1",)))
    account = _get(scene, "10")
    assert (account.name, account.regions) == ("renamed", ("us-east-1",))
    assert (account.failures, account.last_error, account.harvested_at) == (1, "refused", scene.now)


def test_three_refusals_in_a_row_make_an_account_invalid_and_one_answer_makes_it_valid(scene: Scene) -> None:
    _save(scene, Account("10", "aws"))

    def harvest(error: str, credentials: Credentials | None) -> Standing:
        with scene.store.write() as tx:
            return tx.accounts.record_harvest("10", error=error, credentials=credentials)

    valid, invalid = AccountStatus.VALID, AccountStatus.INVALID
    assert harvest("refused", Credentials.REFUSED) == (valid, valid)
    assert harvest("no connection", None) == (valid, valid)
    assert harvest("refused", Credentials.REFUSED) == (valid, valid)
    assert harvest("half of it failed", Credentials.SERVE) == (valid, valid)
    assert _get(scene, "10").refusals == 0
    standings = [harvest("refused", Credentials.REFUSED) for _ in range(4)]
    assert [standing.after for standing in standings] == [valid, valid, invalid, invalid]
    assert not standings[-1].is_changed
    assert _get(scene, "10").status is invalid
    assert harvest("no connection", None) == (invalid, invalid)
    assert harvest("", None) == (invalid, valid)
    assert (_get(scene, "10").refusals, _get(scene, "10").failures) == (0, 0)


def test_a_harvest_of_an_account_that_was_removed_meanwhile_does_not_bring_it_back(scene: Scene) -> None:
    _save(scene, Account("10", "aws"))
    with scene.store.write() as tx:
        tx.accounts.remove("10")
        tx.accounts.record_harvest("10", error="refused", credentials=Credentials.REFUSED)
        assert tx.accounts.all() == []


def test_badges_are_replaced_as_a_whole(scene: Scene) -> None:
    _save(scene, Account("10", "aws", badges={"env": "dev", "team": "a"}))
    with scene.store.write() as tx:
        assert tx.accounts.set_badges("10", {"env": "prod"}).badges == {"env": "prod"}
        with pytest.raises(UnknownName):
            tx.accounts.set_badges("11", {})
