"""Claims due events and hands them to the executor."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

from duetime.core.claims import Claim
from duetime.core.clock import Clock
from duetime.core.errors import Unavailable
from duetime.core.outcomes import Deferred, Expired, Outcome
from duetime.core.resources import Resource
from duetime.engine.catalogue import Catalogue, Handler
from duetime.engine.executors import Executor
from duetime.engine.finished import Finished
from duetime.engine.in_flight import InFlight
from duetime.engine.judging import DEFER_AFTER_FAULT, Judge
from duetime.engine.log import get_logger
from duetime.engine.occurrences import Occurrences
from duetime.engine.outbox import Outbox
from duetime.engine.runner import Runner
from duetime.engine.service import Service
from duetime.engine.session import Session
from duetime.engine.units import Durations, form_units
from duetime.store.hot_path import Probe, Want
from duetime.store.store import Store, Transaction

_log = get_logger(__name__)

MOST_CLAIMS = 500
SHORTEST_SLEEP = 0.001


class Dispatcher(Service):
    """Claims no more than the slots can take, oldest first, and sleeps until the next event is due."""

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
        self._poll_seconds = poll_seconds
        self._occurrences = Occurrences(store=store)
        self._claim_is_uncertain = False

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
            self._dispatch(claims, handlers=handlers, session_id=session_id)
            return 0.0
        return SHORTEST_SLEEP

    def _until_due(self, handlers: Mapping[str, Handler]) -> float:
        """Return the seconds until something may be claimed, at most one poll; 0 when something is due."""
        with self._store.read() as tx:
            earliest = tx.claims.earliest_ready_at(event_types=list(handlers))
        if earliest is None:
            return self._poll_seconds
        seconds = (earliest - self._store.now()).total_seconds()
        return 0.0 if seconds <= 0 else min(max(seconds, SHORTEST_SLEEP), self._poll_seconds)

    def _claim(self, session_id: int, handlers: Mapping[str, Handler], *, free: int) -> list[Claim]:
        wants = [Want(event_type, free * self._durations.chunk(event_type)) for event_type in handlers]
        try:
            with self._store.write() as tx:
                if self._claim_is_uncertain:
                    self._release_unknown(tx, session_id)
                claims = tx.claims.take(session_id=session_id, wants=wants, most=MOST_CLAIMS)
                claims += tx.claims.fill(session_id=session_id, probes=_probes(claims, handlers))
        except Unavailable:
            # The commit may have gone through: then events are ours that we do not know of.
            self._claim_is_uncertain = True
            raise
        self._claim_is_uncertain = False
        self._in_flight.add(claims)
        return claims

    def _release_unknown(self, tx: Transaction, session_id: int) -> None:
        unknown = tx.claims.held_by(session_id, besides=self._in_flight.event_ids())
        if unknown:
            self._runner.release([orphan.claim for orphan in unknown], session_id=session_id, reason="claim unknown")

    def _dispatch(self, claims: Sequence[Claim], *, handlers: Mapping[str, Handler], session_id: int) -> None:
        refused: list[Finished] = []
        plain: list[Claim] = []
        by_place: defaultdict[tuple[str, str, str], list[Claim]] = defaultdict(list)
        try:
            readable = self._judge.readable(claims)
            for claimed in claims:
                claim = self._settled(claimed, handlers=handlers, session_id=session_id)
                if claim is None:
                    self._in_flight.remove([claimed])
                elif not isinstance(claim, Claim):
                    refused.append(Finished(claimed, claim, session_id, None, self._store.now()))
                elif readable and (place := claim.place) is not None and place.account in readable:
                    by_place[place.account, place.region, place.resource_type].append(claim)
                else:
                    plain.append(claim)
        except Unavailable:
            # Nothing was handed out yet, and some may have been moved on: the next claim looks at what is ours.
            self._in_flight.remove(claims)
            self._claim_is_uncertain = True
            raise
        if refused:
            self._outbox.put(refused)
        self._submit(plain, handlers=handlers, session_id=session_id)
        for group in by_place.values():
            self._executor.submit(partial(self._judge_then_submit, group, handlers, session_id))

    def _settled(self, claim: Claim, *, handlers: Mapping[str, Handler], session_id: int) -> Claim | Outcome | None:
        """Return the claim for the due time that shall run now, what it came to instead, or None if it was moved on."""
        now = self._store.now()
        if not claim.recurring:
            if claim.expires_at is None or now < claim.expires_at:
                return claim
            return Expired(f"past its expiry at {claim.expires_at:%Y-%m-%d %H:%M:%S} UTC")
        try:
            return self._occurrences.settle(claim, handler=handlers[claim.event_type], session_id=session_id, now=now)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - one bad row must not stop the others; the log has its traceback
            _log.exception("event.unsettled", event_id=claim.event_id)
            reason = f"its due times could not be settled: {type(error).__name__}: {error}"
            return Deferred(now + DEFER_AFTER_FAULT, reason)

    def _judge_then_submit(self, claims: Sequence[Claim], handlers: Mapping[str, Handler], session_id: int) -> None:
        """Ask the guards in a slot, because they ask clouds; then run what may run."""
        judgement = self._judge.judge(claims, now=self._store.now())
        if judgement.refused:
            now = self._store.now()
            self._outbox.put([Finished(claim, outcome, session_id, None, now) for claim, outcome in judgement.refused])
        self._submit(judgement.proceed, handlers=handlers, session_id=session_id, fresh=judgement.fresh)

    def _submit(
        self,
        claims: Sequence[Claim],
        *,
        handlers: Mapping[str, Handler],
        session_id: int,
        fresh: Mapping[str, Resource] | None = None,
    ) -> None:
        units = form_units(claims, handlers=handlers, session_id=session_id, durations=self._durations, fresh=fresh)
        for unit in units:
            self._executor.submit(partial(self._runner.run, unit))


def _probes(claims: Sequence[Claim], handlers: Mapping[str, Handler]) -> list[Probe]:
    """Return the groups among the claims that have room for more members."""
    members = Counter((claim.event_type, claim.group_key) for claim in claims if claim.group_key is not None)
    probes = []
    for (event_type, group_key), count in members.items():
        most = handlers[event_type].kind.max_group
        room = -count % most  # the last of its groups is filled up; the full ones before it stay as they are
        if most > 1 and room and group_key is not None:
            probes.append(Probe(event_type, group_key, room))
    return probes
