"""Clients of the AWS SDK: one per account, region and service, made once and shared by all threads.

The endpoint and the credentials are given to every client, STS included, and never left to the environment: with
`AWS_IGNORE_CONFIGURED_ENDPOINT_URLS` or `AWS_ENDPOINT_URL_STS` set, `AWS_ENDPOINT_URL` alone does not hold.
"""

import os
import threading
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import boto3
import botocore.loaders
import botocore.session
from botocore.config import Config

from duetime.core.clock import Clock, SystemClock
from duetime.core.resources import Account
from duetime.providers.aws.access import Access, refuse_beyond_loopback
from duetime.providers.aws.call_spans import CallSpans
from duetime.providers.aws.counter import CallCounter
from duetime.providers.aws.credentials import GivenCredentials, RenewableCredentials, role_credentials
from duetime.providers.aws.options import ClientOptions
from duetime.providers.aws.retrying import CallPlace, Pace, RetryPolicy
from duetime.providers.pacing import Budgets, LocalBudgets, Pacer

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
    credentials: RenewableCredentials | None = None
    clients: dict[tuple[str, str], Any] = field(default_factory=dict)


class Sessions:
    """Makes and keeps clients."""

    def __init__(
        self,
        *,
        options: ClientOptions,
        loopback_only: bool,
        counter: CallCounter,
        budgets: Budgets | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._options = options
        self._loopback_only = loopback_only
        self._clock = clock or SystemClock()
        pacer = Pacer(budgets or LocalBudgets(self._clock), clock=self._clock, patience=options.patience)
        self._pace = Pace(options, pacer, counter, self._clock)
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
                known = self._client(place, place.session, service, access, account=account, region=region)
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
        else:
            # Searched for with a session of its own each time: one session would answer from memory.
            found = RenewableCredentials(lambda: self._core(access).get_credentials(), clock=self._clock)
            if found.are_there:
                source.register_component("credential_provider", GivenCredentials(found))
                place.credentials = found
        if not access.role_arn:
            return boto3.Session(botocore_session=source)
        # The role's STS client is kept beside the others, so that `close` finds it.
        sts = self._client(place, boto3.Session(botocore_session=source), "sts", access, account=account, region=region)
        place.clients["sts for the role", region] = sts
        core = self._core(access)
        role = RenewableCredentials(lambda: role_credentials(sts, access), clock=self._clock)
        core.register_component("credential_provider", GivenCredentials(role))
        place.credentials = role
        return boto3.Session(botocore_session=core)

    def _core(self, access: Access) -> Any:
        if access.dummy_credentials:
            core = botocore.session.Session(session_vars=_NO_FILES)
        else:
            core = botocore.session.Session(profile=access.profile)
        core.register_component("data_loader", _loader())
        return core

    def _client(
        self, place: _Place, session: Any, service: str, access: Access, *, account: Account, region: str
    ) -> Any:
        client = session.client(
            service, region_name=region, endpoint_url=access.endpoint_url, config=self._config(access)
        )
        policy = RetryPolicy(
            CallPlace(account.account, region, service),
            self._pace,
            credentials=place.credentials,
            confine=refuse_beyond_loopback if access.dummy_credentials else _anywhere,
        )
        policy.govern(client)
        CallSpans(account=account.account, region=region, service=service).watch(client)
        return client

    def _config(self, access: Access) -> Config:
        options = self._options
        config = Config(
            connect_timeout=options.connect_timeout.total_seconds(),
            read_timeout=options.read_timeout.total_seconds(),
            # Once: `retrying` decides what is sent again.
            retries={"mode": "standard", "total_max_attempts": 1},
            max_pool_connections=options.connections,
            user_agent_appid="duetime",
        )
        return config.merge(_CONFINED) if access.dummy_credentials else config


def _anywhere(_url: str) -> None:
    """Let a request go."""


# What the environment could otherwise bring in beside the endpoint: a proxy on the way to it, and the question to
# instance metadata that the "auto" defaults ask.
_CONFINED = Config(proxies={}, defaults_mode="legacy")


@cache
def _loader() -> Any:
    """Return what reads service models from disk: one for all sessions, because EC2's takes 0.1 s."""
    return botocore.loaders.create_loader()
