"""The API, a file for each noun."""

from collections.abc import Sequence

from fastapi import APIRouter

from duetime.web.api import (
    access_groups,
    accounts,
    api_keys,
    audit,
    bot_plans,
    bot_verbs,
    bot_versions,
    bots,
    destinations,
    event_types,
    event_verbs,
    events,
    filters_actions,
    logins,
    me,
    older_events,
    openapi,
    overview,
    plugins,
    resource_groups,
    resources,
    runs,
    statistics,
    upcoming,
    users,
    workers,
)

ROUTERS: Sequence[APIRouter] = (
    openapi.router,
    overview.router,
    events.router,
    event_verbs.router,
    upcoming.router,
    runs.router,
    statistics.router,
    workers.router,
    bot_verbs.router,
    bot_versions.router,
    bot_plans.router,
    bots.router,  # after the others: a bot may be called anything
    filters_actions.router,
    destinations.router,
    resource_groups.router,
    resources.types,
    resources.router,
    accounts.router,
    plugins.router,
    event_types.router,
    users.router,
    audit.router,
    older_events.router,
    logins.router,
    access_groups.router,
    api_keys.router,
    me.router,
)
"""Every router of the API."""
