from datetime import UTC, datetime

import pytest

from duetime.core.events import parse_run_id, run_id_of

DUE = datetime(2026, 1, 31, 19, 0, 0, 250, tzinfo=UTC)


def test_a_runs_name_leads_back_to_its_parts() -> None:
    assert run_id_of(17, DUE, 2) == "17/2026-01-31T19:00:00.000250Z/2"
    assert parse_run_id(run_id_of(17, DUE, 2)) == (17, DUE, 2)


@pytest.mark.parametrize(
    "text", ["", "17", "17/2026-01-31T19:00:00Z", "a/2026-01-31T19:00:00Z/1", "1/x/1", "1/2026-01-31/1"]
)
def test_another_text_is_no_runs_name(text: str) -> None:
    assert parse_run_id(text) is None
