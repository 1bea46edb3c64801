"""What the probe finds out of a chain, by a node with one quirk at a time."""

from __future__ import annotations

import json

import httpx
import pytest

from ethwire import rlp
from ethwire.constants import GWEI, ZERO_ADDRESS
from ethwire.rpc import Rpc
from keifu.chain.factory import PROXY_CODE
from keifu.chain.probe import LEAST_BLOCK_GAS, probe, require_fit
from keifu.errors import EnvironmentFault

HASH = "0x" + "0a" * 32
ERROR = {"code": -32_000, "message": "invalid opcode"}
# What a machine of Cancun's rules answers, by the data of the call.
ANSWERS = {
    "18c547e4": "0x000000000000000000000000a94f5374fce5edbc8e2a8697c15331677e6ebf0b",
    "2a": "0x2a",
    "modexp": "0x05",
}


class Node:
    """A node of Cancun's rules, which says what `quirks` has of a method, by name."""

    def __init__(self, chain_id=16_602, **quirks):
        self.chain_id, self.quirks, self.sent = chain_id, quirks, []

    def block(self, number):
        block = {
            "number": hex(number), "hash": HASH, "parentHash": HASH, "baseFeePerGas": hex(GWEI), "gasLimit": hex(10**8),
            "mixHash": f"0x{number + 1:02x}" + "77" * 31, "transactions": [HASH] if number == 90 else [],
            "sha3Uncles": HASH, "miner": ZERO_ADDRESS, "stateRoot": HASH, "transactionsRoot": HASH,
            "receiptsRoot": HASH, "logsBloom": "0x" + "00" * 256, "difficulty": "0x0", "gasUsed": "0x0",
            "timestamp": "0x1", "extraData": "0x", "nonce": "0x" + "00" * 8,
        }  # fmt: skip
        return {**block, **self.quirks.get("block", {})}

    def call(self, request, _tag):
        data, to = request["data"][2:], int(request.get("to", "0x0"), 16)
        if "to" not in request:
            opcode = {"5f5ff3": "PUSH0", "60005c": "TLOAD", "60001e": "CLZ"}.get(data[:6], "MCOPY")
            return ERROR if opcode in self.quirks.get("without", ("CLZ",)) else "0x"
        if to in self.quirks.get("without", ()):
            return "0x"
        found = {
            1: ANSWERS["18c547e4"], 4: "0x2a", 5: "0x05", 6: "0x" + "00" * 64, 7: "0x" + "00" * 64,
            2: "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", 8: "0x" + "00" * 31 + "01",
            11: "0x" + "00" * 128 if self.quirks.get("prague") else "0x",
        }  # fmt: skip
        return found[to]

    def answer(self, method, params):
        if method in self.quirks:
            return self.quirks[method]
        match method:
            case "eth_chainId":
                return hex(self.chain_id)
            case "eth_getBlockByNumber":
                return self.block({"latest": 100, "finalized": 90}.get(params[0]) or int(params[0], 16))
            case "eth_call":
                return self.call(*params)
            case "eth_maxPriorityFeePerGas":
                return hex(GWEI)
            case "eth_getCode":
                return "0x" + PROXY_CODE.hex()
            case "eth_getTransactionReceipt":
                return {"transactionHash": HASH}
            case "eth_sendRawTransaction":
                self.sent.append(params[0])
                return {"code": -32_000, "message": "insufficient funds for gas * price + value"}
        raise AssertionError(method)

    def __call__(self, request):
        asked = json.loads(request.content)
        answer = self.answer(asked["method"], asked["params"])
        key = "error" if isinstance(answer, dict) and "message" in answer else "result"
        return httpx.Response(200, json={"jsonrpc": "2.0", "id": asked["id"], key: answer})


def probed(**quirks):
    return probe(Rpc("http://node.invalid", transport=httpx.MockTransport(Node(**quirks))))


def faults(found, seeds="prevrandao", randomness=""):
    return list(found.faults(seeds=seeds, randomness=randomness))


def test_a_chain_without_quirks_is_fit():
    found = probed(chain_id=11_155_111)
    assert (found.hardfork, found.lacking, found.prevrandao, found.final) == ("cancun", (), "", "served")
    assert (faults(found), list(found.notes())) == ([], [])
    require_fit(found, seeds="prevrandao", randomness="")


@pytest.mark.parametrize(
    ("quirks", "hardfork"),
    [
        ({"without": ("PUSH0", "MCOPY", "TLOAD", "CLZ")}, "paris"),
        ({"without": ("TLOAD", "CLZ")}, "shanghai"),
        ({}, "cancun"),
        ({"prague": True}, "prague"),
        ({"prague": True, "without": ()}, "osaka"),
        ({"without": ()}, "cancun"),  # an opcode of a fork whose other half is missing
    ],
)
def test_the_hardfork_is_what_opcodes_do(quirks, hardfork):
    assert probed(**quirks).hardfork == hardfork


@pytest.mark.parametrize("opcode", ["PUSH0", "MCOPY", "TLOAD"])
def test_an_opcode_that_the_suite_needs_is_missed_by_name(opcode):
    assert faults(probed(without=(opcode, "CLZ"))) == [f"the chain lacks the opcode {opcode}"]


@pytest.mark.parametrize(
    ("place", "name"),
    [(1, "ecrecover"), (2, "sha256"), (4, "identity"), (5, "modexp"), (6, "ecadd"), (7, "ecmul"), (8, "ecpairing")],
)
def test_a_precompile_that_is_not_there_is_missed_by_name(place, name):
    found = probed(without=(place, "CLZ"))
    assert faults(found) == [f"the chain lacks the precompile {name} ({place})"]
    with pytest.raises(EnvironmentFault, match=f"lacks the precompile {name}"):
        require_fit(found, seeds="prevrandao", randomness="")


def test_the_floor_of_tips_is_what_the_pool_says_when_it_refuses():
    refusal = {"code": -32_000, "message": "transaction underpriced: gas tip cap 1, minimum needed 3000000000"}
    found = probed(chain_id=5, eth_sendRawTransaction=refusal, eth_maxPriorityFeePerGas="0x1")
    assert (found.said_tip, found.tip, found.max_fee) == (1, 3 * GWEI, 5 * GWEI)
    assert list(found.notes()) == ["the node says that a tip of 1 wei will do, and takes 3000000000 at least"]


@pytest.mark.parametrize(
    "words",
    [
        "transaction underpriced: tip needed 3000000000, tip permitted 1",  # geth before 1.14
        "FeeTooLow, EffectivePriorityFeePerGas too low 1 < 3000000000, BaseFee: 7",  # Nethermind
        "FeePerGas needs to be higher than 3000000000 to be added to the TxPool",
        "transaction priority fee below minimum required priority fee 3000000000",  # reth
        "max priority fee per gas is below the floor of 3000000000",
    ],
)
def test_other_pools_say_the_floor_in_other_words(words):
    refusal = {"code": -32_000, "message": words}
    assert probed(chain_id=5, eth_sendRawTransaction=refusal, eth_maxPriorityFeePerGas="0x1").tip == 3 * GWEI


class Choosy(Node):
    """Refuses tips below `least` for their price, without a number, and then for what the sender has not."""

    least, words = 3 * GWEI, ""

    def answer(self, method, params):
        if method != "eth_sendRawTransaction":
            return super().answer(method, params)
        fields = rlp.decode(bytes.fromhex(params[0][4:]))
        self.sent.append(int.from_bytes(fields[2], "big"))
        enough = self.sent[-1] >= self.least and int.from_bytes(fields[3], "big") >= self.sent[-1] + GWEI
        return {"code": -32_000, "message": FUNDS if enough else self.words}


FUNDS = "Upfront cost exceeds account balance"


@pytest.mark.parametrize(
    "words",
    [
        "transaction underpriced",
        "Gas price below configured minimum gas price",  # Besu
        "provided fee < minimum global fee (21000aevmos < 42000000000000aevmos): insufficient fee",  # Cosmos
    ],
)
def test_a_pool_that_names_no_number_is_offered_more_until_it_is_content(words):
    node = Choosy(chain_id=5, eth_maxPriorityFeePerGas="0x1")
    node.words = words
    found = probe(Rpc("http://node.invalid", transport=httpx.MockTransport(node)))
    assert (found.tip, node.sent) == (4 * GWEI, [1, GWEI, 2 * GWEI, 4 * GWEI])


def test_a_pool_that_is_never_content_leaves_the_usual_tip():
    node = Choosy(chain_id=5)
    node.least, node.words = 1_000 * GWEI, "transaction underpriced"
    assert probe(Rpc("http://node.invalid", transport=httpx.MockTransport(node))).tip == GWEI
    assert len(node.sent) == 7


@pytest.mark.parametrize("chain_id", [16_661, 16_602])
def test_the_floor_of_0g_is_known_when_its_node_says_nothing(chain_id):
    assert probed(chain_id=chain_id, eth_maxPriorityFeePerGas="0x1").tip == 2 * GWEI


def test_a_node_without_an_opinion_of_tips_is_no_fault():
    missing = {"code": -32_601, "message": "the method does not exist"}
    found = probed(chain_id=5, eth_maxPriorityFeePerGas=missing)
    assert (found.said_tip, found.tip) == (0, GWEI)


def test_what_is_sent_to_learn_the_floor_can_never_be_in_a_block():
    node = Node()
    probe(Rpc("http://node.invalid", transport=httpx.MockTransport(node)))
    assert len(node.sent) == 1  # of an account that was made for it, and has nothing


def test_receipts_that_come_late_are_noted():
    assert list(probed(chain_id=5, eth_getTransactionReceipt=None).notes()) == [
        "receipts come later than blocks: each step waits for its own"
    ]


def test_a_block_that_cannot_hold_the_largest_contract_is_a_fault():
    assert faults(probed(block={"gasLimit": hex(LEAST_BLOCK_GAS)})) == []
    found = faults(probed(block={"gasLimit": hex(LEAST_BLOCK_GAS - 1)}))
    assert found == ["a block holds 7,999,999 gas, the largest contract needs 8,000,000"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("0x" + "00" * 32, "prevrandao was no random number in the last 8 blocks"),
        ("0x" + "00" * 31 + "02", "prevrandao was no random number in the last 8 blocks"),  # an old difficulty
        ("0x" + "77" * 32, "prevrandao was the same in the last 8 blocks"),
    ],
)
def test_a_prevrandao_that_means_nothing_needs_another_source(value, why):
    found = probed(block={"mixHash": value})
    assert faults(found) == [f"{why}: choose seeds = drand or commit-reveal, or name a source as randomness"]
    assert faults(found, seeds="drand") == faults(found, seeds="commit-reveal") == []
    assert faults(found, randomness="0x" + "0b" * 20) == []


def test_finality_that_is_not_served_is_a_number_of_blocks():
    class Unfinal(Node):
        def answer(self, method, params):
            if method == "eth_getBlockByNumber" and params[0] == "finalized":
                return {"code": -32_602, "message": "unknown block tag"}
            return super().answer(method, params)

    rpc = Rpc("http://node.invalid", transport=httpx.MockTransport(Unfinal(chain_id=16_602)))
    assert list(probe(rpc).notes())[-1] == "the node names no final block: 2 blocks are waited for"


def test_a_chain_without_the_proxy_is_noted():
    assert "no deployment proxy" in next(iter(probed(chain_id=5, eth_getCode="0x").notes()))
    assert probed(eth_getCode="0x60").has_proxy is False  # other code at its address
