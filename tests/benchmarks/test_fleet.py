"""The fleet's benchmark in small: every contender stops everything, and what it costs is counted by the endpoint."""

import pytest
from tests.benchmarks.test_tiny_run import run


@pytest.mark.slow
def test_a_tiny_fleet_is_stopped_by_every_contender() -> None:
    sizes = ["--accounts", "1", "--instances", "6", "--latency", "0", "--slots", "4", "--lead", "6"]
    printed = run("benchmarks.fleet", *sizes, "--only", "duetime", "--only", "custodian")
    rows = {line[:24].strip(): line[24:].split() for line in printed.splitlines() if line[:1].strip()}
    assert printed.startswith("24 instances in 1 accounts x 4 regions")
    for name in ("duetime", "custodian, 1 at once", "custodian, 8 at once"):
        assert rows[name][1:3] == ["24", "8"], printed  # each region is read once and stopped once
        assert rows[name][4] == "0"
    assert rows["duetime"][5] == "24"
