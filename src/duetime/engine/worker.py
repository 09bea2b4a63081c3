"""One worker process: its services assembled, started, drained and stopped."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from duetime.core.claims import Ending
from duetime.core.clock import Clock
from duetime.core.errors import Unavailable
from duetime.core.guards import Guard
from duetime.engine.calls import Calls
from duetime.engine.catalogue import Catalogue
from duetime.engine.dispatcher import Dispatcher
from duetime.engine.executors import Executor
from duetime.engine.heartbeat import Heartbeat
from duetime.engine.in_flight import InFlight
from duetime.engine.judging import Judge
from duetime.engine.log import get_logger
from duetime.engine.meter import Meter
from duetime.engine.outbox import Outbox
from duetime.engine.plugin_service import PluginService
from duetime.engine.reaper import Reaper
from duetime.engine.runner import Ports, Runner
from duetime.engine.service import Service
from duetime.engine.session import Session
from duetime.engine.units import Durations
from duetime.engine.watchdog import Watchdog
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource

_log = get_logger(__name__)

EXIT_OK = 0
EXIT_STUCK = 75
"""Asks the supervisor to start this worker again: half of its slots hold jobs that never returned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """How a worker works.

    Attributes:
        lease_seconds: how long a silent worker keeps its claims.
        slots: how many units run at once.
        poll_seconds: the longest it sleeps without looking for due events.
        drain_seconds: how long running jobs may take to end when the worker is asked to stop.
        grace_seconds: how long a job may go on after its deadline before it is given up.
    """

    lease_seconds: int = 30
    slots: int = 8
    poll_seconds: float = 0.5
    drain_seconds: float = 30.0
    grace_seconds: float = 5.0


def _ignore(_endings: Sequence[Ending]) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fittings:
    """What the app gives its worker."""

    ports: Ports
    guards: Sequence[Guard]
    manager: PluginManager
    find_plugins: Callable[[], Sequence[PluginSource]]
    announce: Callable[[Sequence[Ending]], None] = _ignore


class Worker:
    """Runs due events until it is asked to stop."""

    def __init__(self, *, clock: Clock, settings: WorkerSettings, fittings: Fittings, executor: Executor) -> None:
        self._clock = clock
        self._settings = settings
        self._executor = executor
        self._store = store = fittings.ports.client.store
        self._announce = fittings.announce
        self._asked_to_stop = threading.Event()
        self._exit_code = EXIT_OK
        self.session = Session(clock=clock, lease_seconds=settings.lease_seconds)
        self.catalogue = Catalogue(fittings.ports.registries)
        self.in_flight = InFlight()
        self._meter = meter = Meter()
        self.outbox = Outbox(
            clock=clock, store=store, settled=self.in_flight.remove, announce=self._announced, meter=meter
        )
        self._calls = Calls(clock=clock)
        durations = Durations()
        self._runner = Runner(
            clock=clock,
            ports=fittings.ports,
            session=self.session,
            outbox=self.outbox,
            calls=self._calls,
            durations=durations,
            meter=meter,
        )
        self.dispatcher = Dispatcher(
            clock=clock,
            store=store,
            session=self.session,
            catalogue=self.catalogue,
            executor=executor,
            runner=self._runner,
            judge=Judge(cloud=fittings.ports.cloud, guards=fittings.guards),
            outbox=self.outbox,
            durations=durations,
            in_flight=self.in_flight,
            meter=meter,
            poll_seconds=settings.poll_seconds,
        )
        self.heartbeat = self._make_heartbeat()
        self.plugins = self._make_plugin_service(fittings)
        self.reaper = Reaper(clock=clock, store=store, session=self.session)
        self.watchdog = self._make_watchdog()

    def _make_heartbeat(self) -> Heartbeat:
        return Heartbeat(
            clock=self._clock,
            store=self._store,
            session=self.session,
            catalogue=self.catalogue,
            calls=self._calls,
            slots=self._settings.slots,
            measured=self._measured,
            on_opened=self._wake,
        )

    def _make_plugin_service(self, fittings: Fittings) -> PluginService:
        return PluginService(
            clock=self._clock,
            store=self._store,
            session=self.session,
            manager=fittings.manager,
            catalogue=self.catalogue,
            find=fittings.find_plugins,
            on_changed=self._types_changed,
        )

    def _make_watchdog(self) -> Watchdog:
        return Watchdog(
            clock=self._clock,
            store=self._store,
            calls=self._calls,
            outbox=self.outbox,
            slots=self._settings.slots,
            grace_seconds=self._settings.grace_seconds,
            on_stuck=self._replace_me,
        )

    @property
    def services(self) -> tuple[Service, ...]:
        """The services in the order in which they start."""
        return (self.plugins, self.heartbeat, self.reaper, self.watchdog, self.outbox, self.dispatcher)

    def stop(self) -> None:
        """Ask the worker to drain and end; returns at once. Not for a signal handler: it takes a lock."""
        self._asked_to_stop.set()

    def run(self) -> int:
        """Work until asked to stop, drain, and return the exit code."""
        self._executor.start()
        for service in self.services:
            service.start()
        while not self._clock.wait(self._asked_to_stop, seconds=3600):
            pass
        return self.drain()

    def drain(self) -> int:
        """Claim nothing more, let running jobs end, give the rest back, say goodbye."""
        _log.info("worker.draining", seconds=self._settings.drain_seconds)
        self.dispatcher.stop()
        self.plugins.stop()
        self.dispatcher.join()
        self._executor.close()
        self._await_jobs()
        self.watchdog.stop()
        self.watchdog.join()
        self._flush()
        self._release_unstarted()
        self._flush()
        for service in (self.outbox, self.reaper, self.heartbeat):
            service.stop()
        for service in (self.outbox, self.reaper, self.heartbeat):
            service.join()
        self._say_goodbye()
        return self._exit_code

    def _await_jobs(self) -> None:
        """Wait until nothing runs but what is stuck, or the drain time is over."""
        deadline = self._clock.monotonic() + self._settings.drain_seconds
        pause = threading.Event()
        while not self._executor.idle() and self._clock.monotonic() < deadline:
            under_way = self._calls.snapshot()
            if not under_way and self._calls.stuck:
                break
            self._clock.wait(pause, seconds=0.02)

    def _release_unstarted(self) -> None:
        """Give back what was claimed and never begun."""
        session_id = self.session.session_id
        if session_id is None:
            return
        self._calls.shut()  # from here on no job is called, so that none can be called for what is given back
        busy = self._calls.event_ids() | self.outbox.event_ids()
        try:
            with self._store.read() as tx:
                mine = tx.claims.held_by(session_id, besides=busy)
        except Unavailable as error:
            _log.warning("worker.not_released", error=str(error))
            return
        self._runner.release([orphan.claim for orphan in mine], session_id=session_id, reason="the worker stopped")

    def _flush(self) -> None:
        try:
            while len(self.outbox):
                self.outbox.flush()
        except Unavailable as error:
            _log.warning("worker.not_flushed", endings=len(self.outbox), error=str(error))

    def _say_goodbye(self) -> None:
        """End the session, unless jobs still run: then its claims must stay its own until its lease ends."""
        session_id = self.session.session_id
        if session_id is None or self._calls.snapshot() or len(self.outbox):
            return
        try:
            with self._store.write() as tx:
                tx.sessions.stop(session_id, measures=self._measured())
        except Unavailable as error:
            _log.warning("worker.no_goodbye", error=str(error))
        _log.info("worker.stopped", session_id=session_id)

    def _measured(self) -> str:
        """Return what this worker has counted, for its heartbeat."""
        busy = self._executor.slots - self._executor.free_slots()
        return self._meter.text(slots_busy=busy, slots_stuck=self._calls.stuck)

    def _announced(self, endings: Sequence[Ending]) -> None:
        self._announce(endings)
        self.dispatcher.wake()

    def _wake(self) -> None:
        self.dispatcher.wake()

    def _types_changed(self) -> None:
        self.heartbeat.wake()  # a beat says which types this worker can run; people should not wait for the next one
        self.dispatcher.wake()

    def _replace_me(self) -> None:
        if not self._asked_to_stop.is_set():
            _log.error("worker.stuck", stuck=self._calls.stuck, slots=self._settings.slots)
            self._exit_code = EXIT_STUCK
            self._asked_to_stop.set()
