"""Taking SQLite's one write lock in turns.

SQLite waits for the lock by sleeping longer and longer, up to 100 ms, and takes it only if it happens to be free when
it wakes. A process that writes without a pause then keeps all others out: of 20,000 events one of two workers got four,
and its heartbeat waits as long. So we look again at short intervals, and a writer that was kept waiting gets its turn.
"""

import time

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

_LOOK_MILLISECONDS = 3
"""How long SQLite tries by itself before we ask anew: it sleeps 1 and 2 ms in that time."""


def begin_writing(connection: Connection, *, busy_seconds: float) -> None:
    """Begin a transaction that writes, once the lock is free.

    Args:
        connection: one to SQLite, outside of a transaction.
        busy_seconds: how long to wait for the lock.

    Raises:
        OperationalError: the lock did not become free in that time.
    """
    milliseconds = round(busy_seconds * 1000)
    if milliseconds <= _LOOK_MILLISECONDS:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        return
    give_up_at = time.monotonic() + busy_seconds
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {_LOOK_MILLISECONDS}")
    try:
        while True:
            try:
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            except OperationalError as error:
                if "locked" not in str(error.orig) or time.monotonic() >= give_up_at:
                    raise
            else:
                return
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout = {milliseconds}")
