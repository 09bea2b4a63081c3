"""A look at everything that events need to run on time: what `duetime doctor` shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from duetime.core.resources import Account, AccountStatus
from duetime.core.statuses import EventStatus
from duetime.core.wording import write_instant, write_span
from duetime.scheduling.situation import Waiting, beating_workers, waiting_types
from duetime.store.plugin_table import PluginState
from duetime.store.schema import current
from duetime.store.session_table import WorkerSession
from duetime.store.store import Store

LATE_AFTER = timedelta(seconds=60)
"""How late the oldest due event may be before somebody should look; it is also the grace of recurring events."""
MOST_DRIFT = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at.

    Attributes:
        ok: whether nobody need do anything.
        remedy: what to do when it is not.
    """

    name: str
    ok: bool
    detail: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Checkup:
    """What was found.

    Attributes:
        clock_offset: how far the database's clock is ahead of this process's.
        silent: workers that neither beat nor said goodbye.
        oldest_due_at: since when the oldest event that a living worker could run has been due.
    """

    location: str
    backend: str
    revision: str
    now: datetime
    clock_offset: timedelta
    workers: tuple[WorkerSession, ...]
    silent: tuple[WorkerSession, ...]
    events: Mapping[EventStatus, int]
    oldest_due_at: datetime | None
    waiting: tuple[Waiting, ...]
    plugins: tuple[PluginState, ...]
    accounts: tuple[Account, ...]

    @property
    def checks(self) -> tuple[Check, ...]:
        """What each finding means."""
        return tuple(_checks(self))

    @property
    def healthy(self) -> bool:
        """Whether nobody need do anything."""
        return all(check.ok for check in self.checks)


class _NothingIsKept(Exception):
    """Rolls the test write back."""


def check_up(store: Store) -> Checkup:
    """Look at the database and at what stands in it.

    Raises:
        DatabaseUnavailable: it cannot be read, or not be written.
    """
    offset = store.measure_clock()
    try:
        with store.write() as tx:
            tx.audit.add(actor="doctor", verb="doctor.write", subject="database")
            raise _NothingIsKept
    except _NothingIsKept:
        pass
    with store.read() as tx:
        workers = beating_workers(tx)
        beating = {worker.session_id for worker in workers}
        waiting = waiting_types(tx)
        unhandled = {kind.event_type for kind in waiting}
        due = [
            count.oldest_ready_at
            for count in tx.events.scheduled_by_type(now=tx.now)
            if count.due and count.oldest_ready_at is not None and not (workers and count.event_type in unhandled)
        ]
        return Checkup(
            location=store.location,
            backend="sqlite" if store.is_sqlite else "postgresql",
            revision=current(store.engine) or "",
            now=tx.now,
            clock_offset=offset,
            workers=workers,
            silent=tuple(session for session in tx.sessions.alive() if session.session_id not in beating),
            events=tx.events.counts_by_status(),
            oldest_due_at=min(due, default=None),
            waiting=waiting,
            plugins=tuple(tx.plugins.states()),
            accounts=tuple(tx.accounts.all()),
        )


def _checks(found: Checkup) -> Iterator[Check]:
    yield Check("database", True, f"{found.backend} at {found.location}, schema {found.revision}, can be written")
    yield _clock(found)
    yield _workers(found)
    yield _oldest(found)
    yield _handlers(found)
    yield _plugins(found)
    yield _accounts(found)
    held = found.events.get(EventStatus.HELD, 0)
    yield Check(
        "held events",
        not held,
        f"{held} wait for a person to decide" if held else "none",
        "List them: duetime events list --status held." if held else "",
    )


def _clock(found: Checkup) -> Check:
    offsets = [found.clock_offset, *(timedelta(milliseconds=worker.clock_offset_ms) for worker in found.workers)]
    worst = max(offsets, key=abs)
    if found.backend == "sqlite":
        return Check("clock", True, f"{write_instant(found.now)}; SQLite uses this machine's clock")
    detail = f"the database says {write_instant(found.now)}; the largest difference to a process is {write_span(worst)}"
    ok = abs(worst) <= MOST_DRIFT
    return Check("clock", ok, detail, "" if ok else "Set the clocks by NTP. Events follow the database's clock.")


def _workers(found: Checkup) -> Check:
    if not found.workers:
        return Check("workers", False, "none is alive", "Start one: duetime worker, or duetime up.")
    names = ", ".join(f"{worker.worker} (beat {_ago(found.now - worker.beat_at)})" for worker in found.workers)
    if found.silent:
        silent = ", ".join(f"{worker.worker} ({write_span(found.now - worker.beat_at)})" for worker in found.silent)
        remedy = "A living worker takes over what they held; look whether their processes hang."
        return Check("workers", False, f"{names}; silent: {silent}", remedy)
    return Check("workers", True, names)


def _oldest(found: Checkup) -> Check:
    if found.oldest_due_at is None:
        what = "nothing is due that a living worker can run" if found.waiting and found.workers else "nothing is due"
        return Check("oldest due event", True, what)
    late = found.now - found.oldest_due_at
    ok = late <= LATE_AFTER
    remedy = "Start a worker." if not found.workers else "All slots may be busy: start another worker or raise slots."
    return Check("oldest due event", ok, f"due for {write_span(late)}", "" if ok else remedy)


def _handlers(found: Checkup) -> Check:
    if not found.workers:
        return Check("event types", True, "no worker is alive that could say which types it can run")
    waiting = [
        f"{kind.event_type} ({kind.scheduled} {'event' if kind.scheduled == 1 else 'events'})" for kind in found.waiting
    ]
    if not waiting:
        return Check("event types", True, "every type with scheduled events has a handler")
    remedy = "Load the plugins that bring them: duetime plugins list."
    return Check("event types", False, f"waiting for a handler: {', '.join(waiting)}", remedy)


def _plugins(found: Checkup) -> Check:
    failed = {state.plugin: state.error for state in found.plugins if state.state == "failed"}
    overrides = sorted({str(name) for state in found.plugins for name in state.details.get("overrides", ())})
    if failed:
        words = "; ".join(f"{plugin}: {error}" for plugin, error in failed.items())
        return Check("plugins", False, f"failed: {words}", "Mend it, then: duetime plugins reload NAME.")
    names = sorted({state.plugin for state in found.plugins if state.state == "loaded"})
    loaded = f"loaded: {', '.join(names)}" if names else "none is loaded"
    return Check("plugins", True, f"{loaded}; overridden built-ins: {', '.join(overrides)}" if overrides else loaded)


def _accounts(found: Checkup) -> Check:
    invalid = [account for account in found.accounts if account.status is AccountStatus.INVALID]
    if invalid:
        words = "; ".join(f"{each.account}: {each.last_error}" for each in invalid)
        remedy = "Their bots and events wait. Mend their profiles or roles, then: duetime accounts harvest ID."
        return Check("accounts", False, f"credentials are refused: {words}", remedy)
    failing = [account for account in found.accounts if account.failures]
    if failing:
        words = "; ".join(f"{each.account} ({each.failures} times): {each.last_error}" for each in failing)
        return Check("accounts", False, f"harvests fail: {words}", "Look at it: duetime accounts harvest ID.")
    return Check("accounts", True, f"{_count(found.accounts)}, no harvest fails" if found.accounts else "none")


def _count(accounts: Sequence[Account]) -> str:
    return "1 account" if len(accounts) == 1 else f"{len(accounts)} accounts"


def _ago(span: timedelta) -> str:
    return f"{write_span(span)} ago"
