"""Claims due events and hands them to the executor."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from duetime.core.claims import Claim
from duetime.core.clock import Clock
from duetime.core.errors import Unavailable
from duetime.core.outcomes import Deferred, Expired
from duetime.engine.catalogue import Catalogue, Handler
from duetime.engine.executors import Executor
from duetime.engine.finished import Finished
from duetime.engine.in_flight import InFlight
from duetime.engine.judging import DEFER_AFTER_FAULT, Judge
from duetime.engine.log import get_logger
from duetime.engine.meter import Meter
from duetime.engine.occurrences import Occurrences
from duetime.engine.outbox import Outbox
from duetime.engine.runner import Runner
from duetime.engine.service import Service
from duetime.engine.session import Session
from duetime.engine.spans import note_step, step_span
from duetime.engine.units import UNITS_PER_SLOT, Durations, Unit, chunk_size, form_units, probes, units_per_slot
from duetime.store.hot_path import Want
from duetime.store.store import Store, Transaction

_log = get_logger(__name__)

MOST_CLAIMS = 500
SHORTEST_SLEEP = 0.001


_Place = tuple[str, str, str] | None
_UNREAD = ("", "", "")
"""Stands for the place of claims that guards judge although no cloud can be asked about them."""


class Dispatcher(Service):
    """Claims what is due, oldest first, and sleeps until the next event is due.

    It hands out a few units for each free slot, see `units_per_slot`; what was claimed beyond that is given back at
    once.
    """

    name = "dispatcher"

    def __init__(  # noqa: PLR0913 - the one place where all parts of a worker meet
        self,
        *,
        clock: Clock,
        store: Store,
        session: Session,
        catalogue: Catalogue,
        executor: Executor,
        runner: Runner,
        judge: Judge,
        outbox: Outbox,
        durations: Durations,
        in_flight: InFlight,
        meter: Meter,
        poll_seconds: float,
    ) -> None:
        super().__init__(clock=clock)
        self._store = store
        self._session = session
        self._catalogue = catalogue
        self._executor = executor
        self._runner = runner
        self._judge = judge
        self._outbox = outbox
        self._durations = durations
        self._in_flight = in_flight
        self._meter = meter
        self._poll_seconds = poll_seconds
        self._occurrences = Occurrences(store=store)
        self._claim_is_uncertain = False
        self._slept_for: datetime | None = None
        self._groups_first = False

    def round(self) -> float:
        session_id = self._session.session_id
        free = self._executor.free_slots()
        handlers = self._catalogue.handlers()
        if session_id is None or free == 0 or not handlers or not self._session.may_start(session_id):
            return self._poll_seconds
        wait = self._until_due(handlers)
        if wait > 0 and not self._claim_is_uncertain:
            return wait
        claims = self._claim(session_id, handlers, free=free)
        if claims:
            self._dispatch(claims, handlers=handlers, session_id=session_id, free=free)
            return 0.0
        return SHORTEST_SLEEP

    def _until_due(self, handlers: Mapping[str, Handler]) -> float:
        """Return the seconds until something may be claimed, at most one poll; 0 when something is due."""
        slept_for, self._slept_for = self._slept_for, None
        if slept_for is not None and slept_for <= self._store.now():
            return 0.0  # it was read before the sleep; reading again would only make the start late
        with self._store.read() as tx:
            earliest = tx.claims.earliest_ready_at(event_types=list(handlers))
        if earliest is None:
            return self._poll_seconds
        seconds = (earliest - self._store.now()).total_seconds()
        if seconds <= 0:
            return 0.0
        self._slept_for = earliest
        return min(max(seconds, SHORTEST_SLEEP), self._poll_seconds)

    def _claim(self, session_id: int, handlers: Mapping[str, Handler], *, free: int) -> list[Claim]:
        began = self._clock.monotonic()
        try:
            with self._store.write() as tx:
                if self._claim_is_uncertain:
                    self._release_unknown(tx, session_id)
                claims = self._take(tx, session_id, handlers, free=free)
        except Unavailable:
            # The commit may have gone through: then events are ours that we do not know of.
            self._claim_is_uncertain = True
            raise
        self._claim_is_uncertain = False
        self._in_flight.add(claims)
        seconds = self._clock.monotonic() - began
        self._meter.claimed(len(claims), seconds=seconds)
        note_step("duetime.claim", claims, seconds=seconds)
        return claims

    def _take(self, tx: Transaction, session_id: int, handlers: Mapping[str, Handler], *, free: int) -> list[Claim]:
        """Claim single events and groups, each with the slots that the other has left; they go first by turns.

        Apart, because a slot takes hundreds of grouped events and one single slow one: claimed together, most of either
        would only be given back.
        """
        self._groups_first = not self._groups_first
        claims: list[Claim] = []
        room = float(free)
        for is_group in (self._groups_first, not self._groups_first):
            kinds = {name: each for name, each in handlers.items() if (each.kind.max_group > 1) is is_group}
            if not kinds or room < 1:
                continue
            wants = [Want(name, min(MOST_CLAIMS, int(room) * self._per_slot(each))) for name, each in kinds.items()]
            most = min(MOST_CLAIMS, UNITS_PER_SLOT * max(want.most for want in wants))
            some = tx.claims.take(session_id=session_id, wants=wants, most=most)
            if is_group:
                some += tx.claims.fill(session_id=session_id, probes=probes(some, handlers))
            room -= sum(1 / (self._per_slot(handlers[claim.event_type]) * UNITS_PER_SLOT) for claim in some)
            claims += some
        return claims

    def _per_slot(self, handler: Handler) -> int:
        """Return how many events of one type are claimed for one free slot; of all types together, twice as many."""
        if handler.kind.max_group == 1:
            return chunk_size(handler, self._durations)
        return handler.kind.max_group * units_per_slot(handler, self._durations) // UNITS_PER_SLOT

    def _release_unknown(self, tx: Transaction, session_id: int) -> None:
        unknown = tx.claims.held_by(session_id, besides=self._in_flight.event_ids())
        if unknown:
            self._runner.release([orphan.claim for orphan in unknown], session_id=session_id, reason="claim unknown")

    def _dispatch(
        self, claims: Sequence[Claim], *, handlers: Mapping[str, Handler], session_id: int, free: int
    ) -> None:
        pending = {claim.event_id: claim for claim in claims}
        try:
            by_place = self._sorted_out(claims, pending, handlers=handlers, session_id=session_id)
        except Unavailable:
            # Nothing was handed out yet, and some may have been moved on: the next claim looks at what is ours.
            self._in_flight.remove(claims)
            self._claim_is_uncertain = True
            raise
        except Exception as error:  # noqa: BLE001 - logged; a claim of which nobody speaks would stay running for ever
            self._defer(pending, error, session_id=session_id)
            return
        try:
            self._hand_out(by_place, pending, handlers=handlers, session_id=session_id, free=free)
        except Exception as error:  # noqa: BLE001 - as above
            self._defer(pending, error, session_id=session_id)

    def _sorted_out(
        self, claims: Sequence[Claim], pending: dict[int, Claim], *, handlers: Mapping[str, Handler], session_id: int
    ) -> dict[_Place, list[Claim]]:
        """Return what shall run by the place that guards have to read, None where nothing is judged; refuse the rest.

        `pending` holds the claims of which nobody has spoken yet.
        """
        refused: list[Finished] = []
        by_place: defaultdict[_Place, list[Claim]] = defaultdict(list)
        readable = self._judge.readable(claims)
        now = self._store.now()
        recurring = (claim for claim in claims if claim.recurring)
        settled = self._occurrences.settle(recurring, handlers=handlers, session_id=session_id, now=now)
        for claimed in claims:
            claim = settled[claimed.event_id] if claimed.event_id in settled else _not_expired(claimed, now=now)
            if claim is None:
                self._in_flight.remove([pending.pop(claimed.event_id)])
                continue
            if not isinstance(claim, Claim):
                refused.append(Finished(claimed, claim, session_id, None, self._store.now()))
                continue
            pending[claim.event_id] = claim
            place = claim.place if readable else None
            is_read = place is not None and place.account in readable
            if place is not None and is_read:
                by_place[(place.account, place.region, place.resource_type)].append(claim)
            else:
                by_place[_UNREAD if self._judge.concerns(claim) else None].append(claim)
        if refused:
            self._outbox.put(refused)
            _spoken_for(pending, [finished.claim for finished in refused])
        return by_place

    def _hand_out(
        self,
        by_place: Mapping[_Place, Sequence[Claim]],
        pending: dict[int, Claim],
        *,
        handlers: Mapping[str, Handler],
        session_id: int,
        free: int,
    ) -> None:
        """Submit the units that have been ready for longest, as many as the free slots take, and give back the rest."""
        units: list[tuple[_Place, Unit]] = []
        for place, claims in by_place.items():
            formed = form_units(claims, handlers=handlers, session_id=session_id, durations=self._durations)
            units += [(place, unit) for unit in formed]
        fitting = self._fitting(units, free=free)
        if fitting < len(units):
            surplus = [claim for _, unit in units[fitting:] for claim in unit.claims]
            self._runner.release(surplus, session_id=session_id)
            _spoken_for(pending, surplus)
        to_judge: defaultdict[_Place, list[Claim]] = defaultdict(list)
        for place, unit in units[:fitting]:
            if place is None:
                self._executor.submit(partial(self._runner.run, unit))
                _spoken_for(pending, unit.claims)
            else:
                to_judge[place] += unit.claims
        for group in to_judge.values():
            self._executor.submit(partial(self._judge_then_submit, group, handlers, session_id))
            _spoken_for(pending, group)

    def _fitting(self, units: list[tuple[_Place, Unit]], *, free: int) -> int:
        """Return how many units the free slots take; when those are not all, sort them by how long they are ready."""
        shares = [1 / units_per_slot(unit.handler, self._durations) for _, unit in units]
        if sum(shares) <= free:
            return len(units)
        units.sort(key=lambda placed: min((claim.ready_at, claim.event_id) for claim in placed[1].claims))
        taken, fitting = 0.0, 0
        while fitting < len(units) and taken < free:
            taken += 1 / units_per_slot(units[fitting][1].handler, self._durations)
            fitting += 1
        return fitting

    def _defer(self, pending: Mapping[int, Claim], error: BaseException, *, session_id: int) -> None:
        """Put claims off after a fault of our own, or of a plugin where none was expected."""
        _log.error("dispatch.failed", event_ids=list(pending), exc_info=error)
        now = self._store.now()
        outcome = Deferred(now + DEFER_AFTER_FAULT, f"the worker failed to start it: {type(error).__name__}")
        self._outbox.put([Finished(claim, outcome, session_id, None, now) for claim in pending.values()])

    def _judge_then_submit(self, claims: Sequence[Claim], handlers: Mapping[str, Handler], session_id: int) -> None:
        """Ask the guards in a slot, because they ask clouds; then run what may run."""
        pending = {claim.event_id: claim for claim in claims}
        try:
            with step_span("duetime.guard", claims):
                judgement = self._judge.judge(claims, now=self._store.now())
            now = self._store.now()
            if judgement.refused:
                self._outbox.put([Finished(claim, said, session_id, None, now) for claim, said in judgement.refused])
                _spoken_for(pending, [claim for claim, _ in judgement.refused])
            units = form_units(
                judgement.proceed,
                handlers=handlers,
                session_id=session_id,
                durations=self._durations,
                fresh=judgement.fresh,
            )
            for unit in units:
                self._executor.submit(partial(self._runner.run, unit))
                _spoken_for(pending, unit.claims)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as in `_dispatch`
            self._defer(pending, error, session_id=session_id)


def _not_expired(claim: Claim, *, now: datetime) -> Claim | Expired:
    if claim.expires_at is None or now < claim.expires_at:
        return claim
    return Expired(f"past its expiry at {claim.expires_at:%Y-%m-%d %H:%M:%S} UTC")


def _spoken_for(pending: dict[int, Claim], claims: Sequence[Claim]) -> None:
    for claim in claims:
        pending.pop(claim.event_id, None)
