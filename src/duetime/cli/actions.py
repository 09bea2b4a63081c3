"""`duetime actions`: what bots can do about what they find."""

from typing import Annotated

import typer

from duetime.cli.options import Json
from duetime.cli.registered import Registered, show

app = typer.Typer(help="See the actions that bots may use.", no_args_is_help=True)


@app.command("list")
def list_actions(
    uid: Annotated[str | None, typer.Argument(metavar="[UID]", help="Only this one.")] = None,
    as_json: Json = False,
) -> None:
    """List the actions: what each does, its settings with their types, and who brings it."""
    from duetime.cli.opening import opened

    with opened(plugins=True) as duetime:
        entries = duetime.registries.actions.entries()
    items = [
        Registered(
            uid=entry.name,
            plugin=entry.owner,
            name=entry.item.name,
            description=entry.item.description,
            supported_resources=entry.item.supported_resources,
            settings=entry.item.settings_config,
        )
        for entry in entries
    ]
    show(items, kind="action", about="what it does, and its settings", uid=uid, as_json=as_json)
