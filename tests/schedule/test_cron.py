from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from cronsim import CronSim
from hypothesis import given
from hypothesis import strategies as st
from tests.schedule.strategies import EXPRESSIONS, moments

from duetime.core.errors import InvalidSchedule
from duetime.schedule import Cron
from duetime.schedule.cron import EXAMPLES

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("", "wrong number of fields"),
        ("every day", "wrong number of fields"),
        ("* * * *", "wrong number of fields"),
        ("* * * * * * *", "wrong number of fields"),
        ("61 * * * *", "bad minute"),
        ("0 24 * * *", "bad hour"),
        ("0 0 0 * *", "bad day-of-month"),
        ("0 0 * 13 *", "bad month"),
        ("0 0 30 13 *", "bad month"),
        ("0 0 * * 8", "bad day-of-week"),
        ("*/0 * * * *", "bad minute"),
        ("5-1 * * * *", "bad minute"),
        ("@daily", "wrong number of fields"),
        ("0 0 30 2 *", "it never fires, because none of its months has such a day"),
        ("0 0 31 4,6,9,11 *", "it never fires, because none of its months has such a day"),
        ("0 0 LW * */6", "it never fires, because no day matches it"),
        ("0" * 201, "at most 200 characters"),
        (None, "it must be a text"),
        (5, "it must be a text"),
    ],
)
def test_what_cannot_be_read_or_never_fires_is_refused_with_examples(expression: str, problem: str) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        Cron(expression)
    assert problem in caught.value.problem
    assert any(example.startswith("0 19 * * 1-5") for example in caught.value.examples)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_can_be_read(example: str) -> None:
    expression, _ = example.split(" (")
    assert Cron(expression).next_after(NOON)


def test_what_the_clocks_always_skip_never_fires() -> None:
    # The last Sunday of March at 02:30 is always in Berlin's gap.
    with pytest.raises(InvalidSchedule, match="never fires, because in Europe/Berlin the clocks skip all its times"):
        Cron("30 2 * 3 0L", "Europe/Berlin", dst_gap="skip")
    assert Cron("30 2 * 3 0L", "Europe/Berlin").next_after(NOON) == datetime(2027, 3, 28, 1, tzinfo=UTC)
    assert Cron("30 2 * 3 0L", "America/New_York", dst_gap="skip").next_after(NOON)


def test_spaces_do_not_matter() -> None:
    assert Cron("  0 19  * * 1-5 ") == Cron("0 19 * * 1-5")


def test_a_sixth_field_in_front_is_the_second() -> None:
    times = Cron("*/20 0 * * * *").upcoming(NOON, count=3)
    assert [due - NOON for due in times] == [timedelta(seconds=20), timedelta(seconds=40), timedelta(hours=1)]


def test_days_of_month_and_week_are_either_or_unless_one_begins_with_a_star() -> None:
    either = Cron("0 0 13 * 5").upcoming(NOON, count=3)
    assert [(due.day, due.weekday()) for due in either] == [(19, 4), (26, 4), (3, 4)]
    both = Cron("0 0 */13 * 5").upcoming(NOON, count=3)
    assert [(due.day, due.weekday()) for due in both] == [(14, 4), (27, 4), (1, 4)]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 0 29 2 *", [2028, 2032, 2036]),
        ("0 0 29 2 */7", [2032, 2060, 2088]),
        ("0 0 * 2 MON#5", [2044, 2072, 2112]),
    ],
)
def test_rare_expressions_are_found_decades_ahead(expression: str, expected: list[int]) -> None:
    assert [due.year for due in Cron(expression).upcoming(NOON, count=3)] == expected


def test_the_last_time_a_datetime_can_hold_is_the_last() -> None:
    rare = Cron("0 0 29 2 *")
    last = datetime(9996, 2, 29, tzinfo=UTC)
    assert rare.next_after(last) is None
    assert rare.previous_at_or_before(datetime.max.replace(tzinfo=UTC)) == last
    assert rare.previous_at_or_before(datetime(3, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    ("expression", "elapsed"),
    [
        ("30 2 * * *", False),
        ("0 0-23/2 * * *", False),
        ("0,30 2 * * *", False),
        ("10 30 2 * * *", False),
        ("0 */2 * * *", True),
        ("15 * * * *", True),
        ("*/5 2 * * *", True),
        ("* 30 2 * * *", True),
    ],
)
def test_a_star_in_front_counts_elapsed_time(expression: str, elapsed: bool) -> None:
    assert Cron(expression).counts_elapsed_time is elapsed


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        (Cron("0 19 * * 1-5", "Europe/Berlin"), "cron 0 19 * * 1-5 Europe/Berlin: At 19:00"),
        (Cron("*/15 * * * *"), "cron */15 * * * * UTC: Every"),
        (
            Cron("30 2 * * *", "Europe/Berlin", dst_gap="skip", dst_overlap="last"),
            "cron 30 2 * * * Europe/Berlin (DST gap: skip, DST overlap: last): At 02:30",
        ),
        (
            Cron("0 */2 * * *", "Europe/Berlin", dst_gap="shift_forward", dst_overlap="both"),
            "cron 0 */2 * * * Europe/Berlin: At",
        ),
    ],
)
def test_it_says_itself_in_words(cron: Cron, words: str) -> None:
    assert cron.describe().startswith(words)


@given(expression=st.sampled_from(EXPRESSIONS), moment=moments)
def test_in_utc_it_agrees_with_cronsim(expression: str, moment: datetime) -> None:
    theirs = CronSim(expression, moment)
    ours = Cron(expression).upcoming(moment, count=5)
    assert ours == [next(theirs) for _ in ours]
    assert len(ours) == 5


def read_or_refuse(text: str) -> None:
    try:
        cron = Cron(text)
    except InvalidSchedule:
        return
    times = cron.upcoming(NOON, count=3)
    assert all(earlier < later for earlier, later in pairwise(times))
    assert cron.describe().startswith(f"cron {cron.expression} UTC: ")


@given(text=st.text("0123456789*/,-#LWMONTUE ", max_size=30))
def test_any_text_is_read_or_refused(text: str) -> None:
    read_or_refuse(text)


@given(fields=st.tuples(*[st.text("0123456789*/,-#LW", min_size=1, max_size=6)] * 5))
def test_any_five_fields_are_read_or_refused(fields: tuple[str, ...]) -> None:
    read_or_refuse(" ".join(fields))
