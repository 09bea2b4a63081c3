"""The one error that this package adds to those of `core`."""

from duetime.core import outcomes
from duetime.core.errors import ProviderFailed


class OutcomeUnknown(ProviderFailed, outcomes.OutcomeUnknown):
    """The connection broke, or the answer did not come, after the request had left: what it did is unknown.

    Whoever catches `ProviderFailed` catches this too. Who can tell the two apart lets the event type's `on_lost`
    decide, as for a lost worker.
    """
