"""Asking the guards, on one fresh read of the resources of a batch."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from duetime.core.claims import Claim
from duetime.core.cloud import Cloud
from duetime.core.errors import Throttled, UnknownName
from duetime.core.guards import Defer, Deny, Guard, Hold, Proceed, Skip, Verdict
from duetime.core.outcomes import Deferred, Denied, Held, Outcome, Skipped
from duetime.core.resources import Resource, ResourceId
from duetime.engine.log import get_logger

_log = get_logger(__name__)

DEFER_AFTER_FAULT = timedelta(seconds=60)


@dataclass(slots=True)
class Reading:
    """What the cloud said a moment ago; see `core.guards.FreshRead`."""

    asked: set[str] = field(default_factory=set)
    found: dict[str, Resource] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    later: dict[str, datetime] = field(default_factory=dict)

    def covers(self, resource_id: str) -> bool:
        return resource_id in self.asked

    def problem(self, resource_id: str) -> str | None:
        return self.problems.get(resource_id)

    def ask_again_at(self, resource_id: str) -> datetime | None:
        return self.later.get(resource_id)

    def resource(self, resource_id: str) -> Resource | None:
        return self.found.get(resource_id)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Which claims go on, and what the others came to."""

    proceed: tuple[Claim, ...]
    refused: tuple[tuple[Claim, Outcome], ...]
    fresh: Mapping[str, Resource]


class Judge:
    """Reads resources afresh, once per account, region and type, and asks every guard."""

    def __init__(self, *, cloud: Cloud, guards: Sequence[Guard]) -> None:
        self._cloud = cloud
        self._guards = tuple(guards)

    def readable(self, claims: Sequence[Claim]) -> frozenset[str]:
        """Return the accounts of these claims' resources that a cloud can be asked about."""
        accounts = {claim.resource_id.split(":", 2)[1] for claim in claims if claim.resource_id is not None}
        return frozenset(account for account in accounts if self._cloud.knows(account))

    def concerns(self, claim: Claim) -> bool:
        """Return whether a guard must be asked about a claim although its resource, if any, cannot be read."""
        if claim.bot_id is None and claim.user_resource_id is None:
            return False
        for guard in self._guards:  # noqa: SIM110 - a generator costs a microsecond per event
            if guard.concerns(claim):
                return True
        return False

    def judge(self, claims: Sequence[Claim], *, now: datetime) -> Judgement:
        """Return which claims may start."""
        reading = self._read(claims)
        outcomes: dict[int, Outcome] = {}
        for guard in self._guards:
            rest = [claim for claim in claims if claim.event_id not in outcomes]
            if not rest:
                break
            outcomes |= self._ask(guard, rest, reading, now=now)
        return Judgement(
            proceed=tuple(claim for claim in claims if claim.event_id not in outcomes),
            refused=tuple((claim, outcomes[claim.event_id]) for claim in claims if claim.event_id in outcomes),
            fresh=reading.found,
        )

    def _ask(self, guard: Guard, claims: Sequence[Claim], reading: Reading, *, now: datetime) -> dict[int, Outcome]:
        """Return what a guard refuses; one that cannot judge must never let anything through."""
        try:
            verdicts = guard.judge(claims, reading, now=now)
            outcomes = {event_id: _outcome_of(verdict) for event_id, verdict in verdicts.items()}
        except Exception as error:  # noqa: BLE001 - logged, and it becomes a deferral
            _log.exception("guard.failed", guard=guard.name)
            reason = f"guard {guard.name} failed: {type(error).__name__}: {error}"
            return {claim.event_id: Deferred(now + DEFER_AFTER_FAULT, reason) for claim in claims}
        return {event_id: outcome for event_id, outcome in outcomes.items() if outcome is not None}

    def _read(self, claims: Sequence[Claim]) -> Reading:
        places: defaultdict[tuple[str, str, str], dict[str, str]] = defaultdict(dict)
        reading = Reading()
        for claim in claims:
            if claim.resource_id is not None and claim.resource_id not in reading.asked:
                parts = ResourceId.from_string(claim.resource_id)
                if self._cloud.knows(parts.account):
                    reading.asked.add(claim.resource_id)
                    place = (parts.account, parts.region, parts.resource_type)
                    places[place][parts.provider_id] = claim.resource_id
        for (account, region, resource_type), ids in places.items():
            try:
                found = self._cloud.read(
                    account=account, region=region, resource_type=resource_type, provider_ids=sorted(ids)
                )
                resources = {
                    ids[provider_id]: resource for provider_id, resource in found.items() if provider_id in ids
                }
            except UnknownName:
                # A type that its cloud does not read, or an account that has just gone: nobody can be asked, ever.
                reading.asked.difference_update(ids.values())
                continue
            except Exception as error:  # noqa: BLE001 - providers call SDKs; whatever they raise means "not read"
                text = str(error) or type(error).__name__
                reading.problems |= dict.fromkeys(ids.values(), text)
                if isinstance(error, Throttled):
                    reading.later |= dict.fromkeys(ids.values(), error.until)
                continue
            reading.found |= resources
        return reading


def _outcome_of(verdict: Verdict) -> Outcome | None:
    match verdict:
        case Proceed():
            return None
        case Skip(reason):
            return Skipped(reason)
        case Defer(until, reason) if until.utcoffset() is not None:
            return Deferred(until.astimezone(UTC), reason)
        case Hold(reason):
            return Held(reason)
        case Deny(reason):
            return Denied(reason)
        case _:
            message = f"{verdict!r} is no verdict"
            raise TypeError(message)
