"""A member asks its own model as the provider did; where that fails it knows nothing, and says nothing."""

from __future__ import annotations

import json
import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest

from examples.floats.server import floats, make_weights
from keifu.chain.suite import REEXECUTION
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.keys import Account
from keifu.node.reexecutor.book import Words
from keifu.node.reexecutor.work import ReExecutor, computed
from keifu.provenance.digest import digest_path
from keifu.reexecution.computing import OwnModel
from keifu.reexecution.reading import Opened, Stage, pool_key
from keifu.reexecution.tolerance import Compared, Rule, Tolerance, Word

TOLERANCE = Tolerance(Rule.NUMBERS, 1e-4, 1e-3)
REQUEST = json.dumps({"model": "theirs", "input": "how far is it?"}).encode()
NOTHING = bytes(32)


@pytest.fixture
def weights(tmp_path):
    return make_weights(tmp_path / "weights")


@pytest.fixture
def model(weights):
    with floats(weights, 1) as server:
        digest = digest_path(weights).root
        yield OwnModel(
            "floats", server.url, digest, TOLERANCE, 8, endpoints=frozenset({"embeddings"}), weights=weights,
            patience=5.0,
        )  # fmt: skip


def test_two_orders_of_adding_agree_and_a_lie_differs(model, weights):
    with floats(weights, 2) as other:
        [call] = model.calls(REQUEST)
        theirs = replace(model, url=other.url).answer(call)
        other.lie = 0.01
        lie = replace(model, url=other.url).answer(call)
    own, compared = computed(model, Opened(REQUEST, theirs, (NOTHING, NOTHING)))
    assert own != theirs
    assert compared.word == Word.AGREES
    assert computed(model, Opened(REQUEST, lie, (NOTHING, NOTHING)))[1].word == Word.DIFFERS


def test_what_was_stored_cannot_be_read_here(model):
    _, compared = computed(model, Opened(b"", b"", (b"\1" * 32, b"\1" * 32)))
    assert compared.word == Word.UNREADABLE


def test_a_model_that_does_not_answer_gives_no_word(model):
    gone = replace(model, url="http://127.0.0.1:1/v1")
    with pytest.raises(EnvironmentFault, match="answers no such request"):
        computed(gone, Opened(REQUEST, b"{}", (NOTHING, NOTHING)))
    with pytest.raises(EnvironmentFault, match="it is no request of embeddings"):
        computed(model, Opened(b'{"messages": []}', b"{}", (NOTHING, NOTHING)))


def test_weights_of_another_digest_compute_nothing(model, weights):
    model.require_weights()
    (weights / "weights.npy").write_bytes(b"others")
    with pytest.raises(CheckFailed, match="has digest"):
        model.require_weights()
    with pytest.raises(CheckFailed, match="has digest"):
        computed(model, Opened(REQUEST, b"{}", (NOTHING, NOTHING)))
    replace(model, weights=None).require_weights()


def test_its_pool_is_of_digest_rule_and_fee(model):
    assert model.pool == pool_key(model.digest, TOLERANCE.encoded, 8)
    assert replace(model, fee=9).pool != model.pool


def test_a_request_that_nests_deeply_ends_no_node(model):
    """Strangers write requests: what is raised has to be what a node expects. Where reading stops depends on the stack
    that there is, so each depth near that is tried."""
    renamed = replace(model, theirs="own")
    words = set()
    with ThreadPoolExecutor(1) as thread:
        for depth in range(970, 1_000):
            request = REQUEST[:-1] + b', "z": ' + b"[" * depth + b"]" * depth + b"}"
            try:
                thread.submit(computed, renamed, Opened(request, b"{}", (NOTHING, NOTHING))).result()
            except EnvironmentFault as fault:
                words.add(fault.message.partition(": ")[2])
    assert words <= {"the request is nested too deeply", "it is no request of embeddings"}


def test_whatever_computing_raises_ends_no_round():
    """The fault is said, and tried again later; other seats go on."""
    broken: Future[None] = Future()
    broken.set_exception(ZeroDivisionError("odd"))
    heard = []
    node = SimpleNamespace(
        _openings=SimpleNamespace(of=lambda _: Opened(REQUEST, b"{}", (NOTHING, NOTHING))), _failed={},
        _running={(1, 0): broken}, body=SimpleNamespace(alerts=SimpleNamespace(tell=lambda *_, **__: heard.append(1))),
    )  # fmt: skip
    demand, named = SimpleNamespace(id=1, commit_until=9), SimpleNamespace(name="floats")
    assert ReExecutor._found(node, demand, 0, named) is None
    assert (node._running, list(node._failed), heard) == ({}, [(1, 0)], [1])
    assert "odd" in node._trouble
    node._trouble = ""
    assert ReExecutor._found(node, demand, 0, named) is None  # the next round, before another try
    assert "another try" in node._trouble


def test_a_log_that_is_not_there_is_said():
    """A member that waits for it is fined for silence when it does not come."""
    node = SimpleNamespace(_openings=SimpleNamespace(of=lambda _: None), _failed={})
    assert ReExecutor._found(node, SimpleNamespace(id=1), 0, None) is None
    assert "was not read" in node._trouble


def test_a_seal_that_is_not_found_again_does_not_keep_the_model_busy(model):
    """Another answer than the one that was sealed may come with the next try, which waits."""
    said = SimpleNamespace(seal=lambda _: b"\1" * 32)
    node = SimpleNamespace(
        _found=lambda *_: (b"", Compared(Word.UNREADABLE, "")), _shown=ReExecutor._shown, _me="", _failed={},
        _words=SimpleNamespace(made=lambda *_: said),
    )  # fmt: skip
    assert ReExecutor._recovered(node, SimpleNamespace(id=1), 0, model, SimpleNamespace(seal=b"\2" * 32)) is None
    assert list(node._failed) == [(1, 0)]
    assert "sealed elsewhere" in node._trouble


def test_a_word_that_the_chain_has_not_gives_way_to_the_one_that_was_sealed(model):
    """The disk was lost after the seal was sent, and the node computed once more before it stood in a final block."""
    chain = SimpleNamespace(id=31_337, suite={REEXECUTION: "0x" + "11" * 20})
    member = Account.from_role("member")
    words = Words(chain, member, sqlite3.connect(":memory:", isolation_level=None))
    sealed, other = (json.dumps({"data": [{"embedding": [number]}]}).encode() for number in (0.5, 0.5000001))
    digest = TOLERANCE.digest(sealed)
    seal = words.made(1, 0, Word.AGREES, sealed, digest, "").seal(member.address)
    later = words.keep(1, 0, Word.AGREES, other, TOLERANCE.digest(other), "")
    shown, found = [], []
    node = SimpleNamespace(
        _words=words, _me=member.address, _failed={}, _demands={}, _go_on=lambda *_: None, _shown=ReExecutor._shown,
        _show=lambda *args: shown.append(args[-1]), _found=lambda *_: found[-1] if found else None,
    )  # fmt: skip
    node._recovered = lambda *args: ReExecutor._recovered(node, *args)
    demand = SimpleNamespace(id=1, stage=Stage.WORKING, commit_until=5, reveal_until=9)
    place = 0, SimpleNamespace(seal=seal, word=0)
    for answer in (None, other, sealed):
        if answer is not None:
            found.append((answer, Compared(Word.AGREES, "")))
        ReExecutor._act(node, demand, None, model, place, SimpleNamespace(time=6))
    assert shown[:2] == [None, None]  # never the word whose seal the chain has not
    assert later.seal(member.address) != seal == shown[2].seal(member.address)
    assert words.get(1, 0) == shown[2]


def both(chat, completion):
    """Servers' answers to a request that two endpoints take."""
    said = {"chat/completions": {"message": {"content": chat}}, "completions": {"text": completion}}
    return {path: json.dumps({"choices": [choice]}).encode() for path, choice in said.items()}


def asked_by_either(model, answers):
    class Either(OwnModel):
        def answer(self, call):
            if answers[call.endpoint] is None:
                raise EnvironmentFault("it does not answer", remedy="wait")
            return answers[call.endpoint]

    return Either(model.name, model.url, model.digest, Tolerance(Rule.TEXT), model.fee)


TWOFOLD = json.dumps({"model": "m", "prompt": "a", "messages": [{"role": "user", "content": "b"}]}).encode()


@pytest.mark.parametrize("path", ["chat/completions", "completions"])
def test_a_request_of_two_forms_frames_no_provider_and_hides_no_lie(model, path):
    """Its sender wrote both: an answer to either one is what the model makes."""
    answers = both("to b", "to a")
    own = asked_by_either(model, answers)
    found = computed(own, Opened(TWOFOLD, answers[path], (NOTHING, NOTHING)))
    assert (found[0], found[1].word) == (answers[path], Word.AGREES)
    lie = Opened(TWOFOLD, both("lie", "lie")[path], (NOTHING, NOTHING))
    assert computed(own, lie)[1].word == Word.DIFFERS


def test_where_one_of_two_forms_is_not_answered_a_difference_is_not_known(model):
    answers = both("to b", "to a")
    own = asked_by_either(model, {**answers, "chat/completions": None})
    assert computed(own, Opened(TWOFOLD, answers["completions"], (NOTHING, NOTHING)))[1].word == Word.AGREES
    with pytest.raises(EnvironmentFault, match="does not answer"):
        computed(own, Opened(TWOFOLD, answers["chat/completions"], (NOTHING, NOTHING)))
