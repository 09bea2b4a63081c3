"""Random schedules, each said twice: as a value of the package and in the oracle's own words.

The two sayings are written apart from each other: a wish judges one wall minute by the fields of its date and time.
"""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from tests.schedule.oracle import Wish

from duetime.schedule import Cron, Daily, Hourly, Monthly, ScheduleValue, Weekly

DAY = timedelta(days=1)
CRON_WEEKDAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
CRON_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


class Said(NamedTuple):
    """One schedule, in both sayings."""

    build: Callable[..., ScheduleValue]
    arguments: dict[str, Any]
    wish: Wish


class Moment(NamedTuple):
    """A wall time that random schedules come back to, so that they meet the changes of the clocks."""

    wall: datetime

    def hour(self, random: Random) -> int:
        return (
            (self.wall.hour + random.choice((0, 0, 0, 1, -1))) % 24 if random.random() < 0.7 else random.randrange(24)
        )

    def weekday(self, random: Random) -> int:
        return self.wall.weekday() if random.random() < 0.7 else random.randrange(7)

    def day(self, random: Random) -> int:
        return self.wall.day if random.random() < 0.7 else random.randint(1, 31)


def minute_of(random: Random) -> int:
    return random.choice((0, 0, 30, 59, random.randrange(60)))


def second_of(random: Random) -> int:
    return random.choice((0, 0, 0, random.randrange(60)))


def excluded_of(random: Random) -> list[int]:
    return random.sample(range(7), random.choice((0, 0, 1, 2)))


def hourly(random: Random, _: Moment) -> Said:
    minute, second, excluded = minute_of(random), second_of(random), excluded_of(random)
    wish = Wish(lambda wall: wall.minute == minute and wall.weekday() not in excluded, second, elapsed=True)
    return Said(Hourly, {"minute_of_hour": minute, "second_of_hour": second, "exclude_days": excluded}, wish)


def daily(random: Random, near: Moment) -> Said:
    hour, minute, second, excluded = near.hour(random), minute_of(random), second_of(random), excluded_of(random)
    wish = Wish(lambda wall: wall.hour == hour and wall.minute == minute and wall.weekday() not in excluded, second)
    return Said(Daily, {"time_of_day": f"{hour:02}:{minute:02}:{second:02}", "exclude_days": excluded}, wish)


def weekly(random: Random, near: Moment) -> Said:
    hour, minute, second = near.hour(random), minute_of(random), second_of(random)
    weekdays = {near.weekday(random), near.weekday(random)}
    wish = Wish(lambda wall: wall.hour == hour and wall.minute == minute and wall.weekday() in weekdays, second)
    return Said(
        Weekly, {"day_of_week": weekdays, "time_of_day": {"hour": hour, "minute": minute, "second": second}}, wish
    )


def monthly(random: Random, near: Moment) -> Said:
    day, hour, minute, second = near.day(random), near.hour(random), minute_of(random), second_of(random)
    overflow, excluded = random.choice(("last_day", "skip")), excluded_of(random)

    def names(wall: datetime) -> bool:
        if wall.hour != hour or wall.minute != minute or wall.weekday() in excluded:
            return False
        return wall.day == day or (overflow == "last_day" and wall.day < day and is_last_day(wall))

    return Said(
        Monthly,
        {
            "day_of_month": day,
            "time_of_day": f"{hour:02}:{minute:02}:{second:02}",
            "overflow": overflow,
            "exclude_days": excluded,
        },
        Wish(names, second),
    )


def is_last_day(wall: datetime) -> bool:
    return (wall + DAY).month != wall.month


def is_last_working_day(wall: datetime) -> bool:
    if wall.weekday() > 4:
        return False
    later = wall + DAY
    while later.month == wall.month:
        if later.weekday() <= 4:
            return False
        later += DAY
    return True


Field = tuple[str, Callable[[datetime], bool]]


def cron(random: Random, near: Moment) -> Said:
    second = random.choice((None, None, None, random.randrange(60)))
    minute, names_minute = cron_minute(random)
    hour, names_hour = cron_hour(random, near)
    day, names_day = cron_day(random, near)
    month, names_month = cron_month(random, near)
    weekday, names_weekday = cron_weekday(random, near)
    both = day.startswith("*") or weekday.startswith("*")

    def names(wall: datetime) -> bool:
        if not (names_minute(wall) and names_hour(wall) and names_month(wall)):
            return False
        judged = (names_day(wall), names_weekday(wall))
        return all(judged) if both else any(judged)

    text = f"{minute} {hour} {day} {month} {weekday}"
    elapsed = minute.startswith("*") or hour.startswith("*")
    if second is not None:
        text = f"{second} {text}"
    return Said(Cron, {"expression": text}, Wish(names, second or 0, elapsed=elapsed))


def one_of(attribute: str, numbers: Iterable[int]) -> Callable[[datetime], bool]:
    wanted = set(numbers)
    return lambda wall: getattr(wall, attribute) in wanted


def cron_minute(random: Random) -> Field:
    first, second = sorted(random.sample(range(60), 2))
    step = random.choice((5, 7, 10, 15, 20, 30))
    single = minute_of(random)
    choices: list[tuple[str, Iterable[int]]] = [
        (str(single), [single]),
        (str(single), [single]),
        (f"{first},{second}", [first, second]),
        (f"*/{step}", range(0, 60, step)),
        (f"{first}-{second}/{step}", range(first, second + 1, step)),
        ("0,30", [0, 30]),
    ]
    text, numbers = random.choice(choices)
    return text, one_of("minute", numbers)


def cron_hour(random: Random, near: Moment) -> Field:
    first, second = sorted(random.sample(range(24), 2))
    single, other, step = near.hour(random), near.hour(random), random.choice((2, 3, 4, 6))
    choices: list[tuple[str, Iterable[int]]] = [
        (str(single), [single]),
        (str(single), [single]),
        (f"{single},{other}", [single, other]),
        (f"{first}-{second}", range(first, second + 1)),
        (f"*/{step}", range(0, 24, step)),
        (f"0-23/{step}", range(0, 24, step)),
        ("*", range(24)),
    ]
    text, numbers = random.choice(choices)
    return text, one_of("hour", numbers)


def cron_day(random: Random, near: Moment) -> Field:
    day = near.day(random)
    choices: list[Field] = [
        ("*", lambda _: True),
        ("*", lambda _: True),
        (str(day), one_of("day", [day])),
        ("*/2", one_of("day", range(1, 32, 2))),
        ("L", is_last_day),
        ("LW", is_last_working_day),
    ]
    return random.choice(choices)


def cron_month(random: Random, near: Moment) -> Field:
    month = near.wall.month
    other = random.randint(1, 12)
    choices: list[Field] = [
        ("*", lambda _: True),
        ("*", lambda _: True),
        (f"{month},{other}", one_of("month", [month, other])),
        (CRON_MONTHS[month - 1].lower(), one_of("month", [month])),
    ]
    return random.choice(choices)


def cron_weekday(random: Random, near: Moment) -> Field:
    weekday, number = near.weekday(random), random.randint(1, 5)
    crons = (weekday + 1) % 7

    def is_nth(wall: datetime) -> bool:
        return wall.weekday() == weekday and (wall.day - 1) // 7 + 1 == number

    def is_last(wall: datetime) -> bool:
        return wall.weekday() == weekday and (wall + 7 * DAY).month != wall.month

    choices: list[Field] = [
        ("*", lambda _: True),
        ("*", lambda _: True),
        (str(crons or random.choice((0, 7))), lambda wall: wall.weekday() == weekday),
        (CRON_WEEKDAYS[crons], lambda wall: wall.weekday() == weekday),
        ("1-5", lambda wall: wall.weekday() < 5),
        (f"{CRON_WEEKDAYS[crons].lower()}#{number}", is_nth),
        (f"{crons}L", is_last),
    ]
    return random.choice(choices)


KINDS = (hourly, daily, weekly, monthly, cron, cron)
