"""What the templates of message events see: for each event of a call its resource, bot, account and due time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duetime.bots.templates import TemplateFailed, render, template_names
from duetime.core.outcomes import Failed
from duetime.core.resources import Resource
from duetime.core.run_context import RunContext
from duetime.scheduling.current import current_client


@dataclass(frozen=True, slots=True)
class Member:
    """One event of a call.

    Attributes:
        resource: what it is about; None = nothing in particular.
        names: what its templates see.
    """

    event_id: int
    due_at: datetime
    resource: Resource | None
    names: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The same text for every attempt at this event and due time."""
        return f"{self.event_id}@{self.due_at:%Y%m%dT%H%M%S.%fZ}"

    def render(self, template: str, *, resources: int = 1) -> str:
        """Return what a template says for this event.

        Raises:
            TemplateFailed: it cannot be rendered.
        """
        return render(template, {**self.names, "resources": resources})


def members_of(context: RunContext) -> Sequence[Member]:
    """Return the events of a call. Bots, badges and the inventory are read once for all of them."""
    store = current_client("A message").store
    with store.read() as tx:
        bot_ids = [tx.events.get(event_id).bot_id for event_id, _due_at in context.occurrences]
        bots = {bot_id: tx.bots.by_id(bot_id) for bot_id in {*bot_ids} - {None} if bot_id is not None}
        accounts = {account.account: account for account in tx.accounts.all()}
    resources: Sequence[Resource | None] = context.resources() or [None] * len(context.occurrences)
    members = []
    for (event_id, due_at), bot_id, resource in zip(context.occurrences, bot_ids, resources, strict=True):
        bot = None if bot_id is None else bots[bot_id]
        if resource is None:
            event = {"bot_id": bot_id, "bot_name": "" if bot is None else bot.name, "due_at": f"{due_at:%F %R} UTC"}
            names: Mapping[str, Any] = {"event": event, "bot": {"name": event["bot_name"]}}
        else:
            account = accounts.get(resource.account)
            names = template_names(
                resource,
                bot=bot,
                due_at=due_at,
                badges=None if account is None else account.badges,
                account_name="" if account is None else account.name,
            )
        members.append(Member(event_id, due_at, resource, names))
    return members


def failed_template(what: str, error: TemplateFailed) -> Failed:
    """Return what a template's fault comes to: the same template will always fail."""
    return Failed(f"the {what} cannot be rendered: {error.problem}", retry=False)
