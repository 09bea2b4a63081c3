"""Clients of the AWS SDK: one per account, region and service, made once and shared by all threads.

The endpoint and the credentials are given to every client, STS included, and never left to the environment: with
`AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` or `AWS_ENDPOINT_URL_STS` set, `AWS_ENDPOINT_URL` alone does not hold.
"""

import os
import threading
from dataclasses import dataclass, field
from functools import cache, partial
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config
from botocore.credentials import DeferredRefreshableCredentials

from duetime.core.resources import Account
from duetime.providers.aws.access import Access, refuse_beyond_loopback
from duetime.providers.aws.counter import ApiCall, CallCounter
from duetime.providers.aws.errors import mark_unanswered
from duetime.providers.aws.options import ClientOptions

_DUMMY = "testing"
_NO_FILES = {
    # No profile and no file: a confined session must not meet the user's own configuration, broken or not.
    "profile": (None, None, None, None),
    "config_file": (None, None, os.devnull, None),
    "credentials_file": (None, None, os.devnull, None),
}


@dataclass(slots=True)
class _Place:
    """One account as it is reached now. Its own lock: a profile whose credentials hang must not stop other accounts."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    session: Any = None
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)


class Sessions:
    """Makes and keeps clients."""

    def __init__(self, *, options: ClientOptions, loopback_only: bool, counter: CallCounter) -> None:
        self._options = options
        self._loopback_only = loopback_only
        self._counter = counter
        self._lock = threading.Lock()
        self._places: dict[tuple[str, Access], _Place] = {}

    def client(self, service: str, *, account: Account, region: str) -> Any:
        """Return the client of a service.

        Raises:
            InvalidSetting: the account's settings are refused.
        """
        access = Access.of(account, loopback_only=self._loopback_only)
        with self._lock:
            place = self._places.setdefault((account.account, access), _Place())
        with place.lock:
            known = place.clients.get((service, region))
            if known is None:
                if place.session is None:
                    place.session = self._session(place, access, account=account, region=region)
                known = self._client(place.session, service, access, account=account, region=region)
                place.clients[service, region] = known
            return known

    def close(self) -> None:
        """Close every client; later questions make new ones."""
        with self._lock:
            places = list(self._places.values())
            self._places.clear()
        for place in places:
            with place.lock:
                for client in place.clients.values():
                    client.close()

    def _session(self, place: _Place, access: Access, *, account: Account, region: str) -> Any:
        source = self._core(access)
        if access.dummy_credentials:
            source.set_credentials(_DUMMY, _DUMMY)
        if not access.role_arn:
            return boto3.Session(botocore_session=source)
        # The role's STS client is kept beside the others, so that `close` finds it.
        sts = self._client(boto3.Session(botocore_session=source), "sts", access, account=account, region=region)
        place.clients["sts for the role", region] = sts
        core = self._core(access)
        core.register_component("credential_provider", _Given(_role(sts, access)))
        return boto3.Session(botocore_session=core)

    def _core(self, access: Access) -> Any:
        if access.dummy_credentials:
            core = botocore.session.Session(session_vars=_NO_FILES)
        else:
            core = botocore.session.Session(profile=access.profile)
        core.register_component("data_loader", _loader())
        return core

    def _client(self, session: Any, service: str, access: Access, *, account: Account, region: str) -> Any:
        client = session.client(
            service, region_name=region, endpoint_url=access.endpoint_url, config=self._config(access)
        )
        leaving = partial(self._leaving, account=account.account, region=region, confined=access.dummy_credentials)
        client.meta.events.register_first("before-send", leaving)
        client.meta.events.register("response-received", mark_unanswered)
        return client

    def _leaving(self, *, request: Any, event_name: str, account: str, region: str, confined: bool, **_: Any) -> None:
        """Called by the SDK with each request that is about to go out."""
        if confined:
            refuse_beyond_loopback(request.url)
        self._counter.add(ApiCall(account, region, operation=event_name.rpartition(".")[2]))

    def _config(self, access: Access) -> Config:
        options = self._options
        config = Config(
            connect_timeout=options.connect_timeout.total_seconds(),
            read_timeout=options.read_timeout.total_seconds(),
            retries={"mode": "standard", "total_max_attempts": options.attempts},
            max_pool_connections=options.connections,
            user_agent_appid="duetime",
        )
        return config.merge(_CONFINED) if access.dummy_credentials else config


# What the environment could otherwise bring in beside the endpoint: a proxy on the way to it, and the question to
# instance metadata that the "auto" defaults ask.
_CONFINED = Config(proxies={}, defaults_mode="legacy")


@cache
def _loader() -> Any:
    """Return what reads service models from disk: one for all sessions, because EC2's takes 0.1 s."""
    return botocore.loaders.create_loader()


class _Given:
    """Takes the place of the SDK's search for credentials."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        return self._credentials


def _role(sts: Any, access: Access) -> Any:
    """Return credentials of the role, fetched when first needed and again before they expire."""
    arguments = {"RoleArn": access.role_arn, "RoleSessionName": "duetime"}
    if access.external_id:
        arguments["ExternalId"] = access.external_id

    def fetch() -> dict[str, str]:
        given = sts.assume_role(**arguments)["Credentials"]
        return {
            "access_key": given["AccessKeyId"],
            "secret_key": given["SecretAccessKey"],
            "token": given["SessionToken"],
            "expiry_time": given["Expiration"].isoformat(),
        }

    return DeferredRefreshableCredentials(refresh_using=fetch, method="duetime-role")
