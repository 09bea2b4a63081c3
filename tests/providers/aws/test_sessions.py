"""Where requests go, with whose credentials, and how many."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from duetime.core.errors import InvalidSetting, ProviderFailed
from duetime.core.resources import Account
from duetime.providers.aws.options import ClientOptions
from duetime.providers.aws.provider import AwsProvider

REGION = "us-east-1"
ELSEWHERE = "http://192.0.2.1:3128"
HOSTILE = {
    "ALL_PROXY": ELSEWHERE,
    "AWS_ACCESS_KEY_ID": "AKIAREAL",
    "AWS_CA_BUNDLE": "/nonexistent",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://192.0.2.1/credentials",
    "AWS_DEFAULTS_MODE": "auto",
    "AWS_ENDPOINT_URL": ELSEWHERE,
    "AWS_ENDPOINT_URL_EC2": ELSEWHERE,
    "AWS_ENDPOINT_URL_STS": ELSEWHERE,
    "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
    "AWS_PROFILE": "missing",
    "AWS_ROLE_ARN": "arn:aws:iam::999999999999:role/real",
    "AWS_SECRET_ACCESS_KEY": "real",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "HTTPS_PROXY": ELSEWHERE,
    "HTTP_PROXY": ELSEWHERE,
    "http_proxy": ELSEWHERE,
}


@pytest.fixture
def _hostile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "config"
    broken.write_text("[default\nthis is no configuration", encoding="utf-8")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    for name, value in {**HOSTILE, "AWS_CONFIG_FILE": str(broken)}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(broken))


@pytest.mark.usefixtures("_hostile")
def test_no_environment_leads_away_from_loopback(
    aws: AwsProvider, account: Account, launch: Callable[..., list[str]]
) -> None:
    ids = launch(2)
    where: dict[str, Any] = {"account": account, "region": REGION, "resource_type": "instance"}
    aws.act("stop", provider_ids=ids, **where)
    assert [resource.state for page in aws.pages(**where) for resource in page] == ["stopped", "stopped"]
    assert sum(number for call, number in aws.calls().items() if call.operation == "AssumeRole") == 1


@pytest.mark.usefixtures("_hostile")
def test_no_environment_brings_in_other_credentials(aws: AwsProvider, scripted: Any) -> None:
    scripted.describe()
    list(aws.pages(account=scripted.account(), region=REGION, resource_type="instance"))
    assert [request.credential for request in scripted.requests] == ["testing"]


@pytest.mark.parametrize("url", ["https://ec2.us-east-1.amazonaws.com", "http://127.0.0.1.example.com", None])
def test_an_endpoint_beyond_loopback_is_refused_before_the_first_call(aws: AwsProvider, url: str | None) -> None:
    settings = {"dummy_credentials": True, "role_arn": "arn:aws:iam::111111111111:role/x"}
    account = Account("10", provider="aws", settings={**settings, "endpoint_url": url})
    where: dict[str, Any] = {"account": account, "region": REGION}
    asked: list[Callable[[], object]] = [
        lambda: aws.check(account),
        lambda: aws.client("sts", **where),
        lambda: list(aws.pages(resource_type="instance", **where)),
        lambda: aws.read(resource_type="instance", provider_ids=["i-1"], **where),
        lambda: aws.act("stop", resource_type="instance", provider_ids=["i-1"], **where),
    ]
    for ask in asked:
        with pytest.raises(InvalidSetting, match="endpoint_url"):
            ask()
    assert not aws.calls()


@pytest.mark.parametrize("settings", [{}, {"profile": "ops"}, {"endpoint_url": "http://127.0.0.1:9"}])
def test_real_credentials_are_refused_before_the_first_call(aws: AwsProvider, settings: dict[str, str]) -> None:
    account = Account("10", provider="aws", settings=settings)
    for ask in (aws.client, aws.act):
        with pytest.raises(InvalidSetting, match=r"endpoint_url|dummy_credentials"):
            ask("stop", account=account, region=REGION, **({} if ask == aws.client else _ONE))
    assert not aws.calls()


_ONE: dict[str, Any] = {"resource_type": "instance", "provider_ids": ["i-1"]}


def test_a_request_that_is_bent_away_on_its_way_is_stopped(aws: AwsProvider, scripted: Any) -> None:
    client = aws.client("ec2", account=scripted.account(), region=REGION)

    def bend(request: Any, **_: Any) -> None:
        request.url = "http://192.0.2.1/"

    client.meta.events.register("before-sign", bend)
    with pytest.raises(InvalidSetting, match=r"192\.0\.2\.1"):
        client.describe_instances()
    assert not aws.calls()


@pytest.fixture
def profiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    text = "".join(f"[{name}]\naws_access_key_id={name}KEY\naws_secret_access_key=x\n" for name in ("ALPHA", "BETA"))
    file.write_text(text, encoding="utf-8")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def real() -> Any:
    """Return a provider that may go anywhere; the test session still may not."""
    provider = AwsProvider(options=ClientOptions(attempts=1))
    yield provider
    provider.close()


@pytest.mark.usefixtures("profiles")
def test_each_account_uses_its_own_profile(real: AwsProvider, scripted: Any) -> None:
    for profile in ("ALPHA", "BETA", "ALPHA"):
        scripted.describe()
        account = scripted.account(endpoint_url=scripted.endpoint_url, profile=profile)
        list(real.pages(account=account, region=REGION, resource_type="instance"))
    assert [request.credential for request in scripted.requests] == ["ALPHAKEY", "BETAKEY", "ALPHAKEY"]


@pytest.mark.usefixtures("profiles")
def test_a_role_is_taken_on_with_the_profile_and_then_used(real: AwsProvider, scripted: Any) -> None:
    scripted.give_role("ROLEKEY")
    scripted.describe()
    scripted.describe()
    account = scripted.account(
        endpoint_url=scripted.endpoint_url, profile="ALPHA", role_arn="arn:aws:iam::1:role/x", external_id="secret word"
    )
    for region in (REGION, "eu-central-1"):
        list(real.pages(account=account, region=region, resource_type="instance"))
    assert [(request.operation, request.credential) for request in scripted.requests] == [
        ("AssumeRole", "ALPHAKEY"),
        ("DescribeInstances", "ROLEKEY"),
        ("DescribeInstances", "ROLEKEY"),
    ]
    assert scripted.requests[0].parameters["ExternalId"] == "secret word"


@pytest.mark.usefixtures("profiles")
@pytest.mark.parametrize("settings", [{"profile": "GAMMA"}, {}], ids=["missing profile", "no credentials"])
def test_without_credentials_the_account_fails(real: AwsProvider, scripted: Any, settings: dict[str, str]) -> None:
    account = scripted.account(endpoint_url=scripted.endpoint_url, **settings)
    where: dict[str, Any] = {"account": account, "region": REGION, "resource_type": "instance"}
    with pytest.raises(ProviderFailed, match=r"GAMMA|credentials"):
        list(real.pages(**where))
    with pytest.raises(ProviderFailed, match=r"GAMMA|credentials"):
        real.act("stop", provider_ids=["i-1", "i-2"], **where)
    assert not scripted.requests


def test_requests_are_counted_by_account_region_and_operation(
    aws: AwsProvider, account: Account, launch: Callable[..., list[str]]
) -> None:
    ids = launch(2)
    where: dict[str, Any] = {"account": account, "region": REGION, "resource_type": "instance"}
    aws.act("stop", provider_ids=ids, **where)
    aws.read(provider_ids=ids, **where)
    aws.read(provider_ids=ids, **where)
    by_operation = {call.operation: number for call, number in aws.calls().items()}
    assert by_operation == {"AssumeRole": 1, "RunInstances": 1, "StopInstances": 1, "DescribeInstances": 2}
    assert {(call.account, call.region) for call in aws.calls()} == {(account.account, REGION)}


def test_threads_share_one_client(aws: AwsProvider, account: Account) -> None:
    ready = threading.Barrier(8)
    clients: list[object] = []

    def ask() -> None:
        ready.wait()
        clients.append(aws.client("ec2", account=account, region=REGION))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(clients) == 8
    assert len(set(map(id, clients))) == 1


def test_closing_gives_every_connection_back(aws: AwsProvider, scripted: Any) -> None:
    scripted.give_role("ROLEKEY")
    scripted.describe()
    account = scripted.account(
        endpoint_url=scripted.endpoint_url, dummy_credentials=True, role_arn="arn:aws:iam::111111111111:role/x"
    )
    # Held here, so that nothing is closed merely because it was forgotten.
    client = aws.client("ec2", account=account, region=REGION)
    client.describe_instances()
    assert scripted.connections == 2
    aws.close()
    with scripted.changed:
        assert scripted.changed.wait_for(lambda: scripted.connections == 0, timeout=10)


def test_another_service_has_a_client_too(aws: AwsProvider, account: Account) -> None:
    identity = aws.client("sts", account=account, region=REGION).get_caller_identity()
    assert identity["Account"] == account.account


def test_an_unknown_service_is_an_error_of_ours(aws: AwsProvider, account: Account) -> None:
    with pytest.raises(ProviderFailed, match="nonsense"):
        aws.client("nonsense", account=account, region=REGION)


MISSING = """
import sys
from duetime.core.resources import Account
from duetime.providers.aws.provider import AwsProvider
provider = AwsProvider()
provider.check(Account("10", provider="aws"))
assert "boto3" not in sys.modules and "botocore" not in sys.modules
sys.modules["boto3"] = None
try:
    provider.pages(account=Account("10", provider="aws"), region="us-east-1", resource_type="instance")
except Exception as error:
    print(type(error).__name__, error)
"""


def test_the_sdk_is_imported_late_and_its_absence_names_the_remedy() -> None:
    done = subprocess.run([sys.executable, "-c", MISSING], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "ProviderFailed AWS: boto3 is not installed; run pip install 'duetime[aws]'."
