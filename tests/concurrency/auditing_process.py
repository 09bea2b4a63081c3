"""Appends to the audit trail as fast as it can; run as a process of its own.

Usage: auditing_process.py URL ACTOR EVENT_ID TRANSACTIONS
"""

import sys

from duetime.core.errors import DatabaseUnavailable
from duetime.store.store import Store


def main(url: str, name: str, event_id: int, transactions: int) -> None:
    """Append three entries in each of `transactions`, which also lock an event."""
    with Store(url, durable=False) as store:
        print("ready", flush=True)  # noqa: T201 - the test waits for it
        sys.stdin.read()
        for number in range(transactions):
            with store.write() as tx:
                tx.verbs.pause(event_id, actor=name)
                tx.audit.add(actor=name, verb="test", subject=f"{name}:{number}")
                tx.verbs.resume(event_id, actor=name)


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    except DatabaseUnavailable as error:
        sys.exit(str(error))
