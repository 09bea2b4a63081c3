"""The session that Cloud Custodian is given: every client comes from duetime's own clouds."""

from typing import Any

from duetime.core.cloud import Cloud


class CloudSession:
    """Looks like an SDK session as far as Custodian uses one.

    Credentials, endpoints, time-outs and budgets stay where they are decided for everything else, in the provider. So
    nothing of the environment can send a call to another account.
    """

    def __init__(self, cloud: Cloud, *, account: str, region: str) -> None:
        self._cloud = cloud
        self._account = account
        self.region_name = region

    def client(self, service: str, region_name: str | None = None, **_options: Any) -> Any:
        """Return the client of a service; what else Custodian would set for it is the provider's to decide."""
        return self._cloud.client(service, account=self._account, region=region_name or self.region_name)

    def resource(self, service: str, *_: Any, **__: Any) -> Any:
        """Refuse the SDK's older interface, which cannot be made from a client."""
        message = (
            f"this Custodian filter or action needs the SDK's resource interface of {service}, which is not offered"
        )
        raise NotImplementedError(message)

    def get_credentials(self) -> Any:
        """Refuse to hand out secrets."""
        message = "this Custodian filter or action asks for the credentials themselves, which are not given out"
        raise NotImplementedError(message)
