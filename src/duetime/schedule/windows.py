"""Windows of the week as a tag says them, such as `workdays-8-19@Europe/Berlin`, and the schedules of their edges.

    value   = "never" | "always" | windows ["@" zone]
    windows = window *(";" window)
    window  = days "-" from "-" until
    days    = "daily" | "workdays" | "weekends" | day ["-" day] *("," day ["-" day])
    day     = "mon" | "tue" | ... | "sun", or the full English name
    from, until = hour [":" minute]; until may be 24; until at or before from is on the next day

Case and blanks do not matter but in the zone, which is UTC when none is named.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time
from typing import Self

from duetime.core.errors import InvalidSchedule
from duetime.schedule.weekdays import NAMES, read_weekdays
from duetime.schedule.weekly import Weekly
from duetime.schedule.zones import read_zone

EXAMPLES = ("workdays-8-19@Europe/Berlin", "mon-fri-7:30-20@UTC", "daily-22-6", "sat-8-12;sun-10-12", "always", "never")
LONGEST = 256
"""Characters of a value: as many as a tag may have."""

_LONGEST_SHOWN = 40
_DAY = 24 * 60
_WEEK = 7 * _DAY
_GROUPS = {"daily": range(7), "workdays": range(5), "weekends": range(5, 7)}
_WINDOW = re.compile(r"(?P<days>[a-z,-]+)-(?P<start>[^-]*)-(?P<stop>[^-]*)")
_TIME = re.compile(r"(\d{1,2})(?::(\d{2}))?", re.ASCII)

Span = tuple[int, int]
"""Minutes of the week on the wall clock, from Monday 0:00; the second may lie past its end."""


@dataclass(frozen=True, slots=True)
class Windows:
    """When something is to be on.

    Attributes:
        spans: the windows, joined where they touch, in order; a whole week when it is always on.
        timezone: the IANA zone whose clocks are followed.
    """

    spans: tuple[Span, ...]
    timezone: str = "UTC"

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the windows that a text says.

        Raises:
            InvalidSchedule: it says none; the part that cannot be read is named.
        """
        if len(text) > LONGEST:
            raise _refusal(f"a value has at most {LONGEST} characters, not {len(text)}")
        said, at, zone = text.strip().partition("@")
        zone = zone.strip()
        if at:
            read_zone(zone)
        words = "".join(said.lower().split())
        if words in ("always", "never"):
            return cls(((0, _WEEK),) if words == "always" else (), zone or "UTC")
        spans = [span for window in words.split(";") for span in _read_window(window)]
        return cls(tuple(_joined(spans)), zone or "UTC")

    @property
    def starts(self) -> tuple[Weekly, ...]:
        """The schedules of the edges at which it goes on, one per time of day."""
        return self._edges([start for start, _ in self.spans])

    @property
    def stops(self) -> tuple[Weekly, ...]:
        """The schedules of the edges at which it goes off, one per time of day."""
        return self._edges([stop for _, stop in self.spans])

    def _edges(self, minutes: list[int]) -> tuple[Weekly, ...]:
        if self.spans == ((0, _WEEK),):
            return ()
        days: dict[int, set[int]] = {}
        for minute in minutes:
            day, of_day = divmod(minute % _WEEK, _DAY)
            days.setdefault(of_day, set()).add(day)
        return tuple(
            Weekly(sorted(days[of_day]), time(*divmod(of_day, 60)), timezone=self.timezone) for of_day in sorted(days)
        )

    def is_open(self, moment: datetime) -> bool:
        """Return whether the last edge before an aware instant, or at it, was one at which it goes on."""
        closing = [due for each in self.stops if (due := each.next_after(moment)) is not None]
        opening = [due for each in self.starts if (due := each.next_after(moment)) is not None]
        return min(closing) < min(opening) if closing and opening else bool(self.spans)


def _read_window(text: str) -> Iterator[Span]:
    found = _WINDOW.fullmatch(text)
    if found is None:
        raise _refusal(f"the window {_shown(text)} must be days, a time and a time with - between, or always or never")
    start, stop = _minutes(found["start"], window=text), _minutes(found["stop"], window=text)
    if start == _DAY:
        raise _refusal(f"the window {_shown(text)} cannot start at 24; write 0 on the day after")
    if stop <= start:
        stop += _DAY
    for day in sorted(_days(found["days"], window=text)):
        yield day * _DAY + start, day * _DAY + stop


def _days(text: str, *, window: str) -> set[int]:
    if text in _GROUPS:
        return set(_GROUPS[text])
    days: set[int] = set()
    for part in text.split(","):
        names = part.split("-")
        try:
            numbers = [read_weekdays("day", name)[0] for name in names]
        except InvalidSchedule:
            known = ", ".join(name[:3].lower() for name in NAMES)
            raise _refusal(
                f"the days {_shown(part)} of the window {_shown(window)} must be daily, workdays, "
                f"weekends, or days or ranges of {known}"
            ) from None
        if len(numbers) > 2:
            raise _refusal(
                f"the days {_shown(part)} of the window {_shown(window)} must be one day, or two with - between"
            )
        first, last = numbers[0], numbers[-1]
        days.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return days


def _minutes(text: str, *, window: str) -> int:
    found = _TIME.fullmatch(text)
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (99, 0)
    if minute > 59 or hour * 60 + minute > _DAY:
        raise _refusal(
            f"the time {_shown(text)} of the window {_shown(window)} must be an hour from 0 to 24, or such as 7:30"
        )
    return hour * 60 + minute


def _joined(spans: list[Span]) -> list[Span]:
    """Return spans of the week, those that touch or overlap as one, around the end of the week too."""
    # Counted over three weeks, so that the middle one shows every span whole and from its true beginning.
    weeks = [(start + week * _WEEK, stop + week * _WEEK) for start, stop in spans for week in range(3)]
    joined: list[list[int]] = []
    for start, stop in sorted(weeks):
        if joined and start <= joined[-1][1]:
            joined[-1][1] = max(stop, joined[-1][1])
        else:
            joined.append([start, stop])
    if any(stop - start >= _WEEK for start, stop in joined):
        return [(0, _WEEK)]
    return [(start - _WEEK, stop - _WEEK) for start, stop in joined if _WEEK <= start < 2 * _WEEK]


def _shown(part: str) -> str:
    """Return a part as an error shows it: a tag may be long and odd."""
    return repr(part if len(part) <= _LONGEST_SHOWN else f"{part[:_LONGEST_SHOWN]}...")


def _refusal(problem: str) -> InvalidSchedule:
    return InvalidSchedule(problem[0].upper() + problem[1:], examples=EXAMPLES)
