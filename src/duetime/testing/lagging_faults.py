"""Faults of time: what EC2 shows later than it does it."""

from dataclasses import dataclass
from datetime import timedelta
from xml.etree.ElementTree import Element

from duetime.testing.aws_answer import Answer, error_answer, named_items, set_state
from duetime.testing.aws_request import AwsRequest
from duetime.testing.cloud_faults import Fault, Forward

_MISSING = {
    "i-": "InvalidInstanceID.NotFound",
    "vol-": "InvalidVolume.NotFound",
    "snap-": "InvalidSnapshot.NotFound",
    "ami-": "InvalidAMIID.NotFound",
}


@dataclass(kw_only=True)
class NotYetVisible(Fault):
    """EC2 does not show resources yet that are there: lists leave them out, and asked by id it does not know them.

    Attributes:
        reads: how many answers leave one out, for each of `ids`.
    """

    operation: str = "Describe*"
    reads: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._left = dict.fromkeys(self.ids, self.reads)

    def names_one(self, request: AwsRequest) -> bool:
        """Return whether a request would show one of them; a list that names nothing would."""
        return True

    def handle(self, request: AwsRequest, forward: Forward, *, age: timedelta) -> Answer:
        del age
        asked = [value for name, value in request.form.items() if "Id." in name and value in self._left]
        for one in asked:
            if self._hides(one):
                code = next((code for start, code in _MISSING.items() if one.startswith(start)), "InvalidID.NotFound")
                return error_answer(request, code, f"The ID '{one}' does not exist", status=400)
        answer = forward(request)
        if answer.status != 200 or asked:
            return answer
        return named_items(answer, lambda one, _item: not (one in self._left and self._hides(one)))

    def _hides(self, one: str) -> bool:
        with self._lock:
            left = self._left[one]
            if left is None:
                return True
            self._left[one] = max(left - 1, 0)
            return left > 0


@dataclass(kw_only=True)
class Lingering(Fault):
    """EC2 goes on showing a state after an operation.

    Such as `stopping` long after StopInstances or, as its copies lag behind, `running` after TerminateInstances.

    Attributes:
        operation: what begins it, such as `StopInstances`.
        state: what answers to `Describe...` say from then on.
        reads: how many answers say so of one resource; None = all.
        shows_for: how long they do; None = as long as `reads` says.
    """

    state: str
    reads: int | None = None
    shows_for: timedelta | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self._begun: dict[str, tuple[timedelta, int | None]] = {}

    def concerns(self, request: AwsRequest, *, age: timedelta) -> bool:
        is_list = request.service == "ec2" and request.operation.startswith("Describe")
        return (is_list and bool(self._begun)) or super().concerns(request, age=age)

    def strikes(self) -> bool:
        return True

    def handle(self, request: AwsRequest, forward: Forward, *, age: timedelta) -> Answer:
        answer = forward(request)
        if answer.status != 200:
            return answer
        if not request.operation.startswith("Describe"):
            if super().strikes():
                named = request.named & set(self.ids) if self.ids else _ids(request)
                with self._lock:
                    self._begun |= dict.fromkeys(named, (age, self.reads))
            return answer
        return named_items(answer, lambda one, item: self._show(one, item, age=age))

    def _show(self, one: str, item: Element, *, age: timedelta) -> bool:
        with self._lock:
            since, left = self._begun.get(one, (age, 0))
            if left == 0 or (self.shows_for is not None and age >= since + self.shows_for):
                self._begun.pop(one, None)
                return True
            self._begun[one] = (since, None if left is None else left - 1)
        set_state(item, self.state)
        return True


def _ids(request: AwsRequest) -> set[str]:
    return {value for name, value in request.form.items() if "Id." in name}
