"""Credentials that are got anew."""

from duetime.core.clock import SystemClock
from duetime.providers.aws.credentials import RenewableCredentials


def test_they_stay_when_there_are_none_to_put_in_their_place() -> None:
    first, second = "first", "second"
    found = [first, None, second]
    credentials = RenewableCredentials(lambda: found.pop(0), clock=SystemClock())
    credentials.renew()
    assert credentials.title() == "First"
