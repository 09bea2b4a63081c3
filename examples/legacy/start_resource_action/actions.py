from datetime import datetime, timedelta

from DivvyBotfactory.registry import BotFactoryRegistryWrapper
from DivvyBotfactory.scheduling import ScheduledEventTracker
from DivvyResource.resource_types import ResourceType
from DivvyUtils import schedule

registry = BotFactoryRegistryWrapper()


@registry.action(uid='divvy.action.start_resource_example', bulk_action=True, accepts_complement=True,
                 name='Start resources in 12 hours', description='Schedules a start for every match.',
                 author='duetime', supported_resources=[ResourceType.INSTANCE], settings_config=[])
def start_resource_example(bot, settings, matches, non_matches):
    with ScheduledEventTracker() as context:
        for resource in matches:
            context.schedule_bot_event(
                bot=bot, resource=resource,
                description='Start a resource.',
                event_type='divvy.start_resource',
                schedule_data=schedule.Once(when=datetime.utcnow() + timedelta(hours=12)),
            )


def load():
    registry.load()


def unload():
    registry.unload()
