"""When a reply is shown as proved: its receipt binds program and trace, and a contract that you know of judges it."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import replace
from types import SimpleNamespace

import msgspec
import pytest

from keifu.compute.canonical import tokens_root, trace_of
from keifu.compute.client.checks import Check, Exchange, Expected, check_reply, shown
from keifu.compute.client.client import ComputeClient
from keifu.compute.client.sources import Promoted
from keifu.compute.receipt import Evidence, Receipt, SignedReceipt

ONE, ZERO = b"\x01" * 32, bytes(32)
PROMPT, REPLY = [5, 6, 7], [8, 9]
POSITIONS = [bytes([place]) * 32 for place in range(1, len(PROMPT) + len(REPLY))]


def body(positions):
    """An answer with the roots of positions, one after the other."""
    named = {"keifu": {"positions": b64encode(b"".join(positions)).decode()}} if positions else {}
    return msgspec.json.encode({"prompt_token_ids": PROMPT, "choices": [{"token_ids": REPLY}], **named})


BODY = body(POSITIONS)
ROOTS = tokens_root(PROMPT), tokens_root(REPLY), trace_of(POSITIONS)
RECEIPT = Receipt(ONE, 1, ONE, 1, ONE, ONE, ONE, *ROOTS, 3, 2, 0, 0, Evidence.PROVED, 0)
HERE = Expected(1, "0x" + "11" * 20, "0x" + "22" * 20, has_disputes=True)


class Known:
    word = "the test"

    def promoted(self, environment, seq):
        return None

    def operator_of(self, key, time):
        return ""


def judged(receipt, expected=HERE, body=BODY):
    """The word, and the findings about evidence and roots."""
    exchange = Exchange(b"{}", body, SignedReceipt(receipt, (), bytes(65)))
    found = {item.check: item for item in check_reply(exchange, expected, Known())}
    return shown(exchange, expected), found[Check.EVIDENCE], found[Check.ROOTS]


def test_all_that_it_takes():
    word, evidence, roots = judged(RECEIPT)
    assert word == Evidence.PROVED
    assert evidence.ok
    assert evidence.detail == "proved: any wrong number can be shown on the chain"
    assert roots.ok


def test_without_a_contract_it_is_the_provider_s_word():
    word, evidence, _ = judged(RECEIPT, replace(HERE, has_disputes=False))
    assert word == Evidence.UNVERIFIED
    assert evidence.ok
    assert (
        evidence.detail
        == "unverified: it says proved, but its operator promised nothing that you know of for a wrong number"
    )


@pytest.mark.parametrize(
    ("promoted", "is_promised"),
    [(Promoted(ONE, 1, program=ONE), True), (Promoted(ONE, 1, program=ZERO), False), (Promoted(ONE, 1), False),
     (None, False)],
)  # fmt: skip
def test_a_record_that_names_no_program_promises_no_token(promoted, is_promised):
    """Whatever covers the channel: nothing could be shown wrong by it."""
    sources = SimpleNamespace(promoted=lambda *_: promoted, has_promised=lambda *_: True)
    client, provider = SimpleNamespace(sources=sources), SimpleNamespace(operator=HERE.operator)
    assert ComputeClient._has_promised(client, provider, RECEIPT) == is_promised


def test_without_roots_of_positions_nobody_could_begin_a_dispute():
    word, evidence, roots = judged(RECEIPT, body=body([]))
    assert (word, evidence.ok, roots.ok) == (Evidence.UNVERIFIED, True, True)
    assert "it came without the roots of its positions" in evidence.detail


@pytest.mark.parametrize("positions", [POSITIONS[:-1], POSITIONS[::-1], [*POSITIONS, ONE], [b"\x01" * 31]])
def test_roots_of_other_positions_are_refused(positions):
    _, _, roots = judged(RECEIPT, body=body(positions))
    assert not roots.ok
    assert roots.detail == "trace root is not that of the positions whose roots came"


def test_a_trace_that_is_too_long_is_not_judged():
    word, evidence, _ = judged(replace(RECEIPT, input_units=1_024))
    assert (word, evidence.ok) == (Evidence.UNVERIFIED, True)
    assert "a dispute reaches 1,024 positions" in evidence.detail


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"trace_root": ZERO}, "proved, but it binds no trace"),
        ({"input_root": ZERO}, "proved, but it binds no trace"),
        ({"output_root": ZERO}, "proved, but it binds no trace"),
        ({"environment": ZERO}, "proved, but it is bound to no environment, so to no program"),
    ],
)
def test_what_nobody_could_show_is_refused(changes, said):
    word, evidence, _ = judged(replace(RECEIPT, **changes))
    assert word == Evidence.UNVERIFIED
    assert not evidence.ok
    assert evidence.detail == said


@pytest.mark.parametrize("binds", [{}, {"environment": ZERO, "promotion_seq": 0, "digest": ZERO}])
def test_an_upstream_that_serves_another_model_is_shown_as_nothing_but_its_word(binds):
    """No trace came from it, whatever model answered. It earns its fee, is shown as unverified, and whoever makes a
    stronger word of it is refused and gets nothing. Of a model that a panel could run, *re-executed* is the word of a
    promise that is not there: shown as unverified, too."""
    roots = {"input_root": ZERO, "output_root": ZERO, "trace_root": ZERO}
    body = msgspec.json.encode({"choices": [{"message": {"content": "by another model"}}]})
    said = replace(RECEIPT, evidence=Evidence.UNVERIFIED, **roots, **binds)
    word, evidence, _ = judged(said, body=body)
    assert (word, evidence.ok, evidence.detail) == (Evidence.UNVERIFIED, True, "unverified: its provider's word")
    word, evidence, _ = judged(replace(said, evidence=Evidence.PROVED), body=body)
    assert (word, evidence.ok) == (Evidence.UNVERIFIED, False)
    word, evidence, _ = judged(replace(said, evidence=Evidence.REEXECUTED), body=body)
    assert (word, evidence.ok) == (Evidence.UNVERIFIED, said.digest != ZERO)
    assert evidence.detail.startswith("unverified: it says re-executed, but you" if evidence.ok else "re-executed, but")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"input_root": ONE}, "input root is not that of the tokens that were named"),
        ({"output_root": ONE}, "output root is not that of the tokens that were named"),
        ({"output_units": 3}, "3 tokens in and 2 out are named, it says 3 and 3"),
    ],
)
def test_ids_that_are_not_bound_are_refused(changes, said):
    _, _, roots = judged(replace(RECEIPT, **changes))
    assert not roots.ok
    assert roots.detail == said
    assert judged(replace(RECEIPT, **changes), body=b"{}")[2].detail == "trace root, which nothing here can compare"


def test_vectors_without_their_integers_are_not_judged():
    """Not even in an answer that has a proved reply beside them: what is read of it is the vector."""
    document = {**msgspec.json.decode(BODY), "data": [{"index": 0, "embedding": [1.0]}]}
    word, evidence, _ = judged(RECEIPT, body=msgspec.json.encode(document))
    assert (word, evidence.ok) == (Evidence.UNVERIFIED, True)
    assert evidence.detail == "unverified: it says proved, but it came without the integers of its vectors"
