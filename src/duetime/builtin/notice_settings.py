"""The settings that say who is told of a resource and what, and the arguments of the event that tells."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duetime.bots.action_problems import report_warning
from duetime.bots.setting_fields import ObjectField, TextListField
from duetime.bots.templates import template_names
from duetime.builtin.event_ids import LOG, MESSAGE
from duetime.builtin.recipients import Recipients
from duetime.core.bots import Bot
from duetime.core.errors import Invalid, InvalidSetting
from duetime.core.fields import Field, SelectionChoice, SelectionField, validate_settings
from duetime.core.resources import Account, Resource
from duetime.scheduling.current import current_client

RECIPIENT_FIELDS: tuple[Field, ...] = (
    TextListField(
        name="to",
        display_name="To",
        description="Who is told: names of destinations, tag:KEY, badge:KEY. A log needs nobody.",
    ),
    ObjectField(
        name="recipients",
        display_name="Recipients",
        description="Destinations by what tags and badges say, such as {ann@example.org: ann}.",
    ),
    TextListField(
        name="fallback",
        display_name="Fallback",
        description="Who is told in place of those whom no tag or badge names.",
    ),
    SelectionField(
        name="via",
        display_name="Via",
        description="The event type that tells: a message, or a line in the log.",
        choices=[SelectionChoice(MESSAGE, "Message"), SelectionChoice(LOG, "Log")],
        default=MESSAGE,
    ),
)


@dataclass(frozen=True)
class RecipientsField(ObjectField):
    """Who is told, as a setting of its own: the settings of recipients inside another."""

    def validate(self, value: Any) -> dict[str, Any]:
        given = super().validate(value)
        try:
            settings = dict(validate_settings(RECIPIENT_FIELDS, given))
            check_recipients(settings)
        except InvalidSetting as fault:
            near = f"; did you mean {fault.near[0]}" if fault.near else ""
            raise self.refuse(f"{fault.name}: {fault.problem}{near}") from None
        return settings


def check_recipients(settings: Mapping[str, Any]) -> Recipients:
    """Return who is told.

    Raises:
        InvalidSetting: nobody is, or a name is none.
    """
    recipients = Recipients.read(settings)
    if settings["via"] == MESSAGE and not recipients.to:
        raise InvalidSetting("to", "must say who is told: names of destinations, tag:KEY or badge:KEY")
    return recipients


@dataclass(frozen=True, slots=True)
class Notice:
    """How one action tells of its resources.

    Attributes:
        via: the event type that tells.
        recipients: who is told.
        accounts: by name.
    """

    via: str
    recipients: Recipients
    accounts: Mapping[str, Account]

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Notice":
        """Return how settings say it; which destinations there are and the badges of accounts are read here, once."""
        client = current_client("A notice")
        known = None if client.destinations is None else frozenset(client.destinations.by_name)
        return cls(settings["via"], Recipients.read(settings, destinations=known), read_accounts())

    def arguments(self, resource: Resource, subject: str, body: str) -> dict[str, Any]:
        """Return the arguments of the event that tells about a resource; its job renders the two templates.

        Raises:
            Invalid: nobody can be told.
        """
        if self.via == LOG:
            return {"message": f"{subject}: {body}" if subject and body else subject or body}
        found = self.recipients.of(resource, badges=badges_of(resource, self.accounts))
        if not found.names:
            message = f"Nobody can be told: {'; '.join(found.problems)}. Name a fallback."
            raise Invalid(message)
        if found.problems:
            instead = ", ".join(self.recipients.fallback)
            said = f"told instead: {instead}" if instead else "only the others are told"
            report_warning(f"{resource.resource_id}: {'; '.join(found.problems)}; {said}")
        return {"to": list(found.names), "subject": subject, "body": body}


def read_accounts() -> Mapping[str, Account]:
    """Return every account by its name: for badges, read once per run of a bot."""
    with current_client("An action").store.read() as tx:
        return {account.account: account for account in tx.accounts.all()}


def badges_of(resource: Resource, accounts: Mapping[str, Account]) -> Mapping[str, str]:
    """Return the badges of a resource's account; of an account that is not registered there are none."""
    account = accounts.get(resource.account)
    return {} if account is None else account.badges


def names_of(
    bot: Bot, resource: Resource, accounts: Mapping[str, Account], *, due_at: datetime | None = None
) -> dict[str, Any]:
    """Return what templates about one resource may name."""
    account = accounts.get(resource.account)
    return template_names(
        resource,
        hookpoint="duetime.run_bot",
        bot=bot,
        due_at=due_at,
        badges=badges_of(resource, accounts),
        account_name="" if account is None else account.name,
    )
