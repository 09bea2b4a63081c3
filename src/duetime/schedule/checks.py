"""Checks that several schedules make of what they are given."""

from duetime.core.errors import InvalidSchedule


def check_choice(what: str, given: object, choices: tuple[str, ...]) -> None:
    """Refuse a word that is not one of the choices.

    Raises:
        InvalidSchedule: it is not.
    """
    if given not in choices:
        raise InvalidSchedule(
            f"{what} must be {', '.join(choices[:-1])} or {choices[-1]}, not {given!r}",
            examples=[f'{what}="{choice}"' for choice in choices],
        )


def check_number(what: str, given: object, *, least: int, most: int) -> None:
    """Refuse what is no whole number from `least` to `most`.

    Raises:
        InvalidSchedule: it is not.
    """
    if isinstance(given, bool) or not isinstance(given, int) or not least <= given <= most:
        raise InvalidSchedule(
            f"{what} must be a whole number from {least} to {most}, not {given!r}",
            examples=(f"{what}={least}", f"{what}={most}"),
        )
