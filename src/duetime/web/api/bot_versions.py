"""`/api/v1/bots/{name}/versions`."""

from itertools import pairwise
from typing import Annotated

from fastapi import APIRouter, Query

from duetime.bots.pending import PendingEvents
from duetime.bots.versions import compare, compare_text
from duetime.core.access import Feature, Role
from duetime.web import bot_steering as steering
from duetime.web.api.bot_bodies import (
    ActivateIn,
    AppliedOut,
    BotName,
    BotVersionOut,
    ComparisonOut,
    DifferenceOut,
    VersionNumber,
)
from duetime.web.api.bots import Preview, is_masked
from duetime.web.api_route import ApiRoute
from duetime.web.bot_outlook import preview_activating
from duetime.web.bot_reach import version_for, versions_for
from duetime.web.need import CurrentVisitor, needs
from duetime.web.parameters import LARGEST_ID
from duetime.web.ports import CurrentApp
from duetime.web.reach import bot_for

router = APIRouter(prefix="/api/v1/bots", tags=["bots"], route_class=ApiRoute)


@router.get("/{name:path}/versions", dependencies=[needs(Feature.BOTS)])
def list_bot_versions(name: BotName, app: CurrentApp, visitor: CurrentVisitor) -> list[BotVersionOut]:
    """List the versions of a bot, the newest first: when each was made, by whom, and what it changed."""
    with app.store.read() as tx:
        bot = bot_for(tx, visitor, name)
        found = versions_for(tx, visitor, name)
    changed = {
        later.version: [part.path for part in compare(earlier.definition, later.definition)]
        for earlier, later in pairwise(found)
        if later.version == earlier.version + 1
    }
    masked = is_masked(visitor, bot)
    return [BotVersionOut.of(each, active=bot.version, changed=changed, masked=masked) for each in reversed(found)]


@router.get("/{name:path}/comparison", dependencies=[needs(Feature.BOTS, Role.EDITOR)])
def compare_bot_versions(
    name: BotName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    before: Annotated[int, Query(ge=1, le=LARGEST_ID, description="The earlier version.")],
    after: Annotated[
        int | None, Query(ge=1, le=LARGEST_ID, description="The later version; without it the active one.")
    ] = None,
) -> ComparisonOut:
    """Say what differs between two versions of a bot that is yours to edit: nothing in it is masked."""
    with app.store.read() as tx:
        bot = bot_for(tx, visitor, name, Role.EDITOR)
        old = version_for(tx, visitor, name, before)
        new = version_for(tx, visitor, name, bot.version if after is None else after)
    names = (f"{name}, version {old.version}", f"{name}, version {new.version}")
    return ComparisonOut(
        name=name,
        before=old.version,
        after=new.version,
        differences=[DifferenceOut.of(each) for each in compare(old.definition, new.definition)],
        diff=compare_text(old.definition, new.definition, names=names),
    )


@router.post("/{name:path}/versions/{version}/activate", dependencies=[needs(Feature.BOTS, Role.EDITOR)])
def activate_bot_version(
    name: BotName,
    version: VersionNumber,
    app: CurrentApp,
    visitor: CurrentVisitor,
    *,
    body: ActivateIn | None = None,
    preview: Preview = False,
) -> AppliedOut:
    """Make an earlier version of a bot the active one again, as a new version."""
    pending = body.pending if body else PendingEvents.KEEP
    change = preview_activating if preview else steering.activate
    return AppliedOut.of(change(app, visitor, name, version, pending=pending), is_preview=preview)
