"""Nothing is done in an account whose credentials are known to be refused."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from duetime.bots.freshness import stale_reason
from duetime.core.claims import Claim
from duetime.core.guards import Defer, FreshRead, Verdict
from duetime.core.resources import Account, AccountStatus

ASK_AGAIN_AFTER = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class AccountGuard:
    """Lets the events of an invalid account wait until a harvest succeeds again.

    Attributes:
        accounts: returns every account; asked once for a batch.
    """

    accounts: Callable[[], Sequence[Account]]
    name: str = "account"

    def concerns(self, claim: Claim) -> bool:
        """Return False: an account that no provider can read is another guard's affair."""
        del claim
        return False

    def judge(self, claims: Sequence[Claim], fresh: FreshRead, *, now: datetime) -> Mapping[int, Verdict]:
        placed = [(claim, claim.place) for claim in claims if claim.resource_id is not None]
        if not any(claim.resource_id is not None and fresh.covers(claim.resource_id) for claim, _ in placed):
            return {}
        invalid = {each.account: each for each in self.accounts() if each.status is AccountStatus.INVALID}
        verdicts: dict[int, Verdict] = {}
        for claim, place in placed if invalid else ():
            account = None if place is None else invalid.get(place.account)
            if account is not None:
                reason = f"account {account.account}: {stale_reason(account, now=now, limit=None)}"
                verdicts[claim.event_id] = Defer(now + ASK_AGAIN_AFTER, reason)
        return verdicts
