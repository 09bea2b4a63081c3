"""`/bots/{name}/versions`: what each version changed, what differs between two, and making an earlier one active."""

import json
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Annotated

from fastapi import APIRouter, Form, Path, Query, Request
from starlette.responses import RedirectResponse, Response

from duetime.bots.pending import PendingEvents
from duetime.bots.versions import Difference, compare, compare_text
from duetime.core.access import Feature, Role
from duetime.core.bots import BotVersion
from duetime.core.json_types import JsonValue
from duetime.core.sanitising import redact
from duetime.web import bot_steering as steering
from duetime.web.bot_outlook import preview_activating
from duetime.web.bot_reach import version_for, versions_for
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.bot_head import BotHead, BotName, bot_head
from duetime.web.pages.bot_verbs import PendingChoice
from duetime.web.pages.paths import bot_path, with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.parameters import OrEmpty
from duetime.web.ports import CurrentApp

router = APIRouter(include_in_schema=False)
_LARGEST = 2**31 - 1
_Number = Annotated[int | None, OrEmpty, Query(ge=1, le=_LARGEST)]
_InPath = Annotated[int, Path(ge=1, le=_LARGEST)]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version.

    Attributes:
        changed: the parts that it changed; None = it is the first that the visitor sees.
        is_active: whether it holds now.
        activate_path: where it is made active again; None = the visitor may not, or it is.
    """

    version: BotVersion
    changed: tuple[str, ...] | None
    is_active: bool
    activate_path: str | None


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """One part that is not the same in two versions; None = nothing stands there."""

    path: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two versions.

    Attributes:
        diff: the same as a unified diff of the YAML texts; empty when they are equal.
    """

    before: int
    after: int
    differences: tuple[ShownDifference, ...]
    diff: str

    @classmethod
    def of(cls, before: BotVersion, after: BotVersion, *, masked: bool) -> "Comparison":
        """Compare two versions; with `masked`, what looks like a secret is blacked out."""
        names = (f"version {before.version}", f"version {after.version}")
        diff = compare_text(before.definition, after.definition, names=names)
        found = compare(before.definition, after.definition)
        return cls(
            before.version,
            after.version,
            tuple(_shown(each, masked=masked) for each in found),
            redact(diff) if masked else diff,
        )


@dataclass(frozen=True, slots=True)
class BotVersionsPage(PageContext):
    """The versions of a bot, the newest first, and what differs between two of them."""

    template = "bot_versions.html"
    head: BotHead
    rows: tuple[VersionRow, ...]
    comparison: Comparison | None
    now: datetime


@dataclass(frozen=True, slots=True)
class ActivatePage(PageContext):
    """The question before an earlier version is made active again."""

    template = "bot_activate.html"
    head: BotHead
    version: BotVersion
    comparison: Comparison
    choices: tuple[PendingChoice, ...]


@router.get("/bots/{name:path}/versions", dependencies=[needs(Feature.BOTS)])
def versions_page(
    request: Request,
    name: BotName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    before: _Number = None,
    after: _Number = None,
) -> Response:
    """List a bot's versions, and compare two of them: by default the last two."""
    with app.store.read() as tx:
        head = bot_head(tx, visitor, name, tab="versions")
        found = versions_for(tx, visitor, name)
        by_number = {each.version: each for each in found}
        new = by_number.get(after if after is not None else head.bot.version)
        old = by_number.get(before) if before is not None else _one_before(found, new)
        is_there = old is not None and new is not None
        comparison = Comparison.of(old, new, masked=not head.may_edit) if is_there and old and new else None
        context = BotVersionsPage(head, _rows(head, found), comparison, tx.now)
    return render(request, context)


@router.get("/bots/{name:path}/versions/{version}/activate", dependencies=[needs(Feature.BOTS, Role.EDITOR)])
def ask_activate(
    request: Request, name: BotName, version: _InPath, app: CurrentApp, visitor: CurrentVisitor
) -> Response:
    """Ask before an earlier version is made active, and what shall become of pending events."""
    previews = [
        (choice, preview_activating(app, visitor, name, version, pending=choice)) for choice in steering.ON_CHANGE
    ]
    with app.store.read() as tx:
        head = bot_head(tx, visitor, name)
        wanted = version_for(tx, visitor, name, version)
        present = version_for(tx, visitor, name, head.bot.version)
    context = ActivatePage(
        head=head,
        version=wanted,
        comparison=Comparison.of(present, wanted, masked=not head.may_edit),
        choices=tuple(PendingChoice.of(choice, applied.pending) for choice, applied in previews),
    )
    return render(request, context)


@router.post("/bots/{name:path}/versions/{version}/activate", dependencies=[needs(Feature.BOTS, Role.EDITOR)])
def activate(
    name: BotName,
    version: _InPath,
    app: CurrentApp,
    visitor: CurrentVisitor,
    pending: Annotated[PendingEvents, Form()] = PendingEvents.KEEP,
) -> Response:
    """Make an earlier version active again."""
    steering.activate(app, visitor, name, version, pending=pending)
    return RedirectResponse(with_query(bot_path(name), done="bot-activated"), status_code=303)


def _one_before(found: list[BotVersion], new: BotVersion | None) -> BotVersion | None:
    earlier = [each for each in found if new is not None and each.version < new.version]
    return earlier[-1] if earlier else None


def _rows(head: BotHead, found: list[BotVersion]) -> tuple[VersionRow, ...]:
    changed = {
        new.version: tuple(part.path for part in compare(old.definition, new.definition))
        for old, new in pairwise(found)
    }
    active = head.bot.version
    return tuple(
        VersionRow(
            version=each,
            changed=changed.get(each.version),
            is_active=each.version == active,
            activate_path=bot_path(head.bot.name, "versions", str(each.version), "activate")
            if head.may_edit and each.version != active
            else None,
        )
        for each in reversed(found)
    )


def _shown(difference: Difference, *, masked: bool) -> ShownDifference:
    def said(value: JsonValue) -> str | None:
        if value is None:
            return None
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return redact(f"{difference.path}: {text}").partition(": ")[2] if masked else text

    return ShownDifference(difference.path, said(difference.before), said(difference.after))
