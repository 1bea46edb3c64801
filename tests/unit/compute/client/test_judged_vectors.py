"""Vectors of texts as a client keeps, hands on and judges them: only what its receipt binds, and only one text."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from keifu.compute.canonical import tokens_root
from keifu.compute.client.checks import Check, Exchange, Expected, check_reply, shown
from keifu.compute.client.handing import Handed, hand
from keifu.compute.client.kept import KeptReply, keep
from keifu.compute.client.store import Store
from keifu.compute.openai import embedded
from keifu.compute.receipt import Evidence, Receipt, Receipts
from keifu.compute.vectors import joined, leaves_of, numbers_of, trace_of_leaves, vectors_of
from keifu.compute.vectors import shown as beside
from keifu.errors import CheckFailed, InputError
from keifu.inference.disputes.turns import NO_MARKS
from keifu.inference.embeddings.building import build
from keifu.inference.embeddings.executor import Executor
from keifu.inference.embeddings.keeping import load
from keifu.inference.embeddings.rooting import program_root
from keifu.spec.inference_trees import tensor_root
from tests.conformance.inference.bert_folder import POSITIONS, folder_of
from tests.unit.compute.client.test_handing import DISPUTES, PAYER, UNTIL, WATCHER
from tests.unit.compute.client.test_judging import CHAIN, KEY, MARKET, ONE, OPERATOR, judge_of
from tests.unit.compute.client.test_proved import Known

HERE = Expected(CHAIN, MARKET, OPERATOR, has_disputes=True)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    place = tmp_path_factory.mktemp("embedding")
    return build(folder_of(place / "published"), place / "integers")


@pytest.fixture(scope="module")
def judge(stored):
    return judge_of(stored, program_root(stored.program))


@pytest.fixture(scope="module")
def ran(stored):
    ids = stored.tokenizer.encode("a proof of work is no promise", POSITIONS)
    return ids, Executor(stored.program).run(ids)


@pytest.fixture(scope="module")
def right(ran):
    ids, run = ran
    return reply_of(ids, run.vector.tolist(), run.leaves().tobytes(), run.roots(ids).trace)


def reply_of(ids, lanes, groups, trace, **changes):
    roots = tokens_root(ids), tensor_root(lanes, 16), trace
    receipt = Receipt(ONE, 1, ONE, 1, ONE, ONE, ONE, *roots, len(ids), 1, 1, 1, Evidence.PROVED, 9)
    signed = Receipts(CHAIN, MARKET).sign(KEY, [replace(receipt, **changes)])[0]
    return KeptReply(signed, tuple(ids), tuple(lanes), (), groups, is_vector=True)


def test_what_the_model_makes_is_right(judge, right):
    judged = judge.judge(right)
    assert (judged.words, judged.place, judged.operator) == ("right", None, OPERATOR)


def test_another_vector_than_the_trace_s(judge, ran):
    """At the last position, where only the reply is wrong."""
    ids, run = ran
    lanes = [run.vector[0].item() + 1, *run.vector[1:].tolist()]
    judged = judge.judge(reply_of(ids, lanes, run.leaves().tobytes(), run.roots(ids).trace))
    assert judged.place.position == len(ids) - 1
    assert judged.challenger.is_reply(judged.seen)
    assert "is wrong" in judged.words


def test_a_model_that_no_dispute_reaches(judge, ran, right, monkeypatch):
    monkeypatch.setattr(judge._model, "beyond", "it is too large")
    assert judge.judge(right).words == "right"
    ids, run = ran
    lanes = [run.vector[0].item() + 1, *run.vector[1:].tolist()]
    with pytest.raises(CheckFailed, match="it is wrong, and a dispute might cost its bond: it is too large"):
        judge.judge(reply_of(ids, lanes, run.leaves().tobytes(), run.roots(ids).trace))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prompt": (2, 4, 3)}, "not those of the receipt"),
        ({"ids": (1,) * 64}, "not those of the receipt"),
        ({"ids": (1 << 15,) * 64}, "these are no token ids"),
        ({"groups": b""}, "is of no reply that can be disputed"),
        ({"groups": bytes(95)}, "what its groups committed to is not whole"),
        ({"is_vector": False}, "is of no reply that can be disputed"),
        ({"is_vector": False, "positions": (ONE,)}, "not those of the receipt"),
        ({"prompt": (1,) * 1_025}, "a dispute reaches 1,024 positions"),
    ],
)
def test_what_the_receipt_does_not_bind_is_not_disputed(judge, right, changes, said):
    with pytest.raises(InputError, match=said):
        judge.judge(replace(right, **changes))


@pytest.mark.parametrize("changes", [{"output_units": 2}, {"input_units": 4}, {"evidence": Evidence.UNVERIFIED}])
def test_units_and_word_are_the_receipt_s(judge, ran, changes):
    ids, run = ran
    with pytest.raises(InputError, match=r"do not dispute it|one that says proved"):
        judge.judge(reply_of(ids, run.vector.tolist(), run.leaves().tobytes(), run.roots(ids).trace, **changes))


def test_a_text_that_the_model_cannot_read(judge, ran):
    _, run = ran
    ids = [2, 99, 3, *[1] * (len(run.lanes) - 3)]
    judged = judge.judge(reply_of(ids, run.vector.tolist(), run.leaves().tobytes(), run.roots(ids).trace))
    assert (judged.words, judged.place.position) == ("the model takes nothing like it", 1)


def test_a_text_that_is_longer_than_the_model_reads(judge, ran):
    """Nobody can compute its vector, and that there is one is wrong: at the first position that has no place."""
    _, run = ran
    ids, lanes, groups = [1] * (POSITIONS + 2), run.vector.tolist(), run.leaves()[0].tobytes() * (POSITIONS + 2)
    judged = judge.judge(reply_of(ids, lanes, groups, trace_of_leaves(leaves_of(groups, len(ids)))))
    assert judged.words == "the model takes nothing like it"
    assert (judged.place.position, judged.place.group, judged.place.marks) == (POSITIONS, 0, NO_MARKS)
    other = run.leaves()[0, 1:].tobytes() * len(ids)  # of another number of groups
    judged = judge.judge(reply_of(ids, lanes, other, trace_of_leaves(leaves_of(other, len(ids)))))
    assert judged.place.position == 0


def test_groups_of_another_number_are_disputed(judge, ran):
    """The client could not count them. The chain opens what is named, and nobody can show a record below it."""
    ids, run = ran
    fewer = run.leaves()[:, :3]
    trace = trace_of_leaves(leaves_of(fewer.tobytes(), len(ids)))
    judged = judge.judge(reply_of(ids, run.vector.tolist(), fewer.tobytes(), trace))
    assert (judged.place.position, judged.place.group, judged.place.node) == (0, 3, bytes(32))


def test_what_was_handed_is_read_again(right):
    handed = hand(right, PAYER, CHAIN, DISPUTES, WATCHER, UNTIL)
    assert Handed.decode(handed.encode()).reply == right
    other = msgspec.json.decode(handed.encode())
    del other["vector"]
    with pytest.raises(InputError, match="it has other numbers of tokens than its receipt"):
        Handed.decode(msgspec.json.encode(other))
    other = {**msgspec.json.decode(handed.encode()), "positions": "AAAA"}
    with pytest.raises(InputError, match="it has not one root a position"):
        Handed.decode(msgspec.json.encode(other))


# what is kept and shown ---------------------------------------------------------------------------------------------


def answered(runs, *, gives=True):
    """An answer, and its receipt."""
    said = [
        beside(ids, run.vector, run.roots(ids).trace, run.leaves().tobytes() if gives else b"") for ids, run in runs
    ]
    units = sum(len(ids) for ids, _ in runs), len(runs)
    vectors = [numbers_of(run.vector).tolist() for _, run in runs]
    body = embedded("vectors", vectors, units, as_base64=False, more=said)
    roots = joined([item.roots for item in vectors_of(body)])
    receipt = Receipt(ONE, 1, ONE, 1, ONE, ONE, ONE, *roots, *units, 1, 1, Evidence.PROVED, 9)
    return body, Receipts(CHAIN, MARKET).sign(KEY, [receipt])[0]


@pytest.mark.parametrize(
    ("texts", "gives", "promised", "said"),
    [
        (1, True, True, ""),
        (1, True, False, "its operator promised nothing that you know of for a wrong number"),
        (1, False, True, "it came without what its groups committed to, which a dispute begins with"),
        (2, True, True, "it is of several texts, and a dispute is about one"),
    ],
)
def test_what_it_takes_to_be_shown_as_proved(ran, texts, gives, promised, said):
    body, signed = answered([ran] * texts, gives=gives)
    exchange, expected = Exchange(b"{}", body, signed), replace(HERE, has_disputes=promised)
    found = {item.check: item for item in check_reply(exchange, expected, Known())}
    assert found[Check.ROOTS].ok
    assert found[Check.EVIDENCE].ok
    assert shown(exchange, expected) == (Evidence.UNVERIFIED if said else Evidence.PROVED)
    assert said in found[Check.EVIDENCE].detail


def test_a_text_of_more_positions_than_a_dispute_reaches(ran):
    body, signed = answered([ran])
    receipt = replace(signed.receipt, input_units=1_025)
    exchange = Exchange(b"{}", body, Receipts(CHAIN, MARKET).sign(KEY, [receipt])[0])
    found = {item.check: item for item in check_reply(exchange, HERE, Known())}
    assert shown(exchange, HERE) == Evidence.UNVERIFIED
    assert "a dispute reaches 1,024 positions" in found[Check.EVIDENCE].detail


def test_a_vector_is_kept_beside_replies_of_tokens(tmp_path, ran, right):
    body, signed = answered([ran])
    with Store(tmp_path) as store, store._writing() as database:
        store._keep(database, 1, signed, held=True)
        keep(database, signed, body)
        for other in (answered([ran], gives=False), answered([ran] * 2)):
            store._keep(database, 2, other[1], held=True)
            keep(database, other[1], other[0])
        (reply,) = store.replies()
        assert list(store.replies(signed.receipt.struct_hash)) == [reply]
        assert list(store.replies(bytes(32))) == []
    assert replace(reply, signed=right.signed) == right


def test_the_model_on_the_disk_is_the_same(stored, tmp_path_factory):
    place = tmp_path_factory.mktemp("again")
    build(folder_of(place / "published"), place / "integers")
    assert program_root(load(place / "integers").program) == program_root(stored.program)
