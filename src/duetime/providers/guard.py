"""Whether a resource is still there, and its cloud able to say so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from duetime.core.claims import Claim
from duetime.core.guards import Defer, FreshRead, Skip, Verdict
from duetime.core.resources import Resource

ASK_AGAIN_AFTER = timedelta(seconds=60)
GRACE = timedelta(minutes=2)
"""For how long after it was seen a resource that is not found may merely not be visible yet."""
_LOOK_AGAIN_AFTER = timedelta(seconds=20)

Seen = Callable[[Sequence[str]], Mapping[str, Resource]]


def _nothing_seen(_resource_ids: Sequence[str]) -> Mapping[str, Resource]:
    """Nobody keeps an inventory."""
    return {}


@dataclass(frozen=True, slots=True)
class GoneGuard:
    """Judges every attempt, retries too: there is nothing to be done to a resource that is gone.

    A cloud that could not be asked is no answer. Its events wait. So do those of a resource that the inventory saw a
    moment ago: clouds answer from copies, and one that lags behind does not know yet what another one has shown.

    Attributes:
        seen: what the inventory knows of resources, by id.
        grace: how long after it was seen a resource is looked for again before it is gone.
    """

    seen: Seen = field(default=_nothing_seen)
    grace: timedelta = GRACE
    name: str = "resource gone"

    def concerns(self, claim: Claim) -> bool:
        """Return False: where no cloud can be asked, nobody knows what is gone."""
        del claim
        return False

    def judge(self, claims: Sequence[Claim], fresh: FreshRead, *, now: datetime) -> Mapping[int, Verdict]:
        verdicts: dict[int, Verdict] = {}
        missing: dict[int, str] = {}
        for claim in claims:
            if claim.resource_id is None or not fresh.covers(claim.resource_id):
                continue
            problem = fresh.problem(claim.resource_id)
            if problem is not None:
                later = fresh.ask_again_at(claim.resource_id)
                verdicts[claim.event_id] = Defer(later or now + ASK_AGAIN_AFTER, problem)
            elif fresh.resource(claim.resource_id) is None:
                missing[claim.event_id] = claim.resource_id
        known = self.seen(sorted(set(missing.values()))) if missing else {}
        return verdicts | {
            event_id: self._missing(known.get(resource_id), now=now) for event_id, resource_id in missing.items()
        }

    def _missing(self, resource: Resource | None, *, now: datetime) -> Verdict:
        gone = Skip("resource is gone")
        if resource is None or resource.gone_at is not None:
            return gone
        seen_at = max((at for at in (resource.harvested_at, resource.created_at) if at is not None), default=None)
        if seen_at is None or now >= seen_at + self.grace:
            return gone
        until = min(now + _LOOK_AGAIN_AFTER, seen_at + self.grace)
        return Defer(until, f"the cloud does not find it, although it was there at {seen_at:%H:%M:%S}; looking again")
