"""`duetime audit`: who changed what, and whether the trail that says so is whole."""

import re
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json, Limit
from duetime.cli.output import error_line, instant, line, table
from duetime.cli.plain import emit

if TYPE_CHECKING:
    from duetime.store.audit_query import AuditQuery
    from duetime.store.audit_table import AuditEntry
    from duetime.store.store import Transaction

_HEAD = re.compile(r"[0-9a-f]{64}")

app = typer.Typer(help="See who changed what, and prove that nobody changed the trail.", no_args_is_help=True)


@app.command("list")
def list_entries(
    *,
    actor: Annotated[str | None, typer.Option("--actor", help="Only changes by this actor, such as cli:ada.")] = None,
    verb: Annotated[str | None, typer.Option("--verb", help="Only this verb, such as event.cancel.")] = None,
    subject: Annotated[
        str | None, typer.Option("--subject", help="Only changes to this, such as event:17 or bot:3.")
    ] = None,
    text: Annotated[str | None, typer.Option("--text", help="Only entries with this in one of their texts.")] = None,
    since: Annotated[str | None, typer.Option("--since", metavar="SPAN", help="Only the last 24h, 7d.")] = None,
    limit: Limit = 50,
    before: Annotated[
        int | None, typer.Option("--before", metavar="ID", help="Only entries before this one: the next page.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the entries of the audit trail, the newest first."""
    from duetime.cli.opening import opened
    from duetime.cli.when import read_span
    from duetime.store.audit_query import AuditQuery

    with opened() as duetime, duetime.store.read() as tx:
        query = AuditQuery(
            actor=actor,
            verb=verb,
            subject=subject,
            text=text,
            since=None if since is None else tx.now - read_span(since, option="--since"),
            after_id=before,
            most=limit + 1,
        )
        found = _find(tx, query)
    shown = found[:limit]
    if as_json:
        emit(shown)
        return
    table(
        ["id!", "when!", "who", "did", "to", "why"],
        ((each.audit_id, instant(each.at), each.actor, each.verb, each.subject, each.reason) for each in shown),
        numbers=["id"],
        empty="There are no such entries.",
    )
    if len(found) > limit:
        error_line(f"There are more: add --before {shown[-1].audit_id}.")


def _find(tx: "Transaction", query: "AuditQuery") -> "list[AuditEntry]":
    """Return as many entries as are asked for; a page may stop before it has found them."""
    from dataclasses import replace

    found: list[AuditEntry] = []
    while True:
        page = tx.audit.page(replace(query, most=query.most - len(found)))
        found += page.rows
        if page.next is None or len(found) >= query.most:
            return found
        query = replace(query, after_id=page.next)


@app.command()
def verify(
    head: Annotated[
        str | None, typer.Option("--head", metavar="HASH", help="A head that was noted earlier; it must be there.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Follow the chain of hashes and name the first entry that was changed or removed.

    Whoever can write the database can write the whole trail anew. So note the head elsewhere from time to time, and
    give it with --head. Exits with 6 when an entry does not fit.
    """
    from duetime.cli.opening import opened

    noted = None if head is None else _read_head(head)
    with opened() as duetime, duetime.store.read() as tx:
        report = tx.audit.verify(head=noted)
    if as_json:
        emit(report)
    elif report.broken is not None:
        line(report.broken.problem)
        line(f"{_fit(report.entries)} before that.")
    else:
        line(f"{_fit(report.entries)}; nothing was changed or removed in between. Note the head elsewhere:")
        line(report.head)
    if report.broken is not None:
        raise typer.Exit(ExitCode.ATTENTION)


def _fit(entries: int) -> str:
    return "1 entry fits" if entries == 1 else f"{entries:,} entries fit"


def _read_head(text: str) -> str:
    from duetime.core.errors import Invalid

    head = text.strip().lower()
    if _HEAD.fullmatch(head) is None:
        message = f"--head takes the 64 hexadecimal digits that `duetime audit verify` printed, not {text!r}."
        raise Invalid(message)
    return head
