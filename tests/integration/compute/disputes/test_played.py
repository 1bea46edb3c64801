"""Disputes between real processes: a fake is found, slashed and paid for; who is honest loses nothing."""

from __future__ import annotations

import signal

import pytest

import keifu
from keifu.chain.suite import DISPUTES, GAME
from keifu.compute.client.disputing import played, reading_of
from keifu.compute.market.refusals import send_with_coins
from keifu.compute.promises import shown
from keifu.compute.receipt import Evidence
from keifu.errors import CheckFailed
from keifu.inference.disputes import NO_PERMIT, Place, Question, Stage
from keifu.inference.disputes.reading import Outcome, Reading
from keifu.inference.disputes.turns import NO_MARKS
from keifu.local.suite import warp
from keifu.spec import inference_trees as trees
from keifu.units import COIN
from tests.beaten import Beaten
from tests.integration.compute.conftest import until
from tests.integration.compute.disputes.conftest import RESTITUTION

CALLS = ("show_groups", "name_group", "show_record", "ask", "show_nodes", "show_chunks", "show_sums", "prove")


def test_a_faked_layer_is_slashed_and_paid_for(paid, sell, buy, integers, monkeypatch):
    """By the SDK: one cover, one dispute, and what is paid at its end. It begins at the group, which came with the
    reply: nobody has to show or to name one."""
    node = sell("faker", "tests.faking_layers")
    buyer = buy(node)
    assert buyer.ask().evidence == Evidence.UNVERIFIED  # nothing is promised yet
    (kept,) = buyer.client.store.channels()
    disputes, hub = (paid.suite.at(paid.client, name) for name in (DISPUTES, "StakingHub"))
    lock = hub.lock_of(disputes.address, node.account)
    monkeypatch.setenv("KEIFU_CLIENT", str(buyer.client.store.folder))
    said = []
    with keifu.connect(paid.anvil.url, role="payer", deployments=paid.folder / "deployments") as k:
        assert k.covers.show(kept.id.hex(), node.account, disputes=True).restitution == 0
        buyer.cover()
        assert k.covers.show(kept.id.hex(), node.account, disputes=True).restitution * COIN == RESTITUTION
        buyer.ask_proved()
        bond = disputes.bond()
        begun = paid.client.rpc.quantity("eth_blockNumber") + 1
        assert k.covers.dispute(integers, on_step=said.append) * COIN == RESTITUTION + RESTITUTION // 10 + bond
    assert said[-2:] == ["the wrong number is proved", "closed"]
    assert lock - hub.lock_of(disputes.address, node.account) == RESTITUTION * 1_475 // 1_000
    calls = calls_from(paid, begun)
    assert (calls[:2], calls[-2:]) == (["open", "show_record"], ["prove", "close"])
    assert not {"show_groups", "name_group"} & {*calls}


def calls_from(paid, first):
    """What was called of a dispute's contracts in the blocks from one on, in their order."""
    functions = [
        (paid.suite[name].lower(), paid.suite.at(paid.client, name).interface.function(function))
        for name, names in ((DISPUTES, ("open", "close")), (GAME, CALLS))
        for function in names
    ]
    named = {(address, function.selector.hex()): function.name for address, function in functions}
    rpc = paid.client.rpc
    blocks = [
        rpc.call("eth_getBlockByNumber", hex(number), True)
        for number in range(first, rpc.quantity("eth_blockNumber") + 1)
    ]
    sent = [(item["to"] or "", item["input"][2:10]) for block in blocks for item in block["transactions"]]
    return [named[to.lower(), selector] for to, selector in sent if (to.lower(), selector) in named]


class Griefer:
    """A payer that disputes an answer that is right."""

    def __init__(self, paid, buyer, judge):
        self.paid, self.reading = paid, reading_of(paid.client, paid.suite, 0)
        self.judged = judge.judge(list(buyer.client.store.replies())[-1])
        assert self.judged.words == "right"
        reply = self.judged.reply
        place = Place(2, 4, reply.positions[2], trees.path(list(reply.positions), 2))
        paid.client.rpc.call("evm_mine")
        published = self.judged.challenger.published
        args = (shown(reply.signed), self.judged.record.args, published.descriptor(3, 2), *place, NO_PERMIT)
        send_with_coins(paid.by(paid.payer), paid.suite, self.bond, DISPUTES, "open", *args)
        (self.opened,) = self.reading.opened(operator=buyer.node.account)

    @property
    def bond(self):
        return self.reading.disputes.bond()

    def until(self, stage, node):
        """The standing when the node has answered."""

        def found():
            standing = self.reading.standing(self.opened)
            return standing if standing.turn.stage == stage else None

        return until(found, node.process)

    def call(self, standing, name, *args):
        getattr(self.reading.game, name)(standing.turn.args, *args, sender=self.paid.payer)


class Between(Reading):
    """Of a chain on which a move is made between the read of the turn and that of its events."""

    def __init__(self, griefer, move):
        reading = griefer.reading
        super().__init__(reading.chain, reading.disputes, reading.game, 0)
        self.moves = [move]

    def _logs(self, *about):
        if self.moves:
            self.moves.pop()()
        return super()._logs(*about)


def test_an_honest_node_answers_all_and_gets_the_bond(paid, sell, buy, judge):
    """Also after a kill in the middle: where it stands is read from the chain, and the rest is computed again."""
    node = sell("honest provider")
    buyer = buy(node)
    buyer.ask()
    buyer.cover()
    buyer.ask_proved()
    disputes, hub = (paid.suite.at(paid.client, name) for name in (DISPUTES, "StakingHub"))
    lock = hub.lock_of(disputes.address, node.account)
    griefer = Griefer(paid, buyer, judge)
    standing = griefer.until(Stage.NAMING, node)
    node.end(signal.SIGKILL)
    boundary, path = standing.seen.boundaries[1], trees.path(list(standing.seen.boundaries), 1)
    between = Between(griefer, lambda: griefer.call(standing, "name_group", 1, boundary, path, NO_MARKS))
    assert between.standing(griefer.opened).turn.stage == Stage.RECORD
    node.run()
    for question in (Question(Stage.CHUNKS, 1), Question(Stage.SUMS, 8, 1, 1, 3), Question(Stage.NODES, 3)):
        standing = griefer.until(Stage.ASKING, node)
        griefer.call(standing, "ask", *question.args)
    before = griefer.until(Stage.ASKING, node)
    held = paid.token.balanceOf(node.account)
    warp(paid.client, before.turn.deadline + 1 - paid.client.now)
    until(lambda: griefer.reading.standing(griefer.opened) is None, node.process)
    assert griefer.reading.outcome(griefer.opened) == Outcome(False)
    until(lambda: paid.token.balanceOf(node.account) == held + griefer.bond, node.process)
    assert hub.lock_of(disputes.address, node.account) == lock
    until(lambda: node.status()["disputes"].get("won") == 1, node.process)
    with pytest.raises(CheckFailed, match="the reply is what the model makes"):
        buyer.dispute(judge).open()


def test_who_cannot_answer_loses(paid, sell, buy, judge):
    """A node whose token ids are gone says nothing: its window passes, and the client closes."""
    node = sell("forgetful provider", "tests.faking_node")
    buyer = buy(node)
    buyer.ask()
    buyer.cover()
    buyer.ask_proved()
    dispute = buyer.dispute(judge)
    node.end(signal.SIGKILL)
    dispute.open()
    waited = dispute.step()
    assert waited.is_waiting
    assert "the roots of a group's tensors" in waited.words
    warp(paid.client, waited.until + 1 - paid.client.now)
    dispute._sender = beaten = Beaten(dispute._sender, paid.by(paid.anvil.account("passer-by")), "close")
    said = []
    assert played(dispute, said.append) == Outcome(True, RESTITUTION, RESTITUTION // 10)
    assert (said, beaten.beaten) == ([], ["close"])  # by another, at the same moment
