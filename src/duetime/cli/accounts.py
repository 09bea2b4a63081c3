"""`duetime accounts`: the clouds that are read."""

from typing import Annotated, Any

import typer

from duetime.cli import account_harvest
from duetime.cli.options import Json
from duetime.cli.output import instant, line, table
from duetime.cli.plain import emit, plain
from duetime.core.errors import Invalid

app = typer.Typer(help="Add cloud accounts and read what is in them.", no_args_is_help=True)
app.command("harvest")(account_harvest.harvest)

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
    endpoint_url: Annotated[
        str | None, typer.Option("--endpoint-url", help="Where the cloud answers, if not where it usually does.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--setting", metavar="KEY=VALUE", help="Any other setting of the provider.")
    ] = None,
    every: Annotated[
        str, typer.Option("--every", metavar="SPAN", help="How often workers harvest it; 0s for never.")
    ] = "1h",
    as_json: Json = False,
) -> None:
    """Add an account, or change what is known of it. No call to the cloud is made."""
    from duetime.app.standing import plant_harvest
    from duetime.cli.opening import actor, opened
    from duetime.cli.when import read_span
    from duetime.core.resources import Account

    interval = read_span(every if every != "0" else "0s", option="--every")
    given = {"profile": profile, "role_arn": role_arn, "endpoint_url": endpoint_url}
    added = Account(
        account,
        provider=provider,
        name=name,
        regions=tuple(dict.fromkeys(regions or ())),
        settings={key: value for key, value in given.items() if value is not None} | _settings(settings or ()),
    )
    if not added.regions:
        message = "An account needs at least one --region, such as --region eu-central-1."
        raise Invalid(message)
    with opened() as duetime:
        duetime.clouds.check(added)
        with duetime.store.write() as tx:
            tx.accounts.save(added)
            tx.audit.add(actor=actor(), verb="account.save", subject=f"account:{account}", after=plain(added))
            saved = tx.accounts.get(account)
        event = plant_harvest(duetime.client, account, every=interval, actor=actor())
    if as_json:
        emit(saved, harvest_event=event)
        return
    line(f"Account {account} is known: {provider}, {', '.join(added.regions)}.")
    if event is None:
        line(f"Workers do not harvest it. Do it yourself: `duetime accounts harvest {account}`.")
    else:
        line(
            f"Workers harvest it {event.schedule.describe()}, next at {instant(event.due_at)} (event {event.event_id})."
        )
        line(f"Harvest it now with `duetime accounts harvest {account}`.")


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
    """List the accounts, and how their last harvests went."""
    from duetime.cli.opening import opened

    with opened() as duetime, duetime.store.read() as tx:
        found = tx.accounts.all()
    if as_json:
        emit(found)
        return
    table(
        ["account", "name", "provider", "regions", "harvested!", "trouble"],
        (
            (
                account.account,
                account.name,
                account.provider,
                ", ".join(account.regions),
                instant(account.harvested_at),
                f"{account.failures} times: {account.last_error}" if account.failures else "",
            )
            for account in found
        ),
        empty="There is no account. `duetime accounts add` makes one.",
    )
