"""`duetime bots validate`, `export` and `import`: bots as documents, outside of the database."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from duetime.cli.bot_examination import examine, opened_if_there
from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.output import error_line, line
from duetime.cli.plain import emit
from duetime.core.errors import InvalidDocument

Files = Annotated[list[Path], typer.Argument(metavar="FILE...", help="YAML or JSON files; - reads standard input.")]


def validate(
    files: Files,
    allow_unknown: Annotated[
        bool, typer.Option("--allow-unknown", help="Accept filters, actions and event types that nobody has loaded.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Say everything that is wrong with the bots of some files, with line and column. Nothing is changed.

    What scopes name and nothing knows is a warning. Without a database, the inventory is not asked. Exits with 2 when
    something is wrong; warnings alone exit with 0.
    """
    from duetime.app.bot_examination import check, known_places, warnings_about

    examined = examine(files)
    with opened_if_there() as (app, is_there):
        check(app, examined, allow_unknown=allow_unknown)
        known = known_places(app) if is_there else None
    warnings = [] if known is None else warnings_about(examined, known)
    bots = sorted({bot.definition.name for each in examined for bot in each.bots} - {""})
    problems = [problem for each in examined for problem in each.complaints.in_order()]
    remarks = [remark for each in examined for remark in each.remarks]
    if known is None:
        remarks.append("There is no database, so what scopes name was not looked up.")
    elif not known.accounts:
        remarks.append("No account is registered, so accounts, regions and badges were not looked up.")
    if as_json:
        said = [_facts("error", each) for each in problems] + [_facts("warning", each) for each in warnings]
        emit({"valid": not problems, "bots": bots, "problems": said, "remarks": remarks})
    else:
        for problem in problems:
            line(f"{problem}")
        for warning in warnings:
            line(f"Warning: {warning}")
        for remark in remarks:
            line(f"Note: {remark}")
        line(f"{_count(len(bots), 'bot')}: {_count(len(problems), 'error')}, {_count(len(warnings), 'warning')}.")
    if problems:
        raise typer.Exit(ExitCode.INVALID)


def _show_policies(files: list[Path], *, as_json: bool) -> None:
    from duetime.bots.complaints import Complaints
    from duetime.bots.definition import to_document
    from duetime.bots.document import text_of
    from duetime.bots.yaml_nodes import read_yaml
    from duetime.bots.yaml_writing import write_yaml
    from duetime.custodian.documents import read_policies

    documents = []
    for path in files:
        text = sys.stdin.read() if str(path) == "-" else text_of(path)
        complaints = Complaints()
        nodes = read_yaml(text, source=str(path), complaints=complaints)
        complaints.raise_first()
        documents += [to_document(bot) for node in nodes for bot in read_policies(node.plain())]
    if as_json:
        emit({"bots": documents})
    else:
        sys.stdout.write(write_yaml(documents))


def export(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME...]", help="These bots; default: all.")] = None,
    older: Annotated[bool, typer.Option("--older", help="Write the older bot JSON, with `instructions`.")] = False,
    lossy: Annotated[
        bool, typer.Option("--lossy", help="With --older: leave out what that form has no words for, and say so.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Write bots as a YAML document, or as the older bot JSON. What it writes can be applied or imported again."""
    from duetime.bots.definition import to_document
    from duetime.bots.older_writing import older_document
    from duetime.bots.yaml_writing import write_yaml
    from duetime.cli.opening import opened

    if lossy and not older:
        message = "--lossy belongs to --older; YAML says everything."
        raise typer.BadParameter(message)
    with opened() as duetime, duetime.store.read() as tx:
        bots = [tx.bots.by_name(name) for name in names] if names else tx.bots.all()
    if not older:
        documents = [to_document(bot.definition) for bot in bots]
        if as_json:
            emit({"bots": documents})
        else:
            sys.stdout.write(write_yaml(documents) if documents else "")
        return
    written = [older_document(bot.definition, lossy=lossy) for bot in bots]
    for bot, (_, left_out) in zip(bots, written, strict=True):
        if left_out:
            error_line(f"Bot {bot.name}: left out: {'; '.join(left_out)}.")
    bodies: list[Any] = [document for document, _ in written]
    emit(bodies[0] if len(bodies) == 1 else bodies)


def import_(
    files: Files,
    show: Annotated[bool, typer.Option("--show", help="Write the bots as YAML and change nothing.")] = False,
    custodian: Annotated[
        bool, typer.Option("--custodian", help="The files hold policies of Cloud Custodian; write them as bots.")
    ] = False,
    allow_unknown: Annotated[
        bool, typer.Option("--allow-unknown", help="Accept filters, actions and event types that nobody has loaded.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Apply the bots of some files, which may be in the older bot JSON too. Nothing is changed when one is wrong.

    What the older form says and a bot here does not is refused by name, or told when it says nothing of the bot itself.
    Custodian's policies are only shown: when such a bot runs is yours to add before you apply it.
    """
    if custodian:
        _show_policies(files, as_json=as_json)
        return
    from duetime.app.bot_examination import check
    from duetime.bots.definition import to_document
    from duetime.bots.lifecycle import apply_bot
    from duetime.bots.yaml_writing import write_yaml
    from duetime.cli.opening import actor, opened

    examined = examine(files)
    for each in examined:
        each.complaints.raise_first()
        for remark in each.remarks:
            error_line(f"Note: {remark}")
    bots = [bot for each in examined for bot in each.bots]
    if show:
        documents = [to_document(bot.definition) for bot in bots]
        if as_json:
            emit({"bots": documents})
        else:
            sys.stdout.write(write_yaml(documents))
        return
    with opened(plugins=True) as duetime:
        check(duetime, examined, allow_unknown=allow_unknown)
        for each in examined:
            each.complaints.raise_first()
        applied = [apply_bot(duetime.client, bot.definition, actor=actor()) for bot in bots]
    if as_json:
        emit([{"name": each.bot.name, "version": each.bot.version, "is_new": each.is_new} for each in applied])
        return
    for each_applied in applied:
        what = "new" if each_applied.is_new else "changed" if each_applied.is_changed else "unchanged"
        line(f"{each_applied.bot.name}: {what}, version {each_applied.bot.version}.")


def _facts(severity: str, problem: InvalidDocument) -> dict[str, Any]:
    return {
        "severity": severity,
        "source": problem.source,
        "line": problem.line,
        "column": problem.column,
        "problem": problem.problem,
    }


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
