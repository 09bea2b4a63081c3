"""Reads parts of a harvest, several at once, and hands on what they hold page by page."""

import queue
import threading
from collections.abc import Generator, Iterator, Sequence
from contextvars import copy_context
from dataclasses import dataclass

from duetime.core.cloud import Cloud
from duetime.core.errors import CredentialsRefused, Throttled
from duetime.core.harvests import HarvestPart
from duetime.core.resources import Resource
from duetime.providers.part_queue import PartQueue

_PAGES_WAITING = 4
"""How many pages may wait to be written. Readers wait then: memory holds these and one page of each reader."""
_ROWS_TOGETHER = 1000
_LOOK_EVERY = 0.1
"""How soon, in seconds, a reader that waits for room sees that all is off."""


@dataclass(frozen=True, slots=True)
class Page:
    """Resources of a part. `is_first` begins its reading: what was counted of an earlier try counts no more."""

    part: HarvestPart
    resources: Sequence[Resource]
    is_first: bool


@dataclass(frozen=True, slots=True)
class End:
    """A part was read to its end."""

    part: HarvestPart


@dataclass(frozen=True, slots=True)
class Failure:
    """A part could not be read to its end."""

    part: HarvestPart
    error: Exception


Item = Page | End | Failure


def read_parts(parts: PartQueue, cloud: Cloud, *, threads: int) -> Generator[Sequence[Item], None, None]:
    """Yield what is read: as much at a time as is there already, up to about a thousand resources.

    Args:
        parts: what is to be read.
        cloud: where.
        threads: how many parts are read at once; 1 = in the caller's thread, one after the other.
    """
    if threads > 1:
        yield from _Readers(parts, cloud, threads=threads).items()
        return
    while (part := parts.take()) is not None:
        for item in _read(part, parts, cloud):
            yield [item]


def _read(part: HarvestPart, parts: PartQueue, cloud: Cloud) -> Iterator[Item]:
    """Yield the pages of one part and how it ended; nothing more once it was abandoned or put off."""
    try:
        refusal = parts.refusal(part)
        if refusal is not None:
            yield Failure(part, refusal)
        else:
            yield from _pages(part, parts, cloud)
    except Throttled as error:
        if parts.put_back(part, error):
            return
        yield Failure(part, error)
    except Exception as error:  # noqa: BLE001 - one part that fails must not keep the others from being read
        if isinstance(error, CredentialsRefused):
            parts.refuse(part, error)
        yield Failure(part, error)
    parts.done(part)


def _pages(part: HarvestPart, parts: PartQueue, cloud: Cloud) -> Iterator[Item]:
    account, region, resource_type = part.part
    is_first = True
    for page in cloud.pages(account=account, region=region, resource_type=resource_type):
        if parts.is_abandoned(part):
            return
        yield Page(part, page, is_first)
        is_first = False
    yield End(part)


class _Readers:
    """The threads, and the bounded queue between them and the one that writes; each ends with a None."""

    def __init__(self, parts: PartQueue, cloud: Cloud, *, threads: int) -> None:
        self._parts = parts
        self._cloud = cloud
        self._items: queue.Queue[Item | None] = queue.Queue(_PAGES_WAITING)
        self._at_work = threads
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=copy_context().run, args=(self._run,), name=f"harvest-{number}", daemon=True)
            for number in range(threads)
        ]

    def items(self) -> Generator[Sequence[Item], None, None]:
        """Start the threads, yield what they read, and see to it that they have ended, however this ends."""
        try:
            for thread in self._threads:
                thread.start()
            while self._at_work:
                item = self._items.get()
                if item is None:
                    self._at_work -= 1
                else:
                    yield self._with_more(item)
        finally:
            self._parts.stop()
            self._stopping.set()
            for thread in self._threads:
                if thread.ident is not None:
                    thread.join()

    def _with_more(self, item: Item) -> Sequence[Item]:
        found = [item]
        rows = _rows(item)
        while rows < _ROWS_TOGETHER:
            try:
                more = self._items.get_nowait()
            except queue.Empty:
                break
            if more is None:
                self._at_work -= 1
                continue
            found.append(more)
            rows += _rows(more)
        return found

    def _run(self) -> None:
        try:
            while (part := self._parts.take()) is not None:
                for item in _read(part, self._parts, self._cloud):
                    self._put(item)
                    if self._stopping.is_set():
                        return
        finally:
            self._put(None)

    def _put(self, item: Item | None) -> None:
        while not self._stopping.is_set():
            try:
                self._items.put(item, timeout=_LOOK_EVERY)
            except queue.Full:
                continue
            return


def _rows(item: Item) -> int:
    return len(item.resources) if isinstance(item, Page) else 0
