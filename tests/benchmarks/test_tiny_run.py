import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EVENTS, SECONDS, FAR = 600, 0.25, 300


def run(module: str, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", module, *options], cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_a_tiny_run_measures_everything_and_writes_its_results(database: str, tmp_path: Path) -> None:
    output = tmp_path / "results.json"
    sizes = ["--events", str(EVENTS), "--rounds", "1", "--seconds", str(SECONDS), "--far", str(FAR)]
    printed = run("benchmarks", "--quick", "--database", database, *sizes, "--profiled", "300", "--output", str(output))

    entries = json.loads(output.read_text(encoding="utf-8"))
    assert [(entry["measure"], entry["database"]) for entry in entries] == [
        (measure, database) for measure in ("schedule", "drain", "delay")
    ]
    for entry in entries:
        figures = ["p50_ms", "p99_ms"] if entry["measure"] == "delay" else ["rate"]
        for part in (entry, entry["with_far_future"]):
            assert all(part[name] > 0 for name in (*figures, "limit", "lean", "ratio"))
        assert entry["n"] == (SECONDS * 200 if entry["measure"] == "delay" else EVENTS)
        assert entry["with_far_future"]["events"] == FAR
    assert f"drain, {database}" in printed
    assert "next gain" in printed


@pytest.mark.slow
@pytest.mark.parametrize("database", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def test_every_page_is_asked_for(database: str) -> None:
    printed = run("benchmarks.pages", "--runs", "500", "--events", "5000", "--rounds", "1", "--database", database)
    lines = [line for line in printed.splitlines() if ": " in line and " ms" not in line]
    assert {"history", "resource", "events", "upcoming", "resources", "audit", "overview"} <= {
        line.partition(":")[0] for line in lines
    }
    assert "500 audit entries verified" in printed


@pytest.mark.slow
def test_every_index_gets_its_line() -> None:
    printed = run("benchmarks.indexes", "--events", "300", "--rounds", "1", "--database", "sqlite")
    for name in ("events_claim", "events_dedupe", "events_resource", "runs_finished"):
        assert name in printed
