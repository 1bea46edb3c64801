"""With several workers, what shares fixtures shares a worker, and what takes long begins first."""

from __future__ import annotations

import pytest

from tests.schedule import Scheduling, longest_first, unit


class Item:
    """What the schedule asks a collected test."""

    def __init__(self, nodeid, *marks):
        self.nodeid, self.marks = nodeid, list(marks)
        self.name = nodeid.partition("::")[2]

    def get_closest_marker(self, name):
        return next((mark.mark for mark in self.marks if mark.name == name), None)

    def add_marker(self, mark):
        self.marks.append(mark)


@pytest.fixture
def collected():
    slow, shared = pytest.mark.slow, pytest.mark.xdist_group
    return [
        Item("few.py::few"),
        *(Item(f"many.py::many_{number}") for number in range(3)),
        Item("slow.py::quick"),
        Item("slow.py::long", slow),
        Item("shared.py::first", slow, shared("one node")),
        Item("again.py::second", shared(name="one node")),
    ]


def test_long_units_begin_and_stay_whole(collected):
    before = list(collected)
    longest_first(collected)

    names = ["first", "second", "long", "many_0", "many_1", "many_2", "few", "quick"]
    assert [item.name for item in collected] == names
    assert sorted(map(id, collected)) == sorted(map(id, before))


def test_a_slow_test_is_dealt_out_alone_and_its_file_without_it(collected):
    longest_first(collected)
    grouped = {item.name for item in collected if item.get_closest_marker("xdist_group")}

    assert grouped == {"first", "second", "long"}


@pytest.mark.parametrize(
    ("scope", "dealt_out_with"),
    [
        ("tests/unit/a/test_b.py::test_c[x::y]", "tests/unit/a/test_b.py"),
        ("tests/integration/provenance/test_b.py::test_c", "tests/integration/provenance/"),
        ("one node", "one node"),
    ],
)
def test_the_unit_of_a_test(scope, dealt_out_with):
    assert unit(scope) == dealt_out_with


def test_the_scheduler_keeps_the_order_of_the_workers(pytestconfig):
    option = pytest.MonkeyPatch()
    with option.context() as patch:
        patch.setattr(pytestconfig.option, "loadscopereorder", True, raising=False)
        patch.setattr(pytestconfig.option, "tx", ["popen"], raising=False)
        scheduling = Scheduling(pytestconfig)
        assert scheduling.config.option.loadscopereorder is False
        assert scheduling._split_scope("tests/a.py::test_b[c]@one node") == "one node"
        assert scheduling._split_scope("tests/a.py::test_b[c@d]") == "tests/a.py"
