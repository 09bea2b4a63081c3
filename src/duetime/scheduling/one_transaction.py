"""A client's verbs inside a transaction that is open already."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from typing import cast

from duetime.scheduling.client import Client
from duetime.store.store import Store, Transaction


class _OneTransaction:
    """Stands where a client has its store: whatever it begins is the transaction that there is."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        yield self._tx

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        yield self._tx

    def now(self) -> datetime:
        return self._tx.now


def within(client: Client, tx: Transaction) -> Client:
    """Return a client whose verbs are part of `tx`: they are kept or undone with all else that it does.

    An error of a verb must end the transaction: what the verb had written before is not taken back by itself.
    """
    joined = copy(client)
    joined.store = cast("Store", _OneTransaction(tx))
    return joined
