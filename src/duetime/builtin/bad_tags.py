"""Notices of tags that cannot be read: one for each resource and value, and not one at each run of the bot."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from duetime.bots.action_problems import report_failure
from duetime.bots.templates import as_template
from duetime.builtin.notice_settings import Notice
from duetime.core.bots import Bot
from duetime.core.errors import Invalid, NotFound
from duetime.core.events import OnExisting
from duetime.core.resources import Resource
from duetime.core.sanitising import clean_text
from duetime.schedule import Once
from duetime.scheduling.current import current_client
from duetime.scheduling.tracker import ScheduledEventTracker

BAD_TAG_NOTICE = "bad_tag_notice"


class BadTag(NamedTuple):
    """A tag of a resource that says nothing that can be followed."""

    resource: Resource
    key: str
    value: str
    problem: str

    @property
    def in_words(self) -> str:
        """Return what is wrong, the same for every resource with this value, so that one message may tell of all."""
        return f"Tag {self.key} says {self.value!r}. {self.problem}"

    @property
    def mark(self) -> str:
        """Return the description of its notice, by which the notice is known again."""
        return clean_text(f"Bad tag {self.key}={self.value!r}")


def tell_of_bad_tags(bot: Bot, notice: Mapping[str, Any] | None, bad: Sequence[BadTag]) -> None:
    """Schedule a notice of each bad tag that was not told of before.

    What was told is known from the events of earlier notices: for as long as history is kept, and unless they failed.

    Args:
        bot: whose notices they are.
        notice: the setting that says who is told; None = nobody.
        bad: one for each resource at most.
    """
    if notice is None or not bad:
        return
    client = current_client(BAD_TAG_NOTICE)
    via: str = notice["via"]
    with client.store.read() as tx:
        told = tx.bot_events.described(bot.bot_id, via, [each.resource.resource_id for each in bad])
    teller = Notice.of(notice)
    subject = as_template(f"{bot.name}: a tag cannot be read")
    now = client.now()
    for each in bad:
        if (each.resource.resource_id, each.mark) in told:
            continue
        try:
            with ScheduledEventTracker() as context:
                context.schedule_bot_event(
                    bot=bot,
                    resource=each.resource,
                    event_type=via,
                    schedule_data=Once(when=now),
                    action_data=teller.arguments(each.resource, subject, as_template(each.in_words)),
                    description=each.mark,
                    on_existing=OnExisting.ADD,
                )
        except (Invalid, NotFound) as error:
            report_failure(f"{each.resource.resource_id}: {error}")
