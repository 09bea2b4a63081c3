"""Many things, each for itself."""

from pydantic import BaseModel

from duetime.core.errors import DatabaseUnavailable, UnknownName
from duetime.web.bulk import each_for_itself


class Thing(BaseModel):
    """What is acted on."""

    number: int


def test_none_stops_the_others() -> None:
    def act(number: int) -> Thing:
        if number == 2:
            raise UnknownName("thing", number)
        if number == 3:
            message = "nobody foresaw this"
            raise RuntimeError(message)
        return Thing(number=number)

    items, done = each_for_itself([1, 2, 3, 4, 1], act)
    assert [(item["id"], item["status"]) for item in items] == [(1, 200), (2, 404), (3, 500), (4, 200)]
    assert done == 2
    assert "nobody foresaw" not in str(items)


def test_a_database_that_is_gone_is_not_asked_again() -> None:
    asked: list[int] = []

    def act(number: int) -> Thing:
        asked.append(number)
        if number > 1:
            raise DatabaseUnavailable("it is gone", remedy="Wait.")
        return Thing(number=number)

    items, done = each_for_itself(range(1, 1001), act)
    assert (asked, done) == ([1, 2], 1)
    assert {item["status"] for item in items[1:]} == {503}
    assert len(items) == 1000
