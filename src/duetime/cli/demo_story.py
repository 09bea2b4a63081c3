"""What happens in the demo, one thing after the other: what the bots do, and what owners do by hand meanwhile."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from duetime.builtin.event_ids import BLOCK_PUBLIC_ACCESS, LOG, SNAPSHOT_THEN_DELETE
from duetime.core.events import Event
from duetime.core.resource_types import ResourceType
from duetime.core.statuses import EventStatus

if TYPE_CHECKING:
    from duetime.cli.demo_stage import Stage
    from duetime.cli.demo_world import DemoWorld

CLEAN_UP, PUBLIC_BUCKETS = "clean-up", "public-buckets"
_READ_AGAIN = (ResourceType.VOLUME.value, ResourceType.STORAGE_CONTAINER.value)


class Story:
    """The story of one demo. What does not happen in time is not waited for: then the proof does not hold.

    Args:
        stage: where the bots are.
        world: where the owners are.
        say: shows a sentence.
        until: waits until a condition holds, and returns whether it did in time.
    """

    def __init__(
        self,
        stage: "Stage",
        world: "DemoWorld",
        *,
        say: Callable[[str], None],
        until: Callable[[Callable[[], bool]], bool],
    ) -> None:
        self._stage = stage
        self._world = world
        self._say = say
        self._until = until

    def tell(self) -> None:
        """Let everything happen."""
        for bot in ("dev-night", CLEAN_UP):
            self._stage.run_bot(bot)
        chapters = (self._volumes_wait, self._owners_act, self._a_bucket_is_closed, self._the_other_is_closed_now)
        if all(chapter() for chapter in chapters):
            self._until(self._all_ended)

    def _volumes_wait(self) -> bool:
        if not self._until(lambda: bool(self._stage.events(CLEAN_UP, SNAPSHOT_THEN_DELETE))):
            return False
        count = len(self._stage.events(CLEAN_UP, SNAPSHOT_THEN_DELETE))
        self._say(f"clean-up found {count} unused volumes. Their owners get a notice; deletion follows, in 12 s.")
        return True

    def _owners_act(self) -> bool:
        cast, before = self._world.cast, self._world.before
        volume = before[cast.exempt]
        self._say(f"By hand: {volume.tags.get('owner')} tags volume {volume.name} in {volume.region} keep=report.")
        self._world.tag(cast.exempt, key="keep", value="report")
        for name in (cast.fixed, cast.open):
            self._say(f"By hand: {before[name].tags.get('owner')} makes bucket {before[name].name} public.")
            self._world.open_bucket(name)
        self._stage.harvest(*_READ_AGAIN)
        return self._until(lambda: self._is_cancelled(self.exempt_event) and self._are_noticed()) and self._say_next()

    def _say_next(self) -> bool:
        exempt = self.exempt_event
        self._say(f"A harvest saw the tag: event {exempt.event_id} is cancelled, {exempt.status_reason}.")
        fixes = ", ".join(str(event.event_id) for event in self._fixes())
        self._say(
            f"It saw the buckets too: public-buckets ran for them. Notices sent; events {fixes} close them in 1 h."
        )
        return True

    def _a_bucket_is_closed(self) -> bool:
        bucket = self._world.before[self._world.cast.fixed]
        self._say(f"By hand: {bucket.tags.get('owner')} makes bucket {bucket.name} private again.")
        self._world.close_bucket(bucket.resource_id)
        self._stage.harvest(ResourceType.STORAGE_CONTAINER.value)
        if not self._until(lambda: self._is_cancelled(self.fixed_event)):
            return False
        self._say(
            f"A harvest saw it: event {self.fixed_event.event_id} is cancelled, {self.fixed_event.status_reason}."
        )
        return True

    def _the_other_is_closed_now(self) -> bool:
        event = self.open_event
        if event.status is not EventStatus.SCHEDULED:
            return False
        bucket = self._world.before[self._world.cast.open]
        self._say(
            f"Bucket {bucket.name} is still public, and event {event.event_id} stands. We do not wait: run it now."
        )
        self._stage.run_now(event.event_id)
        return True

    def event_ids(self) -> list[int]:
        """Return the events to be asked about: of the volume and the buckets, as far as they came to be."""
        cast = self._world.cast
        told = {cast.exempt, cast.fixed, cast.open}
        events = [*self._stage.events(CLEAN_UP, SNAPSHOT_THEN_DELETE), *self._fixes()]
        return [event.event_id for event in events if event.resource_id in told]

    @property
    def exempt_event(self) -> Event:
        """What would have deleted the volume that its owner tagged."""
        return self._event_of(self._world.cast.exempt, CLEAN_UP, SNAPSHOT_THEN_DELETE)

    @property
    def fixed_event(self) -> Event:
        """What would have closed the bucket that its owner closed."""
        return self._event_of(self._world.cast.fixed, PUBLIC_BUCKETS, BLOCK_PUBLIC_ACCESS)

    @property
    def open_event(self) -> Event:
        """What closes the other bucket."""
        return self._event_of(self._world.cast.open, PUBLIC_BUCKETS, BLOCK_PUBLIC_ACCESS)

    def _event_of(self, resource_id: str, bot: str, event_type: str) -> Event:
        return next(event for event in self._stage.events(bot, event_type) if event.resource_id == resource_id)

    def _fixes(self) -> list[Event]:
        return list(self._stage.events(PUBLIC_BUCKETS, BLOCK_PUBLIC_ACCESS))

    def _are_noticed(self) -> bool:
        """Whether both buckets have their fix scheduled and their notice sent."""
        told = {
            event.resource_id
            for event in self._stage.events(PUBLIC_BUCKETS, LOG)
            if event.status is EventStatus.SUCCEEDED
        }
        scheduled = {event.resource_id for event in self._fixes()}
        return {self._world.cast.fixed, self._world.cast.open} <= told & scheduled

    def _all_ended(self) -> bool:
        progress = self._stage.progress().values()
        return not any(each.pending or each.running for each in progress)

    @staticmethod
    def _is_cancelled(event: Event) -> bool:
        return event.status is EventStatus.CANCELLED
