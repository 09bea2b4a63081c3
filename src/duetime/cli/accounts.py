"""`duetime accounts`: the clouds that are read."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from duetime.cli import account_badges, account_harvest, account_removal
from duetime.cli.options import Json
from duetime.cli.output import instant, line, status, table
from duetime.cli.plain import emit
from duetime.core.errors import Invalid

if TYPE_CHECKING:
    from duetime.core.events import Event
    from duetime.core.resources import Account

app = typer.Typer(help="Add cloud accounts and read what is in them.", no_args_is_help=True)
app.command("harvest")(account_harvest.harvest)
app.command("badge")(account_badges.badge)
app.command("remove")(account_removal.remove)

_WORDS = {"true": True, "false": False}


@app.command()
def add(
    account: Annotated[str, typer.Argument(metavar="ID", help="The account's id, as it stands in resource ids.")],
    *,
    provider: Annotated[str, typer.Option("--provider", help="Who reads it.")] = "aws",
    regions: Annotated[
        list[str] | None, typer.Option("--region", help="A region to harvest; repeat it for several.")
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What people call it.")] = "",
    profile: Annotated[
        str | None, typer.Option("--profile", help="The profile of your AWS configuration to use.")
    ] = None,
    role_arn: Annotated[str | None, typer.Option("--role-arn", help="A role to take on with it.")] = None,
    external_id: Annotated[
        str | None, typer.Option("--external-id", help="What the trust policy of that role asks for.")
    ] = None,
    endpoint_url: Annotated[
        str | None, typer.Option("--endpoint-url", help="Where the cloud answers, if not where it usually does.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--setting", metavar="KEY=VALUE", help="Any other setting of the provider.")
    ] = None,
    badges: Annotated[
        list[str] | None,
        typer.Option("--badge", metavar="KEY:VALUE", help="A label that bots' scopes may ask for; may be repeated."),
    ] = None,
    every: Annotated[
        str, typer.Option("--every", metavar="SPAN", help="How often workers harvest it; 0s for never.")
    ] = "1h",
    as_json: Json = False,
) -> None:
    """Add an account, or change what is known of it. No call to the cloud is made."""
    from duetime.app.account_changes import save_account
    from duetime.cli.opening import actor, opened
    from duetime.cli.when import read_span
    from duetime.core.resources import Account

    interval = read_span(every if every != "0" else "0s", option="--every")
    given = {"profile": profile, "role_arn": role_arn, "external_id": external_id, "endpoint_url": endpoint_url}
    added = Account(
        account,
        provider=provider,
        name=name,
        regions=_regions(regions or ()),
        settings={key: value for key, value in given.items() if value is not None} | _settings(settings or ()),
    )
    with opened() as duetime:
        saved, event = save_account(
            duetime, added, badges=account_badges.read_badges(badges or ()), every=interval, actor=actor()
        )
    if as_json:
        emit(saved, harvest_event=event)
        return
    _say_added(saved, event)


def _regions(given: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    if not given:
        message = "An account needs at least one --region, such as --region eu-central-1."
        raise Invalid(message)
    return tuple(dict.fromkeys(given))


def _say_added(account: "Account", event: "Event | None") -> None:
    """Say what is known now, and who harvests it."""
    name = account.account
    line(f"Account {name} is known: {account.provider}, {', '.join(account.regions)}.")
    if event is None:
        line(f"Workers do not harvest it. Do it yourself: `duetime accounts harvest {name}`.")
        return
    line(f"Workers harvest it {event.schedule.describe()}, next at {instant(event.due_at)} (event {event.event_id}).")
    line(f"Harvest it now with `duetime accounts harvest {name}`.")


def _settings(written: "list[str] | tuple[str, ...]") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for each in written:
        key, is_pair, value = each.partition("=")
        if not key or not is_pair:
            message = f"--setting takes KEY=VALUE, such as external_id=ours, not {each!r}."
            raise Invalid(message)
        found[key] = _WORDS.get(value, value)
    return found


@app.command("list")
def list_accounts(as_json: Json = False) -> None:
    """List the accounts, whether their credentials serve, and how their last harvests went."""
    from duetime.cli.opening import opened

    with opened() as duetime, duetime.store.read() as tx:
        found = tx.accounts.all()
    if as_json:
        emit(found)
        return
    table(
        ["account", "name", "badges", "provider", "regions", "status", "harvested!", "trouble"],
        (
            (
                account.account,
                account.name,
                account_badges.in_words(account.badges),
                account.provider,
                ", ".join(account.regions),
                status(account.status),
                instant(account.harvested_at),
                f"{account.failures} times: {account.last_error}" if account.failures else "",
            )
            for account in found
        ),
        empty="There is no account. `duetime accounts add` makes one.",
    )
