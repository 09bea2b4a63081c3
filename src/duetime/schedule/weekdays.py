"""Days of the week as people give them: 0 to 6 from Monday, or English names."""

from collections.abc import Iterable

from duetime.core.errors import InvalidSchedule

NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

Weekday = int | str
Weekdays = Weekday | Iterable[Weekday]

_NUMBERS = {name.lower(): number for number, name in enumerate(NAMES)} | {
    name[:3].lower(): number for number, name in enumerate(NAMES)
}


def read_weekdays(what: str, given: object) -> tuple[int, ...]:
    """Return one weekday or several as sorted numbers without repeats.

    Raises:
        InvalidSchedule: something given is no weekday.
    """
    several = given if isinstance(given, Iterable) and not isinstance(given, str | bytes) else (given,)
    return tuple(sorted({_read_weekday(what, day) for day in several}))


def read_exclusions(given: object) -> tuple[int, ...]:
    """Return the excluded weekdays, which must leave at least one day.

    Raises:
        InvalidSchedule: something given is no weekday, or all seven are given.
    """
    excluded = read_weekdays("exclude_days", given)
    if len(excluded) == len(NAMES):
        raise InvalidSchedule(
            "exclude_days excludes every day, so the schedule would never fire",
            examples=("exclude_days=[5, 6]", 'exclude_days=["Saturday", "Sunday"]'),
        )
    return excluded


def _read_weekday(what: str, given: object) -> int:
    if isinstance(given, str):
        number = _NUMBERS.get(given.strip().lower())
        if number is not None:
            return number
    elif isinstance(given, int) and not isinstance(given, bool) and 0 <= given < len(NAMES):
        return int(given)
    raise InvalidSchedule(
        f"{what} must be a weekday from 0 (Monday) to 6 (Sunday) or a name, not {given!r}",
        examples=(f"{what}=0", f'{what}="Monday"', f'{what}=["mon", "thu"]'),
    )


def join_names(numbers: Iterable[int]) -> str:
    """Return weekdays in words, such as `Monday, Tuesday and Friday`."""
    *most, last = [NAMES[number] for number in numbers]
    return f"{', '.join(most)} and {last}" if most else last
