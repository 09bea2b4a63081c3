"""`duetime filters`: what bots can ask of resources."""

from typing import Annotated

import typer

from duetime.cli.options import Json
from duetime.cli.registered import Registered, show

app = typer.Typer(help="See the filters that bots may use.", no_args_is_help=True)


@app.command("list")
def list_filters(
    uid: Annotated[str | None, typer.Argument(metavar="[UID]", help="Only this one.")] = None,
    as_json: Json = False,
) -> None:
    """List the filters: what each asks of a resource, its settings with their types, and who brings it."""
    from duetime.cli.opening import opened

    with opened(plugins=True) as duetime:
        entries = duetime.registries.filters.entries()
    items = [
        Registered(
            uid=entry.name,
            plugin=entry.owner,
            name=entry.item.name,
            description=entry.item.description,
            supported_resources=entry.item.supported_resources,
            settings=entry.item.fields,
        )
        for entry in entries
    ]
    show(items, kind="filter", about="what it asks, and its settings", uid=uid, as_json=as_json)
