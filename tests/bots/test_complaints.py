import pytest

from duetime.bots.complaints import MOST, Complaints
from duetime.bots.nodes import Place
from duetime.core.errors import InvalidDocument


def test_complaints_are_told_in_the_order_of_the_text() -> None:
    complaints = Complaints()
    complaints.extend(
        Place("b.yaml", line, column).error(f"{line}.{column}") for line, column in ((2, 1), (1, 5), (1, 2))
    )
    assert [each.problem for each in complaints.in_order()] == ["1.2", "1.5", "2.1"]
    with pytest.raises(InvalidDocument, match=r"line 1, column 2: 1\.2"):
        complaints.raise_first()


def test_what_was_unreadable_is_complained_about_once() -> None:
    complaints = Complaints()
    complaints.add_unreadable(Place("b.yaml", 1, 2).error("an alias"))
    complaints.add(Place("b.yaml", 1, 2).error("must be a text, not nothing"))
    complaints.add(Place("c.yaml", 1, 2).error("another file"))
    assert [each.problem for each in complaints.found] == ["an alias", "another file"]


def test_values_of_a_program_have_no_places_to_confuse() -> None:
    complaints = Complaints()
    complaints.add_unreadable(Place("<values>").error("one"))
    complaints.add(Place("<values>").error("two"))
    assert len(complaints.found) == 2


def test_a_reader_goes_on_after_a_fault() -> None:
    complaints = Complaints()

    def fails() -> int:
        raise Place("b.yaml", 1).error("no number")

    assert complaints.attempt(fails, 7) == 7
    assert complaints.attempt(lambda: 8, 7) == 8
    assert [each.problem for each in complaints.found] == ["no number"]
    Complaints().raise_first()


def test_a_document_full_of_faults_costs_no_memory_without_end() -> None:
    complaints = Complaints()
    for line in range(MOST + 10):
        complaints.add(Place("b.yaml", line).error("wrong"))
    assert len(complaints.found) == MOST
