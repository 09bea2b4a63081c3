"""`duetime accounts harvest`: reads what is in accounts into the inventory."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.output import error_line, line, table
from duetime.cli.plain import emit
from duetime.cli.waiting import progress
from duetime.core.errors import DuetimeError

if TYPE_CHECKING:
    from rich.progress import Progress

    from duetime.app.app import App
    from duetime.core.resources import Account
    from duetime.providers.harvest import Harvested

RESOURCE_TYPES = ("instance",)


def harvest(
    accounts: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Which; all of them if none.")] = None,
    types: Annotated[list[str] | None, typer.Option("--type", help="What to read; may be repeated.")] = None,
    as_event: Annotated[
        bool, typer.Option("--event", help="Let a worker do it: schedule an event for each account.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read accounts now, in this process, or let a worker do it.

    An account that fails keeps nobody from the others; then the exit code is 6.
    """
    from duetime.cli.opening import opened

    resource_types = tuple(types or RESOURCE_TYPES)
    with opened() as duetime:
        with duetime.store.read() as tx:
            chosen = [tx.accounts.get(account) for account in accounts] if accounts else tx.accounts.all()
        if as_event:
            _schedule(duetime, chosen, resource_types=resource_types, as_json=as_json)
            return
        with progress(wanted=not as_json) as bars:
            harvested, failures = harvest_all(duetime, chosen, resource_types=resource_types, bars=bars)
    if as_json:
        emit({"harvested": harvested, "failures": failures})
    else:
        _show(harvested)
        for account, problem in failures.items():
            error_line(f"Account {account} failed: {problem}")
    if failures:
        raise typer.Exit(ExitCode.ATTENTION)


def harvest_all(
    app: "App", accounts: "list[Account]", *, resource_types: tuple[str, ...], bars: "Progress | None"
) -> "tuple[list[Harvested], dict[str, str]]":
    """Harvest one account after the other; return what was found, and what went wrong by account."""
    from duetime.providers.harvest import harvest_account

    harvested: list[Harvested] = []
    failures: dict[str, str] = {}
    for account in accounts:
        bar = _Bar(bars, account, parts=len(account.regions) * len(resource_types))
        try:
            harvested += harvest_account(
                account,
                store=app.store,
                cloud=app.clouds,
                resource_types=resource_types,
                progress=bar.page,
                part_done=bar.part,
            )
        except DuetimeError as error:
            failures[account.account] = str(error)
        bar.end(failed=account.account in failures)
    return harvested, failures


class _Bar:
    """The progress of one account: its regions, and the resources seen so far."""

    def __init__(self, bars: "Progress | None", account: "Account", *, parts: int) -> None:
        self._bars = bars
        self._seen = 0
        label = f"{account.account} {account.name}".strip()
        self._task = None if bars is None else bars.add_task(label, total=parts, note="")

    def page(self, resources: int) -> None:
        self._seen += resources
        self._update(note=f"{self._seen} resources")

    def part(self, _harvested: "Harvested") -> None:
        self._update(advance=1)

    def end(self, *, failed: bool) -> None:
        if failed:
            self._update(note="failed")

    def _update(self, **changes: Any) -> None:
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, **changes)


def _show(harvested: "list[Harvested]") -> None:
    table(
        ["account", "region", "type", "seen", "gone"],
        ((part.account, part.region, part.resource_type, part.seen, part.gone) for part in harvested),
        numbers=["seen", "gone"],
        empty="Nothing was harvested.",
    )


def _schedule(app: "App", accounts: "list[Account]", *, resource_types: tuple[str, ...], as_json: bool) -> None:
    from duetime.builtin.harvest import HARVEST
    from duetime.cli.opening import actor

    events = [
        app.client.schedule(
            HARVEST,
            app.client.now(),
            args={"account": account.account, "resource_types": list(resource_types)},
            description=f"Harvest account {account.account}",
            actor=actor(),
        )
        for account in accounts
    ]
    if as_json:
        emit(events)
        return
    for event in events:
        line(f"{event.description} is scheduled as event {event.event_id}.")
