"""Older module names that plugins use, and what stands for them here.

Aliases are seen by plugin code alone. `worker` and `scheduler` are too general to ship as top-level packages, and
`DivvyBotFactory` beside `DivvyBotfactory` would collide on disks that ignore case.
"""

from collections.abc import Mapping

ALIASES: Mapping[str, str] = {
    "DivvyBotFactory": "DivvyBotfactory",
    "scheduler": "DivvyWorkers.scheduler",
    "worker": "DivvyWorkers.worker",
}

LEGACY_PREFIX = "Divvy"

LEGACY_PACKAGES = ("DivvyBotfactory", "DivvyDb", "DivvyPlugins", "DivvyResource", "DivvyUtils", "DivvyWorkers")

REPLACEMENTS: Mapping[str, str] = {
    "DivvyCloudProviders": "reach the cloud through duetime.core.run_context.current_run().cloud",
    "DivvyDb.DivvyCloudGatewayORM": "read resources through duetime.core.run_context.current_run().inventory",
    "DivvyDb.DivvyDb": "leave the session decorators out: a job needs no database session",
    "DivvyDb.DivvyDbObjects": "read resources through duetime.core.run_context.current_run().inventory",
    "DivvyDb.QueryFilters.registry": "use the built-in filters in the bot file",
    "DivvyJobs": "write a ScheduledEventJob and schedule it with schedule.Periodic",
    "DivvyPlugins.plugin_helpers": "write a ScheduledEventJob; plugins bring no web pages",
    "DivvyPlugins.plugin_jobs": "write a ScheduledEventJob and schedule it with schedule.Periodic",
    "DivvyPlugins.settings": "declare settings_config on the action",
    "DivvySession": "leave the permission decorators out",
    "scheduler.client": "write a ScheduledEventJob and schedule it with schedule.Periodic",
}
"""What to do instead of importing a module, or one below it, that duetime does not have."""
