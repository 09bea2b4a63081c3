"""`python -m benchmarks.fleet`: what stopping a fleet costs, side by side, on one endpoint with EC2's limits."""

import argparse

from benchmarks.fleet.custodian_runs import stop_all
from benchmarks.fleet.endpoint import REGIONS, Endpoint, Figures
from benchmarks.fleet.fleet_runs import run
from benchmarks.fleet.fleet_worker import STOP_ONE


def main() -> None:
    """Measure, and print one line for each contender."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet", description=__doc__)
    parser.add_argument("--accounts", type=int, default=10)
    parser.add_argument("--instances", type=int, default=250, help="in each account and region")
    parser.add_argument("--latency", type=float, default=0.08, help="seconds before every answer")
    parser.add_argument("--slots", type=int, default=16, help="of each worker")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--lead", type=float, default=30, help="seconds from the bot's run to the common due time")
    parser.add_argument("--only", choices=("duetime", "one-by-one", "custodian"), action="append")
    given = parser.parse_args()
    wanted = given.only or ["duetime", "custodian", "one-by-one"]
    with Endpoint(accounts=given.accounts, instances=given.instances, latency=given.latency) as endpoint:
        print(f"{endpoint.total} instances in {given.accounts} accounts x {len(REGIONS)} regions; {given.latency} s")
        print(f"{'':24}{'last stop':>10}{'stopped':>9}{'calls':>8}{'per 1,000':>11}{'throttled':>11}{'succeeded':>11}")
        for name, event_type in (("duetime", "divvy.stop_resource"), ("one-by-one", STOP_ONE)):
            if name in wanted:
                outcome = run(
                    endpoint,
                    event_type=event_type,
                    workers=given.workers,
                    slots=given.slots,
                    lead_seconds=given.lead,
                    give_up_after=600,
                )
                _print(name, outcome.seconds, outcome.figures, str(outcome.succeeded))
        if "custodian" in wanted:
            for processes in (1, 8):
                endpoint.reset()
                urls = [(account, endpoint.url_of(account)) for account in endpoint.accounts]
                stop_all(urls, processes=processes)
                figures = endpoint.figures()
                seconds = (figures.last_stop_at or 0) - (figures.first_call_at or 0)
                _print(f"custodian, {processes} at once", seconds, figures, "-")


def _print(name: str, seconds: float, figures: Figures, succeeded: str) -> None:
    calls = sum(figures.calls.values())
    throttled = sum(figures.throttled.values())
    rate = calls * 1000 / figures.stopped if figures.stopped else 0
    print(f"{name:24}{seconds:9.1f}s{figures.stopped:9}{calls:8}{rate:11.1f}{throttled:11}{succeeded:>11}")
    print(f"{'':24}{dict(figures.calls)}")


if __name__ == "__main__":
    main()
