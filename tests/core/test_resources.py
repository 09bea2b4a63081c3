from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.core.errors import InvalidResourceId
from duetime.core.resources import Resource, ResourceId

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\x00:")
parts = st.text(characters, min_size=1)
provider_ids = st.text(characters | st.just(":"), min_size=1)


@given(resource_type=parts, account=parts, region=parts, provider_id=provider_ids)
def test_a_resource_id_survives_its_text_form(resource_type: str, account: str, region: str, provider_id: str) -> None:
    parts = ResourceId(resource_type, account, region, provider_id)
    assert ResourceId.from_string(parts.to_string()) == parts
    assert str(parts) == parts.to_string() == f"{resource_type}:{account}:{region}:{provider_id}:"


@given(text=st.text())
def test_a_text_is_a_resource_id_or_is_refused(text: str) -> None:
    with suppress(InvalidResourceId):
        parts = ResourceId.from_string(text)
        assert parts.to_string() == text
        assert all(parts)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":",
        "::::",
        "instance:10:us-east-1:i-1",
        "instance:10:us-east-1:",
        "instance:10::i-1:",
        ":10:us-east-1:i-1:",
        "instance::us-east-1:i-1:",
        "i-1",
        "instance:10:us-east-1:zero\x00byte:",
        "instance:10:us-east-1:half\ud800pair:",
    ],
)
def test_what_is_no_resource_id_is_answered_with_an_example(text: str) -> None:
    with pytest.raises(InvalidResourceId, match="such as 'instance:10:us-east-1:i-0abc:'"):
        ResourceId.from_string(text)


def test_an_arn_may_be_the_provider_id() -> None:
    parts = ResourceId.from_string("notificationtopic:10:us-east-1:arn:aws:sns:us-east-1:10:topic:")
    assert parts.provider_id == "arn:aws:sns:us-east-1:10:topic"


def test_a_resource_is_built_from_its_parts() -> None:
    resource = Resource.of(
        resource_type="instance", account="10", region="us-east-1", provider_id="i-1", tags={"env": "dev"}
    )
    assert resource.resource_id == "instance:10:us-east-1:i-1:"
    assert resource.name == "i-1"
    assert resource.get_tag("env") == "dev"
    assert resource.get_tag("Env") is None
    assert '"tags":{"env":"dev"}' in resource.serialize()
