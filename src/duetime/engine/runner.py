"""Runs one unit: load, call, classify, hand over. What is written of it is the outbox's affair."""

import traceback
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duetime.core.claims import Claim
from duetime.core.clock import Clock
from duetime.core.cloud import Cloud
from duetime.core.outcomes import (
    Failed,
    GroupRefused,
    Lost,
    Outcome,
    OutcomeUnknown,
    Released,
    Skipped,
    Snoozed,
    Succeeded,
)
from duetime.core.registration import Registries, registering_with
from duetime.core.run_context import ResourceReader, RunContext, bound
from duetime.core.statuses import OnLost
from duetime.engine.calls import Call, Calls
from duetime.engine.finished import Finished
from duetime.engine.outbox import Outbox
from duetime.engine.session import Session
from duetime.engine.units import Durations, Unit
from duetime.jobs.arguments import cast_scheduled_event_args
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.store.hot_path import Start

RELEASE_AFTER_SECONDS = 1.0
"""The unstarted rest of a chunk is given back when the chunk has taken this long."""


@dataclass(frozen=True, slots=True)
class Ports:
    """What jobs may reach."""

    client: Client
    registries: Registries
    cloud: Cloud
    inventory: ResourceReader


class Runner:
    """Calls jobs and says what came of each claim."""

    def __init__(
        self,
        *,
        clock: Clock,
        ports: Ports,
        session: Session,
        outbox: Outbox,
        calls: Calls,
        durations: Durations,
    ) -> None:
        self._clock = clock
        self._ports = ports
        self._store = ports.client.store
        self._session = session
        self._outbox = outbox
        self._calls = calls
        self._durations = durations

    def run(self, unit: Unit) -> None:
        """Run every claim of a unit and put what came of each into the outbox."""
        claims = self._started(unit)
        if not claims:
            return
        began = self._clock.monotonic()
        with ExitStack() as stack:
            stack.enter_context(using(self._ports.client))
            stack.enter_context(registering_with(self._ports.registries))
            if unit.is_group and len(claims) > 1:
                called = len(claims)
                self._run_group(unit, claims)
            else:
                called = self._run_chunk(unit, claims, began=began)
        if called:
            self._durations.note(unit.handler.kind.event_type, (self._clock.monotonic() - began) / called)

    def release(self, claims: Sequence[Claim], *, session_id: int, reason: str = "") -> None:
        """Give claims back that were not started."""
        now = self._store.now()
        self._outbox.put([Finished(claim, Released(reason), session_id, None, now) for claim in claims])

    def _started(self, unit: Unit) -> tuple[Claim, ...]:
        """Return the claims whose jobs may be called now, with their start on record where their type needs it."""
        if not self._session.may_start(unit.session_id):
            self.release(unit.claims, session_id=unit.session_id, reason="the worker's lease ran out before the start")
            return ()
        if all(claim.on_lost is OnLost.RETRY for claim in unit.claims):
            return unit.claims
        now = self._store.now()
        with self._store.write() as tx:
            accepted = tx.claims.start([Start(claim.event_id, claim.token, now) for claim in unit.claims])
        return tuple(claim for claim in unit.claims if claim.event_id in accepted)

    def _run_chunk(self, unit: Unit, claims: Sequence[Claim], *, began: float) -> int:
        """Run claims one after the other; return how many were called."""
        finished: list[Finished] = []
        release_at = began + RELEASE_AFTER_SECONDS
        for number, claim in enumerate(claims):
            if number and (self._clock.monotonic() >= release_at or not self._session.may_start(unit.session_id)):
                self.release(claims[number:], session_id=unit.session_id)
                break
            one = self._call(unit, (claim,), later=claims[number + 1 :] if number + 1 < len(claims) else ())
            if one is None:  # given up by the watchdog, which has spoken for the rest too
                break
            finished += one
        self._outbox.put(finished)
        return len(finished)

    def _run_group(self, unit: Unit, claims: Sequence[Claim]) -> None:
        """Run a group in one call; when the provider refuses it, its unreported members one by one."""
        refused: list[Claim] = []
        finished = self._call(unit, claims, later=(), refused=refused)
        if finished is None:
            return
        self._outbox.put(finished)
        for number, claim in enumerate(refused):
            if not self._session.may_start(unit.session_id):
                self.release(refused[number:], session_id=unit.session_id)
                break
            one = self._call(unit, (claim,), later=refused[number + 1 :])
            if one is None:
                break
            self._outbox.put(one)

    def _call(
        self, unit: Unit, claims: Sequence[Claim], *, later: Sequence[Claim], refused: list[Claim] | None = None
    ) -> list[Finished] | None:
        """Make one job call; return what came of each claim, or None when the watchdog has given it up meanwhile."""
        kind = unit.handler.kind
        context = RunContext(
            clock=self._clock,
            inventory=self._ports.inventory,
            cloud=self._ports.cloud,
            resource_ids=tuple([claim.resource_id for claim in claims if claim.resource_id is not None]),
            occurrences=tuple([(claim.event_id, claim.due_at) for claim in claims]),
            fresh=unit.fresh,
        )
        started_at = self._store.now()
        call = Call(
            claims=claims,
            later=later,
            context=context,
            session_id=unit.session_id,
            started_at=started_at,
            timeout_seconds=None if kind.timeout is None else kind.timeout.total_seconds(),
        )
        self._calls.begin(call)
        with bound(context):
            overall = _perform(unit.handler.job_class, claims[0])
        if not self._calls.end(call):
            return None
        if isinstance(overall, GroupRefused):
            if refused is None:
                overall = Failed(f"the provider refused the call: {overall}")
            else:
                refused += [claim for claim in claims if claim.resource_id not in context.outcomes]
                claims = [claim for claim in claims if claim.resource_id in context.outcomes]
        finished_at = self._store.now()
        operations = tuple(context.operations)
        finished = []
        for claim in claims:
            outcome = _outcome_of(claim, overall, context.outcomes)
            finished.append(Finished(claim, outcome, unit.session_id, started_at, finished_at, kind.retry, operations))
            operations = ()  # what trackers asked for is written once, with the first member
        return finished


def _perform(job_class: type[Any], claim: Claim) -> Outcome | GroupRefused:
    """Build the job, run it and return what it said of itself as a whole."""
    try:
        arguments = {} if claim.args_text == "{}" else cast_scheduled_event_args(claim.args_text)
        job = job_class(
            resource_id=claim.resource_id,
            user_resource_id=claim.user_resource_id,
            scheduled_event_id=claim.event_id,
            scheduled_event_type=claim.event_type,
            **arguments,
        )
        returned = job.run()
    except GroupRefused as refusal:
        return refusal
    except OutcomeUnknown as unknown:
        return Lost(str(unknown) or "no answer came")
    except BaseException as error:  # noqa: BLE001 - whatever a job raises, SystemExit too, is the outcome of its run
        return Failed(_describe(error))
    if returned is None:
        recorded: Outcome | None = getattr(job, "recorded_outcome", None)
        return recorded or Succeeded()
    return _checked(returned)


def _checked(returned: object) -> Outcome:
    match returned:
        case Snoozed(until) if getattr(until, "tzinfo", None) is None:
            return Failed(f"run() asked to snooze until {until!r}, which is no aware datetime")
        case Succeeded() | Failed() | Snoozed() | Skipped():
            return returned
        case _:
            kind = type(returned).__name__
            return Failed(f"run() returned a {kind}; it must return None, Succeeded, Failed, Snoozed or Skipped")


def _outcome_of(claim: Claim, overall: Outcome | GroupRefused, reported: Mapping[str, Outcome]) -> Outcome:
    if claim.resource_id is not None and claim.resource_id in reported:
        return _checked(reported[claim.resource_id])
    if isinstance(overall, GroupRefused):  # pragma: no cover - refused claims were taken out before
        return Failed(str(overall))
    return overall


def _describe(error: BaseException) -> str:
    """Return what was raised and where, short enough for a table."""
    text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return text
    last = frames[-1]
    return f"{text} (at {Path(last.filename).name}:{last.lineno}, in {last.name})"
