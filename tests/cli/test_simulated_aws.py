"""The simulated AWS as a process: that it starts clean, says why when it does not, and never outlives us."""

import importlib.util
import os
import select
import subprocess
import sys

import pytest

from duetime.cli.demo_world import DemoWorld
from duetime.cli.simulated_aws import SimulatedAws, child_environment
from duetime.core.errors import ProviderFailed

ABANDON = """
import os
from duetime.cli.simulated_aws import SimulatedAws
with SimulatedAws() as running:
    print(running.process_id, flush=True)
    input()
    os._exit(1)
"""


def test_the_users_cloud_settings_do_not_reach_it() -> None:
    parent = {"PATH": "/bin", "MOTO_ACCOUNT_ID": "1", "AWS_PROFILE": "real", "MOTO_EC2_LOAD_DEFAULT_AMIS": "true"}
    assert child_environment(parent) == {"PATH": "/bin", "MOTO_EC2_LOAD_DEFAULT_AMIS": "false"}


def test_without_the_simulation_the_remedy_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(ProviderFailed, match=r"pip install 'duetime\[demo\]'"), DemoWorld():
        pass


@pytest.mark.slow
def test_a_simulation_that_does_not_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONHOME", "/nonexistent")
    with pytest.raises(ProviderFailed, match=r"did not start: .+"), SimulatedAws():
        pass


@pytest.mark.slow
def test_it_ends_when_its_parent_is_gone() -> None:
    with subprocess.Popen(
        [sys.executable, "-c", ABANDON], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.communicate("die\n")
    ended, _, _ = select.select([child], [], [], 20)
    os.close(child)
    assert ended


@pytest.mark.slow
def test_it_ends_with_its_block() -> None:
    with SimulatedAws() as running:
        child = os.pidfd_open(running.process_id)
    ended, _, _ = select.select([child], [], [], 0)
    os.close(child)
    assert ended
