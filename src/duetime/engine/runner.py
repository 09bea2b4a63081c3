"""Runs one unit: load, call, classify, hand over. What is written of it is the outbox's affair."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duetime.core.claims import Claim
from duetime.core.clock import Clock
from duetime.core.cloud import Cloud
from duetime.core.errors import Unavailable
from duetime.core.operations import CallOperations
from duetime.core.outcomes import (
    Failed,
    GroupRefused,
    Lost,
    Outcome,
    Released,
    Succeeded,
)
from duetime.core.registration import Registries, registering_with
from duetime.core.run_context import ResourceReader, RunContext, bound
from duetime.engine.calls import Call, Calls
from duetime.engine.classifying import checked, outcome_of, outcome_of_raised, text_of
from duetime.engine.finished import Finished
from duetime.engine.log import get_logger
from duetime.engine.meter import Meter
from duetime.engine.notebook import ClaimNotebook
from duetime.engine.outbox import Outbox
from duetime.engine.session import Session
from duetime.engine.spans import note_outcome, step_span
from duetime.engine.units import Durations, Unit, records_start
from duetime.jobs.arguments import cast_scheduled_event_args
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.store.hot_path import Start

_log = get_logger(__name__)

RELEASE_AFTER_SECONDS = 1.0
"""The unstarted rest of a unit is given back when its chunk, or the call before it, has taken this long."""
_LEAVING = "the worker stopped"


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
        meter: Meter | None = None,
    ) -> None:
        self._clock = clock
        self._ports = ports
        self._store = ports.client.store
        self._session = session
        self._outbox = outbox
        self._calls = calls
        self._durations = durations
        self._meter = meter or Meter()

    def run(self, unit: Unit) -> None:
        """Run every claim of a unit and put what came of each into the outbox."""
        try:
            claims = self._started(unit)
        except Unavailable as error:
            self.release(unit.claims, session_id=unit.session_id, reason=f"its start could not be recorded: {error}")
            return
        if not claims:
            return
        began = self._clock.monotonic()
        with ExitStack() as stack:
            stack.enter_context(using(self._ports.client))
            stack.enter_context(registering_with(self._ports.registries))
            try:
                called = self._run_group(unit, claims) if unit.is_group else self._run_chunk(unit, claims, began=began)
            except Exception:  # noqa: BLE001 - logged; a claim of which nobody speaks would stay running for ever
                _log.exception("unit.failed", event_ids=[claim.event_id for claim in claims])
                self._outbox.put(self._lost(unit, claims))
                return
        if called:
            self._durations.note(unit.handler.kind.event_type, (self._clock.monotonic() - began) / called)

    def _lost(self, unit: Unit, claims: Sequence[Claim]) -> list[Finished]:
        """Say of every claim that nobody knows; of those that have ended already, this is stale and changes nothing."""
        now = self._store.now()
        outcome = Lost("the worker failed at it")
        return [Finished(claim, outcome, unit.session_id, now, now, unit.handler.kind.retry) for claim in claims]

    def release(self, claims: Sequence[Claim], *, session_id: int, reason: str = "") -> None:
        """Give claims back that were not started."""
        now = self._store.now()
        self._outbox.put([Finished(claim, Released(reason), session_id, None, now) for claim in claims])

    def _started(self, unit: Unit) -> tuple[Claim, ...]:
        """Return the claims whose jobs may be called now, with their start on record where their type needs it."""
        claims = unit.claims
        if self._session.may_start(unit.session_id) and any(map(records_start, claims)):
            now = self._store.now()
            with self._store.write() as tx:
                accepted = tx.claims.start([Start(claim.event_id, claim.token, now) for claim in claims])
            claims = tuple(claim for claim in claims if claim.event_id in accepted)
        # Asked once more: the answer of the database may have taken its time.
        if not self._session.may_start(unit.session_id):
            self.release(claims, session_id=unit.session_id, reason="the worker's lease ran out before the start")
            return ()
        return claims

    def _run_chunk(self, unit: Unit, claims: Sequence[Claim], *, began: float) -> int:
        """Run claims one after the other; return how many were called."""
        release_at = began + RELEASE_AFTER_SECONDS
        for number, claim in enumerate(claims):
            if number and (self._clock.monotonic() >= release_at or not self._session.may_start(unit.session_id)):
                self.release(claims[number:], session_id=unit.session_id)
                return number
            later = claims[number + 1 :] if number + 1 < len(claims) else ()
            call = self._call(unit, (claim,), later=later)
            if call is None:
                return number
            if later and not call.take_later():  # the watchdog has given them back
                return number + 1
        return len(claims)

    def _run_group(self, unit: Unit, claims: Sequence[Claim]) -> int:
        """Run a group in one call; when the provider refuses it, its unreported members one by one."""
        refused: list[Claim] | None = [] if len(claims) > 1 else None
        if self._call(unit, claims, later=(), refused=refused) and refused:
            for number, claim in enumerate(refused):
                if not self._session.may_start(unit.session_id):
                    self.release(refused[number:], session_id=unit.session_id)
                    break
                call = self._call(unit, (claim,), later=refused[number + 1 :])
                if call is None or not call.take_later():
                    break
        return len(claims)

    def _call(
        self, unit: Unit, claims: Sequence[Claim], *, later: Sequence[Claim], refused: list[Claim] | None = None
    ) -> Call | None:
        """Make one job call and put what came of each claim into the outbox, before the next call can hang.

        Returns:
            The call that was made: whoever goes on with `later` has to take them from it. None when there is nothing
            more to do: the watchdog has given the call up and has spoken for the rest of its unit, or the worker is
            leaving and everything was given back.
        """
        kind = unit.handler.kind
        context = RunContext(
            clock=self._clock,
            inventory=self._ports.inventory,
            cloud=self._ports.cloud,
            resource_ids=tuple([claim.resource_id for claim in claims if claim.resource_id is not None]),
            occurrences=tuple([(claim.event_id, claim.due_at) for claim in claims]),
            fresh=unit.fresh,
            notebook=ClaimNotebook(self._store, claims),
            claims=claims,
            session_id=unit.session_id,
        )
        started_at = self._store.now()
        call = Call(
            claims=claims,
            later=later,
            context=context,
            session_id=unit.session_id,
            started_at=started_at,
            timeout_seconds=None if kind.timeout is None else kind.timeout.total_seconds(),
            retry=kind.retry,
        )
        if not self._calls.begin(call):
            self.release((*claims, *call.take_later()), session_id=unit.session_id, reason=_LEAVING)
            return None
        self._meter.called(started_at)
        with bound(context), step_span("duetime.run", claims) as step:
            overall = _perform(unit.handler.job_class, claims[0], now=self._store.now)
            note_outcome(step, overall)
        if not self._calls.close(call):
            return None
        try:
            if isinstance(overall, GroupRefused):
                if refused is None:
                    overall = Failed(f"the provider refused the call: {text_of(overall)}")
                else:
                    refused += [claim for claim in claims if claim.resource_id not in context.outcomes]
                    claims = [claim for claim in claims if claim.resource_id in context.outcomes]
            self._outbox.put(self._finished(call, claims, overall))
        finally:
            self._calls.forget(call)
        return call

    def _finished(self, call: Call, claims: Sequence[Claim], overall: Outcome | GroupRefused) -> list[Finished]:
        """Return what a call came to for these of its claims."""
        context, now = call.context, self._store.now()
        operations = CallOperations(context.operations) if context.operations else ()
        return [
            Finished(
                claim,
                outcome_of(claim, overall, context.outcomes),
                call.session_id,
                call.started_at,
                now,
                call.retry,
                operations,
            )
            for claim in claims
        ]


def _perform(job_class: type[Any], claim: Claim, *, now: Callable[[], datetime]) -> Outcome | GroupRefused:
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
        if returned is None:
            returned = getattr(job, "recorded_outcome", None)
        return Succeeded() if returned is None else checked(returned)
    except BaseException as error:  # noqa: BLE001 - whatever a job raises, SystemExit too, is the outcome of its run
        return outcome_of_raised(error, now=now)
