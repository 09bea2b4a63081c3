"""Which AWS operations share a budget, and what AWS allows them at best."""

from collections.abc import Mapping
from types import MappingProxyType

from duetime.core.budgets import Limit

_READING = ("BatchGet", "Check", "Describe", "Get", "Head", "List", "Lookup", "Query", "Scan", "Search", "Simulate")

READS = Limit(rate=50, burst=500)
WRITES = Limit(rate=20, burst=200)
"""For services that publish no figures of this kind, or higher ones: where more is refused, the rate falls."""

LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        # "Request throttling for the Amazon EC2 API" in the Amazon EC2 Developer Guide: what most accounts have.
        "ec2 reads": Limit(rate=20, burst=100),
        "ec2 writes": Limit(rate=5, burst=50),
    }
)


def family_of(service: str, operation: str) -> str:
    """Return the family of an operation, such as `ec2 writes` for `StopInstances`.

    Args:
        service: the SDK's name of the service, such as `ec2`.
        operation: AWS's name of the operation.
    """
    return f"{service} {'reads' if operation.startswith(_READING) else 'writes'}"


def limit_of(family: str, limits: Mapping[str, Limit] = LIMITS) -> Limit:
    """Return what AWS allows a family at best."""
    return limits.get(family) or (READS if family.endswith(" reads") else WRITES)
