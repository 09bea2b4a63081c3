"""From the samples of a session to `results.json`."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.databases import WORKERS
from benchmarks.plan import DELAY_RATE, Plan
from benchmarks.runs import Place, Samples
from benchmarks.samples import Delay, ratios

Entry = dict[str, Any]


def entries(samples: Samples, plan: Plan) -> list[Entry]:
    """Return one entry for each measure and database."""
    found: list[Entry] = []
    for place in [*samples.rates, *samples.delays]:
        if place.far:
            continue
        with_far = place._replace(far=True)
        head: Entry = {"measure": place.measure, "database": place.database}
        if place.measure == "delay":
            entry = head | _delay_entry(samples.delays[place], place, plan)
            if with_far in samples.delays:
                far = _delay_entry(samples.delays[with_far], place, plan)
                far["change"] = _change(samples.delays[with_far], samples.delays[place])
                entry["with_far_future"] = {"events": plan.far} | far
        else:
            entry = head | _rate_entry(samples.rates[place], place, plan)
            if with_far in samples.rates:
                far = _rate_entry(samples.rates[with_far], place, plan)
                change = ratios(samples.rates[with_far]["duetime"], samples.rates[place]["duetime"])
                far["change"] = round(change.median, 3)
                entry["with_far_future"] = {"events": plan.far} | far
        found.append(entry)
    return found


def write(found: Sequence[Entry], path: Path) -> None:
    """Write the entries as one JSON document."""
    path.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def _rate_entry(rates: Mapping[str, Sequence[float]], place: Place, plan: Plan) -> Entry:
    ours, limit, lean = rates["duetime"], rates["limit"], rates["lean"]
    ratio = ratios(ours, limit)
    return {
        "rate": round(median(ours)),
        "limit": round(median(limit)),
        "lean": round(median(lean)),
        "ratio": round(ratio.median, 3),
        "ratio_least": round(ratio.least, 3),
        "ratio_most": round(ratio.most, 3),
        "ratio_of_bests": round(max(ours) / max(limit), 3),
        "limit_to_lean": round(ratios(limit, lean).median, 3),
        "n": plan.scheduled if place.measure == "schedule" else plan.due,
        "rounds": len(ours),
        "workers": 1 if place.measure == "schedule" else WORKERS[place.database],
    }


def _delay_entry(delays: Mapping[str, Sequence[Delay]], place: Place, plan: Plan) -> Entry:
    ours, limit, lean = (_p99(delays[name]) for name in ("duetime", "limit", "lean"))
    ratio = ratios(ours, limit)
    return {
        "p50_ms": _round(median(one.p50_ms for one in delays["duetime"])),
        "p99_ms": _round(median(ours)),
        "limit": _round(median(limit)),
        "lean": _round(median(lean)),
        "limit_p50_ms": _round(median(one.p50_ms for one in delays["limit"])),
        "ratio": round(ratio.median, 3),
        "ratio_least": round(ratio.least, 3),
        "ratio_most": round(ratio.most, 3),
        "ratio_of_bests": round(min(ours) / min(limit), 3),
        "least_ms": _round(min(one.least_ms for one in delays["duetime"])),
        "early": sum(one.early for one in delays["duetime"]),
        "n": round(plan.delay_seconds * DELAY_RATE),
        "rounds": len(ours),
        "workers": WORKERS[place.database],
    }


def _change(far: Mapping[str, Sequence[Delay]], near: Mapping[str, Sequence[Delay]]) -> float:
    return round(ratios(_p99(far["duetime"]), _p99(near["duetime"])).median, 3)


def _p99(delays: Sequence[Delay]) -> list[float]:
    return [one.p99_ms for one in delays]


def _round(milliseconds: float) -> float:
    return round(milliseconds, 2)
