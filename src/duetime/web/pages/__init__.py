"""The pages, a file for each."""

from collections.abc import Sequence

from fastapi import APIRouter

from duetime.web.pages import (
    access_groups,
    access_logins,
    account,
    accounts,
    audit,
    audit_chain,
    bot,
    bot_editing,
    bot_plan,
    bot_verbs,
    bot_versions,
    bots,
    event,
    event_schedule,
    event_verbs,
    events,
    history,
    login,
    login_identity,
    me,
    overview,
    own_keys,
    plugins,
    resource,
    resources,
    run,
    system,
    upcoming,
)

ROUTERS: Sequence[APIRouter] = (
    overview.router,
    upcoming.router,
    history.router,
    events.router,
    event_schedule.router,  # before those whose path takes an event's number
    event.router,
    event_verbs.router,
    run.router,
    resources.router,
    resource.router,
    bots.router,
    bot_editing.router,
    bot_verbs.router,
    bot_versions.router,
    bot_plan.router,
    bot.lists,
    bot.router,  # last of these: a bot's name may hold slashes
    plugins.router,
    system.router,
    accounts.router,
    account.router,
    audit.router,
    audit_chain.router,
    access_logins.router,
    access_groups.router,
    login.router,
    login_identity.router,
    me.router,
    own_keys.router,
)
"""Every router of pages."""
