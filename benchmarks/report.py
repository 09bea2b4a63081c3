"""The tables that people read."""

from collections.abc import Mapping, Sequence

from benchmarks.profiling import Profile
from benchmarks.results import Entry

_AIMS = {"schedule": 0.6, "drain": 0.6, "delay": 1.5}
_MOST_CHANGE = 0.2
_LEAST_OF_LEAN = 0.5


def rate_lines(found: Sequence[Entry]) -> list[str]:
    """Return the table of events per second."""
    lines = [
        "events per second          duetime     limit      lean   of limit (least-most)   limit of lean   far future",
    ]
    for entry in found:
        if entry["measure"] == "delay":
            continue
        spread = f"{entry['ratio']:.2f} ({entry['ratio_least']:.2f}-{entry['ratio_most']:.2f})"
        lines.append(
            f"{_name(entry):<24}{entry['rate']:>10,}{entry['limit']:>10,}{entry['lean']:>10,}{spread:>19}"
            f"{_mark(entry['ratio'] >= _AIMS[entry['measure']])}{entry['limit_to_lean']:>14.2f}"
            f"{_mark(entry['database'] == 'sqlite' or entry['limit_to_lean'] >= _LEAST_OF_LEAN)}{_far(entry)}"
        )
    return lines if len(lines) > 1 else []


def delay_lines(found: Sequence[Entry]) -> list[str]:
    """Return the table of start delays."""
    lines = [
        "start delay, ms                p50       p99  limit p99  lean p99   of limit (least-most)   early   far future"
    ]
    for entry in found:
        if entry["measure"] != "delay":
            continue
        spread = f"{entry['ratio']:.2f} ({entry['ratio_least']:.2f}-{entry['ratio_most']:.2f})"
        early = entry["early"] + entry.get("with_far_future", {}).get("early", 0)
        lines.append(
            f"{_name(entry):<24}{entry['p50_ms']:>10.2f}{entry['p99_ms']:>10.2f}{entry['limit']:>11.2f}"
            f"{entry['lean']:>10.2f}{spread:>19}{_mark(entry['ratio'] <= _AIMS['delay'])}{early:>6}"
            f"{_mark(early == 0)}{_far(entry)}"
        )
    return lines if len(lines) > 1 else []


def profile_lines(profiles: Mapping[str, Profile]) -> list[str]:
    """Return where the time goes, and what the next gain would be."""
    lines: list[str] = []
    for name, profile in profiles.items():
        lines.append(f"{name}: {profile.total_us:.0f} us an event under the profiler")
        lines += [f"    {share.percent:>5.1f} %  {share.us:>6.1f} us  {share.name}" for share in profile.layers]
        lines.append("  the most expensive functions, with the built-in ones they call")
        lines += [f"    {share.percent:>5.1f} %  {share.us:>6.1f} us  {share.name}" for share in profile.functions]
        lines.append(f"  next gain: {profile.next_gain}")
        lines.append("")
    return lines


def _name(entry: Entry) -> str:
    return f"{entry['measure']}, {entry['database']}"


def _far(entry: Entry) -> str:
    """Return the ratio and the change with far-future events in the table."""
    far = entry.get("with_far_future")
    if far is None:
        return ""
    change = far["change"] - 1
    worse = change if entry["measure"] == "delay" else -change
    return f"  {far['ratio']:.2f}, {change:+.0%}{_mark(worse <= _MOST_CHANGE)}"


def _mark(is_met: bool) -> str:  # noqa: FBT001 - the one thing it is told
    """Return whether an aim is met, as a sign behind the figure."""
    return "  " if is_met else " !"
