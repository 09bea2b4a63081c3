"""What AWS and the network can answer to an act, and what the job then hears."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.providers.passing_clock import PassingClock

from duetime.core.errors import ProviderFailed
from duetime.core.outcomes import Failed, GroupRefused, JobOutcome, Skipped, Succeeded
from duetime.providers.aws.options import ClientOptions
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.errors import OutcomeUnknown

REGION = "us-east-1"
ONE = "i-00000000000000001"
TWO = "i-00000000000000002"
STOPPED = (
    "<R><instancesSet><item><instanceId>{}</instanceId><currentState><name>stopping</name></currentState>"
    "<previousState><name>running</name></previousState></item></instancesSet></R>"
)


def _provider(attempts: int) -> AwsProvider:
    options = ClientOptions(attempts=attempts, read_timeout=timedelta(seconds=0.3), patience=timedelta(seconds=5))
    return AwsProvider(loopback_only=True, options=options, clock=PassingClock(datetime(2026, 3, 2, 19, tzinfo=UTC)))


@pytest.fixture
def once() -> Iterator[AwsProvider]:
    """Return a provider that sends every request once."""
    provider = _provider(1)
    yield provider
    provider.close()


@pytest.fixture
def twice() -> Iterator[AwsProvider]:
    """Return a provider that sends a request again when AWS is busy or the connection fails."""
    provider = _provider(2)
    yield provider
    provider.close()


def stop(provider: AwsProvider, scripted: Any, *ids: str, **settings: Any) -> Mapping[str, JobOutcome]:
    account = scripted.account(**settings)
    return provider.act("stop", account=account, region=REGION, resource_type="instance", provider_ids=ids)


def read(provider: AwsProvider, scripted: Any, *ids: str) -> object:
    return provider.read(account=scripted.account(), region=REGION, resource_type="instance", provider_ids=ids)


REFUSALS = [
    ("IncorrectInstanceState", True),
    ("InsufficientInstanceCapacity", True),
    ("InvalidInstanceID.Malformed", False),
    ("OperationNotPermitted", False),
    ("UnauthorizedOperation", False),
    ("UnsupportedOperation", False),
]


@pytest.mark.parametrize("code", [code for code, _ in REFUSALS])
def test_a_refusal_of_a_group_says_that_each_may_be_tried_alone(once: AwsProvider, scripted: Any, code: str) -> None:
    scripted.refuse(400, code, "The reason")
    with pytest.raises(GroupRefused, match=rf"{code} \(The reason\)"):
        stop(once, scripted, ONE, TWO)
    assert scripted.asked == ["StopInstances"]


@pytest.mark.parametrize(("code", "retry"), REFUSALS)
def test_a_refusal_of_one_is_its_outcome(once: AwsProvider, scripted: Any, code: str, retry: bool) -> None:
    scripted.refuse(400, code, "The reason.")
    scripted.describe((ONE, "pending"))
    assert stop(once, scripted, ONE) == {ONE: Failed(f"{code} (The reason)", retry=retry)}


def test_a_terminated_one_is_skipped(once: AwsProvider, scripted: Any) -> None:
    scripted.refuse(400, "IncorrectInstanceState")
    scripted.describe((ONE, "terminated"))
    (outcome,) = stop(once, scripted, ONE).values()
    assert isinstance(outcome, Skipped)
    assert scripted.asked == ["StopInstances", "DescribeInstances"]


def test_a_missing_one_is_skipped(once: AwsProvider, scripted: Any) -> None:
    scripted.refuse(400, "InvalidInstanceID.NotFound")
    (outcome,) = stop(once, scripted, ONE).values()
    assert isinstance(outcome, Skipped)


def test_cipher_text_for_administrators_is_left_out(once: AwsProvider, scripted: Any) -> None:
    scripted.refuse(403, "UnauthorizedOperation", f"Not you. Encoded authorization failure message: {'x' * 900}")
    assert stop(once, scripted, ONE) == {ONE: Failed("UnauthorizedOperation (Not you)", retry=False)}


def test_what_the_answer_leaves_out_has_failed(once: AwsProvider, scripted: Any) -> None:
    scripted.answer(STOPPED.format(ONE))
    outcomes = stop(once, scripted, ONE, TWO)
    assert outcomes[ONE] == Succeeded({"before": "running", "after": "stopping"})
    assert isinstance(outcomes[TWO], Failed)


@pytest.mark.parametrize("ids", [(ONE,), (ONE, TWO)], ids=["alone", "group"])
@pytest.mark.parametrize(
    ("status", "code"),
    [(503, "RequestLimitExceeded"), (400, "Throttling"), (503, "Unavailable"), (401, "AuthFailure")],
)
def test_a_busy_aws_or_a_wrong_caller_says_nothing_of_the_resources(
    once: AwsProvider, scripted: Any, status: int, code: str, ids: tuple[str, ...]
) -> None:
    scripted.refuse(status, code)
    with pytest.raises(ProviderFailed, match=f"StopInstances was refused: {code}") as caught:
        stop(once, scripted, *ids)
    assert not isinstance(caught.value, OutcomeUnknown)


@pytest.mark.parametrize("ids", [(ONE,), (ONE, TWO)], ids=["alone", "group"])
def test_a_refused_role_says_nothing_of_the_resources(once: AwsProvider, scripted: Any, ids: tuple[str, ...]) -> None:
    role = {"role_arn": "arn:aws:iam::111111111111:role/duetime"}
    scripted.refuse_role()
    with pytest.raises(ProviderFailed, match="AssumeRole was refused: AccessDenied"):
        stop(once, scripted, *ids, endpoint_url=scripted.endpoint_url, dummy_credentials=True, **role)
    assert scripted.asked == ["AssumeRole"]


def test_a_throttled_request_is_sent_again_and_counted(twice: AwsProvider, scripted: Any) -> None:
    scripted.refuse(503, "RequestLimitExceeded")
    scripted.answer(STOPPED.format(ONE))
    assert isinstance(stop(twice, scripted, ONE)[ONE], Succeeded)
    assert twice.calls() == {("10", REGION, "StopInstances"): 2}


@pytest.mark.parametrize("fault", ["cut", "hang", "breakdown", "garbage"])
def test_without_a_proper_answer_the_outcome_is_unknown(once: AwsProvider, scripted: Any, fault: str) -> None:
    _arrange(scripted, fault)
    with pytest.raises(OutcomeUnknown, match="what the call did is unknown"):
        stop(once, scripted, ONE, TWO)


@pytest.mark.parametrize("fault", ["cut", "hang", "breakdown", "garbage"])
def test_a_read_without_an_answer_leaves_nothing_unknown(once: AwsProvider, scripted: Any, fault: str) -> None:
    _arrange(scripted, fault)
    with pytest.raises(ProviderFailed, match="AWS account 10 in us-east-1") as caught:
        read(once, scripted, ONE)
    assert not isinstance(caught.value, OutcomeUnknown)


def _arrange(scripted: Any, fault: str) -> None:
    if fault == "breakdown":
        scripted.refuse(500, "InternalError")
    elif fault == "garbage":
        scripted.answer("this is not XML")
    else:
        getattr(scripted, fault)()


def test_a_connection_that_never_opened_did_nothing(once: AwsProvider, scripted: Any) -> None:
    scripted.die()
    with pytest.raises(OutcomeUnknown):
        stop(once, scripted, ONE)
    with pytest.raises(ProviderFailed, match="connect") as caught:
        stop(once, scripted, ONE)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert scripted.asked == ["StopInstances"]


def test_a_second_attempt_that_is_refused_does_not_hide_an_unanswered_first(twice: AwsProvider, scripted: Any) -> None:
    scripted.cut()
    scripted.refuse(503, "RequestLimitExceeded")
    with pytest.raises(OutcomeUnknown):
        stop(twice, scripted, ONE)
    assert scripted.asked == ["StopInstances", "StopInstances"]


def test_a_second_attempt_that_never_left_does_not_hide_an_unanswered_first(twice: AwsProvider, scripted: Any) -> None:
    scripted.die()
    with pytest.raises(OutcomeUnknown, match="connect"):
        stop(twice, scripted, ONE)
    assert scripted.asked == ["StopInstances"]
