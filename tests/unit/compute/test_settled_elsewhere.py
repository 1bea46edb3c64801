"""Promises that are over are settled by anybody: who comes second settles the rest, of services and of covers."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from keifu.chain.suite import COMPUTE, DISPUTES
from keifu.compute.market import services
from keifu.errors import Revert

OWN, OPERATOR = "0x" + "11" * 20, "0x" + "22" * 20
PLACES = {COMPUTE: "0x" + "33" * 20, DISPUTES: "0x" + "44" * 20}
SUITE = SimpleNamespace(addresses=PLACES)
ONE, TWO, THREE = (bytes([number]) * 32 for number in (1, 2, 3))


class Market:
    """Reserves by what they are for. Before the first transaction another settles what is in `elsewhere`."""

    sender = OWN

    def __init__(self, contract, operator, services, covers, elsewhere):
        self._contract, self._operator, self._elsewhere = contract, operator, elsewhere
        self._reserved, self.sent = {"service": set(services), "cover_of": set(covers)}, []

    def call(self, where, contract, function, *args):
        assert (where, contract) == (PLACES[self._contract], self._contract)
        if function in ("service", "cover_of"):
            item, operator = args if function == "cover_of" else reversed(args)
            assert operator == self._operator
            reserve = 5 if item in self._reserved[function] else 0
            return (OWN, OWN, 1, 1, 2, 3, reserve) if function == "cover_of" else (1, 2, 3, reserve)
        self.sent.append((function, *args))
        for kind in self._reserved.values():
            kind.difference_update(self._elsewhere)
        self._elsewhere, lost = (), self._elsewhere
        if lost:
            raise Revert("compute: no cover")
        return None


def test_a_settlement_goes_on_with_what_is_left():
    chain = Market(COMPUTE, OPERATOR, [ONE, TWO], [ONE, THREE], [ONE])
    services.settle(chain, SUITE, OPERATOR, [ONE, TWO], [ONE, THREE])
    assert chain.sent == [
        ("settle", OPERATOR, [ONE, TWO], [ONE, THREE]),
        ("settle", OPERATOR, [TWO], [THREE]),
    ]


def test_nothing_is_sent_where_all_is_settled_elsewhere():
    chain = Market(COMPUTE, OPERATOR, [ONE], [TWO], [ONE, TWO])
    services.settle(chain, SUITE, OPERATOR, [ONE], [TWO])
    assert len(chain.sent) == 1


@pytest.mark.parametrize(
    ("contract", "first", "last"),
    [(COMPUTE, ([ONE], [TWO, THREE]), ([ONE], [THREE])), (DISPUTES, ([TWO, THREE],), ([THREE],))],
)
def test_coins_are_freed_after_what_is_left(contract, first, last):
    """Disputes know no environments."""
    environments = [ONE] if contract == COMPUTE else []
    chain = Market(contract, OWN, environments, [TWO, THREE], [TWO])
    services.unlock(chain, SUITE, 7, environments, [TWO, THREE], contract)
    assert chain.sent == [("unlock", 7, *first), ("unlock", 7, *last)]


def test_a_promise_that_never_was_is_named_all_the_same():
    """The contract says that there is none: a mistyped name is no success."""
    chain = Market(COMPUTE, OWN, [], [], [])
    services.unlock(chain, SUITE, 7, [ONE], [TWO])
    assert chain.sent == [("unlock", 7, [ONE], [TWO])]
