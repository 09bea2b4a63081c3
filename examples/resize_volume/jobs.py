from datetime import timedelta
from typing import Any

from duetime.jobs import (
    MultiResourceScheduledEventJob,
    OnLost,
    Retry,
    ScheduledEventManager,
)


@ScheduledEventManager.register("example.resize_volume")
class ResizeVolume(MultiResourceScheduledEventJob):
    """Grows volumes; up to ten of one region in one call."""

    retry = Retry(attempts=3, first=timedelta(seconds=30))
    timeout = timedelta(minutes=5)
    on_lost = OnLost.RETRY  # asking for the same size twice changes nothing
    max_group = 10

    def __init__(self, *, size_gib: int, **own: Any) -> None:
        super().__init__(**own)
        self.size_gib = size_gib

    def run(self) -> None:
        for volume in self.resources:
            if self.cancel_requested:
                return
            client = self.context.cloud.client("ec2", account=volume.account, region=volume.region)
            try:
                client.modify_volume(VolumeId=volume.provider_id, Size=self.size_gib)
            except Exception as error:  # noqa: BLE001 - one volume that fails must not keep the others
                self.failed(volume, error)
            else:
                self.succeeded(volume, {"size_gib": self.size_gib})
