"""`duetime bots versions`, `compare` and `activate`."""

import json
import sys
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Annotated, Any

import typer

from duetime.cli.bot_apply import CHOICES, PENDING_OPTION, pending_in_words, read_choice
from duetime.cli.consent import Yes, ask_consent, events_in_words
from duetime.cli.options import Json
from duetime.cli.output import instant, line, printable, table
from duetime.cli.plain import emit, plain

Name = Annotated[str, typer.Argument(metavar="NAME", help="The bot's name.")]
Version = Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The version's number.")]


def versions(name: Name, as_json: Json = False) -> None:
    """List the versions of a bot, newest first: when each was made, by whom, and what it changed."""
    from duetime.bots.versions import compare
    from duetime.cli.opening import opened

    with opened() as duetime, duetime.store.read() as tx:
        active = tx.bots.by_name(name).version
        found = tx.bots.versions(name)
    previous = {later.version: earlier for earlier, later in pairwise(found)}
    changed = {
        each.version: [part.path for part in compare(previous[each.version].definition, each.definition)]
        for each in found
        if each.version in previous
    }
    if as_json:
        emit(
            [
                plain(each, active=each.version == active, changed=changed.get(each.version, []))
                for each in reversed(found)
            ]
        )
        return
    table(
        ["version", "made!", "by", "changed"],
        (
            (
                f"{each.version} (active)" if each.version == active else str(each.version),
                instant(each.created_at),
                each.created_by,
                _changed(each.version, changed),
            )
            for each in reversed(found)
        ),
        empty="There is no version.",
    )


def compare(
    name: Name,
    before: Annotated[int, typer.Argument(metavar="VERSION", min=1, help="The earlier version.")],
    after: Annotated[
        int | None, typer.Argument(metavar="[VERSION]", min=1, help="The later version; default: the active one.")
    ] = None,
    as_diff: Annotated[bool, typer.Option("--diff", help="Show the YAML texts as a unified diff.")] = False,
    as_json: Json = False,
) -> None:
    """Say what differs between two versions of a bot, key by key or as a diff."""
    from duetime.bots.versions import compare as differences_of
    from duetime.bots.versions import compare_text
    from duetime.cli.opening import opened

    with opened() as duetime, duetime.store.read() as tx:
        old = tx.bots.version(name, before)
        new = tx.bots.version(name, tx.bots.by_name(name).version if after is None else after)
    names = (f"{name}, version {old.version}", f"{name}, version {new.version}")
    differences = differences_of(old.definition, new.definition)
    if as_json:
        emit({"name": name, "before": old.version, "after": new.version, "differences": list(differences)})
    elif not differences:
        line(f"Versions {old.version} and {new.version} of bot {name} are the same.")
    elif as_diff:
        sys.stdout.write(printable(compare_text(old.definition, new.definition, names=names)))
    else:
        table(
            ["part", f"version {old.version}", f"version {new.version}"],
            ((part.path, _said(part.before), _said(part.after)) for part in differences),
            empty="",
        )


def activate(
    name: Name,
    version: Version,
    pending: Annotated[str, PENDING_OPTION] = "keep",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Make an earlier version of a bot the active one again, as a new version."""
    from duetime.bots.lifecycle import preview_apply
    from duetime.bots.versions import activate_version
    from duetime.cli.opening import actor, opened

    choice = read_choice(pending, choices=CHOICES)
    with opened(plugins=True) as duetime:
        with duetime.store.read() as tx:
            found = tx.bots.version(name, version)
        preview = preview_apply(duetime.client, found.definition, pending=choice)
        if preview is not None and preview.cancelled:
            what = f"This would cancel {events_in_words(preview.cancelled)} of {name}."
            ask_consent(what, instead="leave --pending out to keep them", yes=yes)
        applied = activate_version(duetime.client, name, version, pending=choice, actor=actor())
    if as_json:
        emit(plain(applied.bot, is_changed=applied.is_changed, pending=applied.pending))
    elif applied.is_changed:
        line(f"{name}: version {applied.bot.version} says what version {version} said{pending_in_words(applied)}.")
    else:
        line(f"{name}: unchanged, version {applied.bot.version} says what version {version} said.")


def _changed(version: int, changed: Mapping[int, Sequence[str]]) -> str:
    if version in changed:
        return ", ".join(changed[version])
    return "everything" if version == 1 else "not known: made before versions were kept"


def _said(value: Any) -> str:
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
