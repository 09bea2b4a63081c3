"""Cloud Custodian's `stop` over many accounts and regions, as its own runner for many accounts does it.

One process per account at a time, as many as there are workers, each going through its regions in turn.
"""

import logging
import multiprocessing
import time
from collections.abc import Sequence

import boto3
import c7n.resources.aws  # noqa: F401 - registers the cloud
from c7n import utils
from c7n.config import Config
from c7n.policy import Policy
from c7n.resources import load_resources

from benchmarks.fleet.endpoint import REGIONS

POLICY = {
    "name": "stop-dev",
    "resource": "aws.ec2",
    "filters": [{"tag:env": "dev"}, {"State.Name": "running"}],
    "actions": ["stop"],
}


def stop_all(urls: Sequence[tuple[str, str]], *, processes: int) -> float:
    """Stop everything in these accounts, given as ids and endpoints; return the seconds it took.

    Importing and loading Custodian is not counted: the processes have done it before they begin.
    """
    with multiprocessing.get_context("fork").Pool(processes, initializer=_load) as pool:
        pool.map(_nothing, range(processes))
        began = time.monotonic()
        pool.map(_stop_account, urls, chunksize=1)
        return time.monotonic() - began


def _load() -> None:
    logging.disable(logging.CRITICAL)
    load_resources(("aws.ec2",))


def _nothing(_number: int) -> None:
    """Wait until this process is there."""


def _stop_account(account_and_url: tuple[str, str]) -> None:
    account, url = account_and_url
    for region in REGIONS:
        session = _session(url, region)
        options = Config.empty(region=region, regions=[region], account_id=account, output_dir="null://")
        policy = Policy(POLICY, options, session_factory=lambda *_, session=session, **__: session)
        manager = policy.resource_manager
        found = manager.resources()
        for action in manager.actions:
            action.process(found)


def _session(url: str, region: str) -> "_Session":
    utils.reset_session_cache()
    return _Session(url, region)


class _Session:
    def __init__(self, url: str, region: str) -> None:
        self._url = url
        self._session = boto3.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name=region)
        self.region_name = region

    def client(self, service: str, *_: object, **__: object) -> object:
        return self._session.client(service, endpoint_url=self._url)
