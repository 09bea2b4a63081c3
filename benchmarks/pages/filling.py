"""A database as large as that of a busy year: events, their history, an inventory and an audit trail.

Runs come in batches of 50 that end at one instant, as a group of resources does: same type, account and bot.
"""

from dataclasses import dataclass

from duetime.core.resources import Resource
from duetime.store.store import Store

GROUP = 50
TYPES = 12
ACCOUNTS = 100
BOTS = 40
RARE = 40_000
"""One in so many events is of the rare account, and asked for by the rare bot."""
RARE_ACCOUNT = "rare"
RARE_BOT = 999
BUSY_EVENT = 1
_RESOURCES_AT_ONCE = 5_000
_ENTRIES_AT_ONCE = 5_000


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of each.

    Attributes:
        hours: runs of one event that is due in every hour; in 400 days it has 9,600.
    """

    runs: int = 1_000_000
    hours: int = 9_600
    events: int = 200_000
    resources: int = 50_000
    entries: int = 100_000


_NUMBERS = {
    True: "WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})",
    False: "WITH n (n) AS (SELECT generate_series(1, {count}))",
}
_EVENTS = """
INSERT INTO events (event_id, event_type, status, resource_id, bot_id, due_at, ready_at, created_at, finished_at,
                    session_id, on_lost, schedule, description)
{numbers}
SELECT n, 'type-' || ((n / {group}) % {types}),
       CASE WHEN n = {busy} THEN 'scheduled' WHEN n % 1000 = 0 THEN 'running' WHEN n % 1000 = 1 THEN 'held'
            WHEN n % 5 < 2 THEN 'scheduled' WHEN n % 100 = 99 THEN 'failed' ELSE 'succeeded' END,
       'instance:' || CASE WHEN n % {rare} = 7 THEN '{rare_account}'
                           ELSE '1' || ((n / {group}) % {accounts}) END || ':us-east-1:i-' || (n % {resources}) || ':',
       CASE WHEN n % {rare} = 7 THEN {rare_bot} ELSE 1 + (n / {group}) % {bots} END,
       {due}, {due}, {created},
       CASE WHEN n = {busy} OR n % 1000 < 2 OR n % 5 < 2 THEN NULL ELSE {created} END,
       CASE WHEN n <> {busy} AND n % 1000 = 0 THEN 1 END,
       'retry', '{{"_type":"once","version":1,"when":"2030-01-01T00:00:00Z"}}', 'Stop it at seven'
FROM n
"""
_RUNS = """
INSERT INTO runs (event_id, due_at, attempt, event_type, resource_id, bot_id, status, final, started_at, finished_at,
                  reason, error, result)
{numbers}
SELECT e.event_id, {ended}, 1, e.event_type, e.resource_id, e.bot_id,
       CASE WHEN n % 100 = 0 THEN 'failed' WHEN n % 20 = 1 THEN 'skipped' ELSE 'succeeded' END, true,
       {ended}, {ended}, CASE WHEN n % 20 = 1 THEN 'the resource is gone' ELSE '' END,
       CASE WHEN n % 100 = 0 THEN 'UnauthorizedOperation: not allowed to perform this' ELSE '' END,
       '{{"stopped": true, "was": "running", "in": "us-east-1"}}'
FROM n JOIN events e ON e.event_id = {which}
"""


def fill(store: Store, size: Size) -> None:
    """Insert everything."""
    numbers = _NUMBERS[store.is_sqlite]
    names = {
        "group": GROUP,
        "types": TYPES,
        "rare": RARE,
        "rare_account": RARE_ACCOUNT,
        "rare_bot": RARE_BOT,
        "accounts": ACCOUNTS,
        "bots": BOTS,
        "busy": BUSY_EVENT,
        "resources": size.resources,
    }
    day = 86_400.0
    # A scheduled event is due within 30 days, and every five-hundredth was due within the last hour.
    later = _ago(store, f"-1 - (n * 7919) % {30 * day:.0f}")
    due = f"CASE WHEN n % 500 = 5 THEN {_ago(store, 'n % 3600')} ELSE {later} END"
    created = _ago(store, f"({size.events} - n) * {400 * day / size.events}")
    ended = _ago(store, f"(({size.runs} - n) / {GROUP}) * {400 * day * GROUP / size.runs}")
    hourly = _ago(store, "n * 3600")
    with store.engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin():
            if not store.is_sqlite:
                connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
            for statement in (
                _EVENTS.format(numbers=numbers.format(count=size.events), due=due, created=created, **names),
                _RUNS.format(
                    numbers=numbers.format(count=size.runs), ended=ended, which=f"2 + n % ({size.events} - 1)"
                ),
                _RUNS.format(numbers=numbers.format(count=size.hours), ended=hourly, which=BUSY_EVENT),
            ):
                # psycopg takes a single % for a parameter.
                connection.exec_driver_sql(statement if store.is_sqlite else statement.replace("%", "%%"))
    _fill_inventory(store, size.resources)
    _fill_trail(store, size.entries)
    with store.engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin():
            connection.exec_driver_sql("ANALYZE")


def count_history(store: Store) -> int:
    """Roll all history up, as the built-in event does; return how many hours there were."""
    hours = 0
    while True:
        with store.write() as tx:
            if tx.run_counts.roll_up() is None:
                return hours
        hours += 1


def _fill_inventory(store: Store, count: int) -> None:
    for first in range(0, count, _RESOURCES_AT_ONCE):
        with store.write() as tx:
            tx.resources.save(
                Resource(
                    resource_id=f"instance:1{number % ACCOUNTS}:us-east-1:i-{number}:",
                    name=f"web-{number}",
                    resource_type="instance",
                    account=f"1{number % ACCOUNTS}",
                    region="us-east-1",
                    provider_id=f"i-{number}",
                    state="pending" if number % RARE == 7 else "running",
                    tags={"env": "dev", "owner": "ana"},
                    data={"InstanceType": "m5.large", "Placement": {"AvailabilityZone": "us-east-1a"}},
                )
                for number in range(first, min(first + _RESOURCES_AT_ONCE, count))
            )


def _fill_trail(store: Store, count: int) -> None:
    for first in range(0, count, _ENTRIES_AT_ONCE):
        with store.write() as tx:
            for number in range(first, min(first + _ENTRIES_AT_ONCE, count)):
                tx.audit.add(
                    actor="eve" if number % RARE == 7 else "cli:ana",
                    verb="event.pause" if number % 3 else "event.cancel",
                    subject=f"event:{number % 5_000}",
                    reason="not needed over the holidays",
                    before={"status": "scheduled"},
                    after={"status": "paused"},
                )


def _ago(store: Store, seconds: str) -> str:
    """Return the instant so many seconds ago, in SQL."""
    if store.is_sqlite:
        return f"duetime_now() - CAST(({seconds}) * 1000000 AS INTEGER)"
    return f"now() - ({seconds}) * interval '1 second'"
