"""`duetime accounts harvest`: reads what is in accounts into the inventory."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.output import error_line, line, table
from duetime.cli.plain import emit
from duetime.cli.waiting import progress
from duetime.core.errors import Invalid, UnknownName, nearest

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from duetime.app.app import App
    from duetime.core.resources import Account
    from duetime.providers.harvest_options import HarvestOptions
    from duetime.providers.harvest_report import AccountHarvest


def harvest(  # noqa: PLR0917 - one parameter per option
    accounts: Annotated[list[str] | None, typer.Argument(metavar="[ID...]", help="Which; all of them if none.")] = None,
    types: Annotated[
        list[str] | None, typer.Option("--type", help="Read only this type of resource; may be repeated.")
    ] = None,
    threads: Annotated[
        int, typer.Option("--threads", min=1, max=64, help="How many regions and types are read at once.")
    ] = 8,
    resume: Annotated[
        bool, typer.Option("--resume", help="Read only what an earlier harvest began and did not complete.")
    ] = False,
    triggers_on_first: Annotated[
        bool,
        typer.Option("--triggers-on-first", help="Let what a first harvest finds trigger bots, as if it were new."),
    ] = False,
    as_event: Annotated[
        bool, typer.Option("--event", help="Let a worker do it: schedule an event for each account.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read accounts now, in this process, or let a worker do it.

    An account that fails keeps nobody from the others; then the exit code is 6.
    """
    from duetime.cli.opening import actor, opened
    from duetime.providers.harvest_options import PATIENCE, HarvestOptions

    options = HarvestOptions(
        resource_types=tuple(types or ()),
        threads=threads,
        only_open=resume,
        triggers_on_first=triggers_on_first,
        patience=PATIENCE,
        actor=actor(),
    )
    if resume and as_event:
        message = "--resume is for a harvest in this process; an event that is tried again goes on by itself."
        raise Invalid(message)
    # With plugins: their filters say which pending events are still wanted, and their handlers hear of changes.
    with opened(plugins=not as_event) as duetime:
        with duetime.store.read() as tx:
            chosen = [tx.accounts.get(account) for account in accounts] if accounts else tx.accounts.all()
        _check_types(duetime, chosen, options.resource_types)
        if as_event:
            _schedule(duetime, chosen, options=options, as_json=as_json)
            return
        with progress(wanted=not as_json) as bars:
            harvests = harvest_all(duetime, chosen, options=options, bars=bars)
    if as_json:
        parts = [part for each in harvests for part in each.parts]
        failures = {each.account: "; ".join(each.problems) for each in harvests if each.problems}
        emit({"harvested": parts, "failures": failures, "accounts": harvests})
    else:
        _show(harvests)
    if any(each.problems for each in harvests):
        raise typer.Exit(ExitCode.ATTENTION)


def harvest_all(
    app: "App", accounts: "Sequence[Account]", *, options: "HarvestOptions", bars: "Progress | None"
) -> "list[AccountHarvest]":
    """Harvest accounts, all at once; return how each ended."""
    from duetime.builtin.harvest import listeners_of
    from duetime.providers.harvest import harvest_accounts

    return harvest_accounts(
        accounts,
        store=app.store,
        cloud=app.clouds,
        options=options,
        listeners=listeners_of(app.client),
        watcher=None if bars is None else _Bars(bars, accounts),
    )


class _Bars:
    """A bar for each account: its regions and types, and the resources seen so far."""

    def __init__(self, bars: "Progress", accounts: "Sequence[Account]") -> None:
        self._bars = bars
        self._names = {account.account: f"{account.account} {account.name}".strip() for account in accounts}
        self._tasks: dict[str, TaskID] = {}
        self._seen: dict[str, int] = {}

    def planned(self, account: str, parts: int) -> None:
        self._tasks[account] = self._bars.add_task(self._names[account], total=parts, note="")

    def read(self, account: str, resources: int) -> None:
        self._seen[account] = self._seen.get(account, 0) + resources
        self._update(account, note=f"{self._seen[account]} resources")

    def part_ended(self, account: str) -> None:
        self._update(account, advance=1)

    def ended(self, harvest: "AccountHarvest") -> None:
        if harvest.problems:
            self._update(harvest.account, note="failed")

    def _update(self, account: str, **changes: Any) -> None:
        if account in self._tasks:
            self._bars.update(self._tasks[account], **changes)


def _show(harvests: "Sequence[AccountHarvest]") -> None:
    parts = [part for each in harvests for part in each.parts if part.seen or part.gone]
    table(
        ["account", "region", "type", "seen", "new", "changed", "tags", "gone"],
        (
            (
                *(part.account, part.region, part.resource_type),
                *(part.seen, part.created, part.changed, part.tags_changed, part.gone),
            )
            for part in parts
        ),
        numbers=["seen", "new", "changed", "tags", "gone"],
        empty="Nothing was found.",
    )
    for each in harvests:
        if each.skipped:
            line(f"Account {each.account}: {each.skipped} parts had been read to their end already.")
        if each.overtaken:
            line(f"Account {each.account}: another harvest has taken {each.overtaken} parts over.")
        if each.not_permitted:
            line(f"Account {each.account} does not let its role read {', '.join(each.not_permitted)}.")
        if each.problems:
            error_line(f"Account {each.account} failed: {'; '.join(each.problems)}")
        if each.status.value == "invalid":
            error_line(f"Account {each.account} is invalid: its bots and events wait until a harvest succeeds.")


def _check_types(app: "App", accounts: "Sequence[Account]", resource_types: Sequence[str]) -> None:
    """Refuse types that no chosen account's cloud can list.

    Raises:
        UnknownName: there is one.
    """
    if not resource_types:
        return
    known = {name for account in accounts for name in app.clouds.resource_types(account=account.account)}
    for resource_type in resource_types:
        if known and resource_type not in known:
            raise UnknownName("resource type", resource_type, near=nearest(resource_type, known))


def _schedule(app: "App", accounts: "Sequence[Account]", *, options: "HarvestOptions", as_json: bool) -> None:
    from duetime.builtin.harvest import HARVEST
    from duetime.providers.harvest_options import THREADS

    args: dict[str, Any] = {}
    if options.resource_types:
        args["resource_types"] = list(options.resource_types)
    if options.threads != THREADS:
        args["threads"] = options.threads
    if options.triggers_on_first:
        args["triggers_on_first"] = True
    events = [
        app.client.schedule(
            HARVEST,
            app.client.now(),
            args={"account": account.account, **args},
            description=f"Harvest account {account.account}",
            actor=options.actor,
        )
        for account in accounts
    ]
    if as_json:
        emit(events)
        return
    for event in events:
        line(f"{event.description} is scheduled as event {event.event_id}.")
