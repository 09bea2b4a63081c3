"""Whether a resource is still there, and its cloud able to say so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from duetime.core.claims import Claim
from duetime.core.guards import Defer, FreshRead, Skip, Verdict

ASK_AGAIN_AFTER = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class GoneGuard:
    """Judges every attempt, retries too: there is nothing to be done to a resource that is gone.

    A cloud that could not be asked is no answer. Its events wait.
    """

    name: str = "resource gone"

    def judge(self, claims: Sequence[Claim], fresh: FreshRead, *, now: datetime) -> Mapping[int, Verdict]:
        verdicts: dict[int, Verdict] = {}
        for claim in claims:
            if claim.resource_id is None or not fresh.covers(claim.resource_id):
                continue
            problem = fresh.problem(claim.resource_id)
            if problem is not None:
                verdicts[claim.event_id] = Defer(now + ASK_AGAIN_AFTER, problem)
            elif fresh.resource(claim.resource_id) is None:
                verdicts[claim.event_id] = Skip("resource is gone")
        return verdicts
