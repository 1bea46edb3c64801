"""Events of a call against what a model says: every field counts, and how often it was emitted."""

from __future__ import annotations

import pytest

from ethwire.abi import EventAbi, word
from evmstorm.evm.machine import RawLog
from evmstorm.fuzz._events import check_event

CONTRACT, OTHER, WHO = ("0x" + byte * 20 for byte in ("aa", "bb", "cc"))
INPUTS = (
    ("who", "address", True),
    ("amount", "uint256", False),
    ("note", "string", False),
    ("epoch", "uint256", False),
)
PAID = EventAbi("Paid", INPUTS)
RIGHT = {"who": WHO, "amount": 5, "note": "first", "epoch": 9}


def log(address: str = CONTRACT, topic: bytes = PAID.topic) -> RawLog:
    note = word(96) + word(9) + word(5) + b"first".ljust(32, b"\0")
    return RawLog(address, [topic, bytes.fromhex(WHO[2:]).rjust(32, b"\0")], word(5) + note)


@pytest.mark.parametrize("names", [(), ("who",), ("amount",), ("note",), ("epoch",), tuple(RIGHT)])
def test_what_is_said_holds(names: tuple[str, ...]) -> None:
    check_event(PAID, CONTRACT, [log()], 1, {name: RIGHT[name] for name in names})


@pytest.mark.parametrize(("name", "wrong"), [("who", OTHER), ("amount", 6), ("note", "second"), ("epoch", 8)])
def test_a_wrong_field_is_named(name: str, wrong: object) -> None:
    with pytest.raises(AssertionError, match=rf"Paid\.{name} is"):
        check_event(PAID, CONTRACT, [log()], 1, RIGHT | {name: wrong})


@pytest.mark.parametrize("logs", [[], [log(OTHER)], [log(topic=bytes(32))], [log(), log()]])
def test_another_number_of_events_is_told(logs: list[RawLog]) -> None:
    with pytest.raises(AssertionError, match="emitted"):
        check_event(PAID, CONTRACT, logs, 1, RIGHT)


def test_the_last_of_several_counts() -> None:
    first = RawLog(CONTRACT, log().topics, word(6) + log().data[32:])
    check_event(PAID, CONTRACT, [first, log()], 2, RIGHT)
    with pytest.raises(AssertionError, match=r"Paid\.amount is 6, not 5"):
        check_event(PAID, CONTRACT, [log(), first], 2, RIGHT)


@pytest.mark.parametrize(("name", "wrong"), [("terms", (5, 7)), ("roots", (6, 5)), ("epoch", 8)])
def test_a_struct_stands_in_several_words(name: str, wrong: object) -> None:
    """It and what comes after it are compared whole."""
    kept = EventAbi("Kept", (("terms", "(uint256,uint256)", False), ("roots", "uint256[2]", False),
                             ("epoch", "uint256", False)))  # fmt: skip
    there = RawLog(CONTRACT, [kept.topic], b"".join(map(word, (5, 6, 7, 8, 9))))
    right = {"terms": (5, 6), "roots": (7, 8), "epoch": 9}
    check_event(kept, CONTRACT, [there], 1, right)
    with pytest.raises(AssertionError, match=rf"Kept\.{name} is"):
        check_event(kept, CONTRACT, [there], 1, right | {name: wrong})
