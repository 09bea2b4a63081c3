from DivvyWorkers.Processors.ScheduledEvents import ScheduledEventManager
from DivvyWorkers.ScheduledWorkers.base import MultiResourceScheduledEventJob


@ScheduledEventManager.register('divvy.start_resource')
class StartResourceJob(MultiResourceScheduledEventJob):
    def run(self):
        # Without max_group there is one resource in each call.
        for resource in self.resources:
            outcomes = self.context.cloud.act(
                'start',
                account=resource.account,
                region=resource.region,
                resource_type=resource.resource_type,
                provider_ids=[resource.provider_id],
            )
            self.report(resource, outcomes[resource.provider_id])
