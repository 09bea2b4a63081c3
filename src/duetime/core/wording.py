"""How instants and lengths of time are written for people."""

from datetime import UTC, datetime, timedelta

_UNITS = ((86_400, "d"), (3600, "h"), (60, "min"), (1, "s"))
_SHORT = timedelta(seconds=10)


def write_instant(moment: datetime) -> str:
    """Return an instant as `2026-01-31 19:00:00Z`, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def write_span(span: timedelta) -> str:
    """Return a length of time by its two largest units, such as `3 h 20 min` or `0.4 s`."""
    span = abs(span)
    if span < _SHORT:
        return f"{max(span.total_seconds(), 0.001):.2g} s" if span else "0 s"
    rest = round(span.total_seconds())
    parts: list[str] = []
    for size, unit in _UNITS:
        amount, rest = divmod(rest, size)
        if amount:
            parts.append(f"{amount} {unit}")
        if len(parts) == 2 or (parts and not amount):
            break
    return " ".join(parts)
