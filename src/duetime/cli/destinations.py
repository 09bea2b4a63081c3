"""`duetime destinations`: where messages go, and whether they arrive."""

from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.options import Json
from duetime.cli.output import line, table
from duetime.cli.plain import emit

if TYPE_CHECKING:
    from duetime.core.destinations import WebhookDestination

app = typer.Typer(help="See where messages go, and try it.", no_args_is_help=True)

SUBJECT = "A test message of duetime"
BODY = "This destination works. Nothing has happened, and nothing needs to be done."


@app.command("list")
def list_destinations(as_json: Json = False) -> None:
    """List the destinations of the settings, without anything secret."""
    from duetime.app.settings import read_settings

    found = read_settings().destinations.all
    if as_json:
        emit([{"name": each.name, "kind": each.kind, "where": each.shown} for each in found])
        return
    table(
        ["destination!", "kind!", "where"],
        ([each.name, each.kind, each.shown] for each in found),
        empty="There is no destination. Name some in the settings, under [destinations.NAME].",
    )


@app.command("test")
def try_it(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The destination's name.")], as_json: Json = False
) -> None:
    """Send a test message to a destination from here, with the settings of here."""
    from duetime.app.settings import read_settings
    from duetime.builtin.apprise_sender import send_notice
    from duetime.core.destinations import NoticeDestination

    found = read_settings().destinations.get(name)
    if isinstance(found, NoticeDestination):
        count = send_notice(found, subject=SUBJECT, body=BODY)
        said = f"Sent to {count} {'address' if count == 1 else 'addresses'} of {name}."
    else:
        said = f"Sent to {name}, which answered {_posted(found)}."
    if as_json:
        emit({"name": name, "sent": True})
        return
    line(said)


def _posted(target: "WebhookDestination") -> int:
    """Post a test document; return the status.

    Raises:
        Unavailable: it did not answer with a success.
    """
    import json
    from datetime import UTC, datetime
    from uuid import uuid4

    from duetime.builtin.webhook import outcome_of, send
    from duetime.core.errors import Unavailable
    from duetime.core.outcomes import Failed, Snoozed

    now = datetime.now(UTC)
    body = json.dumps({"test": True, "message": BODY}).encode()
    reply = send(target, body, key=f"test-{uuid4()}", now=now)
    match outcome_of(target, reply, now=now):
        case Failed(error) | Snoozed(_, error):
            message = f"The test did not arrive: {error}."
            raise Unavailable(message)
        case _:
            return reply.status
