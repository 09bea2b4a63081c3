"""Bar charts as numbers: what an SVG without inline style needs, and the same as a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 640, 180
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 4, 8, 22
_GAP = 0.22
"""How much of a column stays empty."""
_MOST_LABELS = 6
_STEPS = (1, 2, 5)


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of thing that is counted.

    Attributes:
        name: what the legend calls it.
        tone: the class that gives it its colour.
        values: how many, for each column.
        path: the list that holds the things themselves; None = there is none.
    """

    name: str
    tone: str
    values: tuple[int, ...]
    path: str | None = None

    @property
    def total(self) -> int:
        return sum(self.values)


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle; its title is what a pointer reads."""

    x: float
    y: float
    width: float
    height: float
    tone: str
    title: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A text on an axis, and where."""

    at: float
    text: str


@dataclass(frozen=True, slots=True)
class BarChart:
    """Stacked columns over time.

    Attributes:
        title: what is counted.
        columns: what each column is called.
        series: what is counted, from the bottom of the columns up.
        bars: the rectangles.
        lines: the values that have a line across, with their height.
        labels: the columns that are named on the axis, with their middle.
    """

    title: str
    columns: tuple[str, ...]
    series: tuple[Series, ...]
    bars: tuple[Bar, ...]
    lines: tuple[Mark, ...]
    labels: tuple[Mark, ...]

    @property
    def total(self) -> int:
        return sum(each.total for each in self.series)

    @property
    def summary(self) -> str:
        """The chart in a sentence."""
        parts = ", ".join(f"{each.name} {each.total}" for each in self.series if each.total)
        return f"{self.total} in all: {parts}." if parts else "None."


def bar_chart(title: str, columns: Sequence[str], series: Sequence[Series]) -> BarChart:
    """Lay out a chart.

    Args:
        title: what is counted.
        columns: what each column is called, in the order of time.
        series: as many values each as there are columns.
    """
    sums = [sum(each.values[place] for each in series) for place in range(len(columns))]
    top = nice_top(max(sums, default=0))
    return BarChart(
        title=title,
        columns=tuple(columns),
        series=tuple(series),
        bars=tuple(_bars(columns, series, top)),
        lines=tuple(Mark(_height(value, top), str(value)) for value in _values(top)),
        labels=tuple(_labels(columns)),
    )


def nice_top(most: int) -> int:
    """Return the least of 2, 4, 10, 20, 40, 100, ... that is no less than the greatest value."""
    size = 1
    while True:
        for step in _STEPS:
            if 2 * step * size >= most:
                return 2 * step * size
        size *= 10


def by_column(counts: Mapping[tuple[str, int], int], name: str, columns: int) -> tuple[int, ...]:
    """Return the values of a series from counts by name and column."""
    return tuple(counts.get((name, place), 0) for place in range(columns))


def _values(top: int) -> tuple[int, int, int]:
    return 0, top // 2, top


def _height(value: int, top: int) -> float:
    return round(HEIGHT - _BOTTOM - (HEIGHT - _TOP - _BOTTOM) * value / top, 2)


def _place(place: int, columns: int) -> tuple[float, float]:
    """Return where a column begins and how wide it is."""
    step = (WIDTH - _LEFT - _RIGHT) / max(1, columns)
    return round(_LEFT + step * (place + _GAP / 2), 2), round(step * (1 - _GAP), 2)


def _bars(columns: Sequence[str], series: Sequence[Series], top: int) -> list[Bar]:
    bars: list[Bar] = []
    for place, column in enumerate(columns):
        x, width = _place(place, len(columns))
        below = 0
        for each in series:
            value = each.values[place]
            if value:
                y = _height(below + value, top)
                height = round(_height(below, top) - y, 2)
                bars.append(Bar(x, y, width, height, each.tone, f"{column}: {each.name} {value}"))
                below += value
    return bars


def _labels(columns: Sequence[str]) -> list[Mark]:
    step = max(1, -(-len(columns) // _MOST_LABELS))
    labels: list[Mark] = []
    for place in range(0, len(columns), step):
        x, width = _place(place, len(columns))
        labels.append(Mark(round(x + width / 2, 2), columns[place]))
    return labels
