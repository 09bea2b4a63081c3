from DivvyWorkers.Processors.ScheduledEvents import ScheduledEventRegistryWrapper
from DivvyWorkers.ScheduledWorkers.base import MultiResourceScheduledEventJob

events = ScheduledEventRegistryWrapper()


@events.register('divvy.start_resource')
class StartResourceJob(MultiResourceScheduledEventJob):
    # All that are due together in one account and region, up to 50, come in one call.
    max_group = 50

    def run(self):
        by_type = {}
        for resource in self.resources:
            by_type.setdefault(resource.resource_type, []).append(resource)
        for resource_type, members in by_type.items():
            outcomes = self.context.cloud.act(
                'start',
                account=members[0].account,
                region=members[0].region,
                resource_type=resource_type,
                provider_ids=[resource.provider_id for resource in members],
            )
            for resource in members:
                self.report(resource, outcomes[resource.provider_id])


def load():
    events.load()


def unload():
    events.unload()
