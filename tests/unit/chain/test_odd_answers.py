"""What in keifu.chain reads a node's answers: an odd value anywhere in one is a result, or one error of ours in a line.
Senders and followers have runs of their own (`tests.changed_sendings`, `tests.changed_answers`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from ethwire.rpc import Rpc
from keifu.abi import load
from keifu.chain import ChainClient, _deployer, factory, roles, settings, verify
from keifu.chain._named import attestor_rows, currency_rows, token_rows
from keifu.chain.create3 import deployment_call, salt_of
from keifu.chain.creation import Creation
from keifu.chain.deployments import Record
from keifu.chain.finality import final_block
from keifu.chain.header import encode_header
from keifu.chain.logs import find_logs, topic_of_address
from keifu.chain.services import SERVICES
from keifu.chain.suite import FACTORY, HUB
from keifu.errors import KeifuError
from keifu.keys import Account
from tests.changed_sendings import answer_of
from tests.faulty_node import Answer, FaultyNode, Request

pytestmark = pytest.mark.case("tools-13")

ODD = [None, True, 7, -1, 1.5, "", "zz", "0x", "-0x1", "0x1_0", "0x1g", "0x" + "f" * 70, "0x" + "é" * 64, [], [7], {}]
ODD_PARTS = [None, 7, "zz", "0x", "-0x1", "0x" + "f" * 70, []]  # inside of an answer
ACCOUNT = Account.from_role("odd answers")
WORD, ADDRESS = "0x" + "11" * 32, "0x" + "aa" * 20
TX = "0x" + "22" * 32
NAME, LABEL, BLOCK = "Create3Factory", "odd", 16
CODE = load(NAME).creation_code
CALL = deployment_call(load(FACTORY).interface, LABEL, CODE)
PLAN = Creation(contract=NAME, label=LABEL, address=ADDRESS, arguments={}, encoded="0x", transaction=TX, block=BLOCK)
RECORD = Record(
    chain_id=1, genesis=WORD, deployer=ACCOUNT.address,
    creations=dict.fromkeys([FACTORY, HUB, *(service.contract for service in SERVICES)], PLAN),
)  # fmt: skip
LOG = {
    "address": ADDRESS, "topics": [_deployer.DEPLOYED, topic_of_address(ACCOUNT.address), "0x" + salt_of(LABEL).hex()],
    "data": "0x", "blockNumber": hex(BLOCK), "blockHash": WORD, "transactionHash": TX, "transactionIndex": "0x0",
    "logIndex": "0x0", "removed": False,
}  # fmt: skip
TRANSACTION = {
    "hash": TX, "from": ACCOUNT.address, "to": ADDRESS, "nonce": "0x1", "input": "0x" + CALL.hex(),
    "blockNumber": hex(BLOCK),
}  # fmt: skip
ANSWERS: dict[str, Any] = {
    "eth_chainId": "0x1",
    "eth_blockNumber": "0x80",
    "eth_getTransactionCount": "0x1",
    "eth_getCode": "0x6001",
    "eth_call": "0x" + "00" * 128,
    "eth_getLogs": [LOG],
    "eth_getTransactionByHash": TRANSACTION,
    "eth_getTransactionReceipt": {"transactionHash": TX, "blockNumber": hex(BLOCK), "status": "0x1"},
    "eth_getBlockByNumber": {"number": hex(BLOCK), "timestamp": "0x64", "transactions": [TRANSACTION | {"to": None}]},
}


def deployer(client: ChainClient) -> _deployer.RpcDeployer:
    return _deployer.RpcDeployer(client, ACCOUNT, ADDRESS)


def found_factory(client: ChainClient) -> object:
    searching = deployer(client)
    searching.begin(ADDRESS, BLOCK)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(factory, "SEARCHED", 1)
        return searching.look_up_factory(ADDRESS)


READERS: dict[str, Callable[[ChainClient], Any]] = {
    "finality": lambda client: final_block(client.rpc),
    "logs": lambda client: list(find_logs(client, ADDRESS, [_deployer.DEPLOYED, None, None])),
    "roles": lambda client: roles.ever_held(client, client.at(ADDRESS, "Timelock"), 0),
    "attestors that the timelock named": lambda client: list(
        attestor_rows(client, client.at(ADDRESS, "DataVerifier"), 0)
    ),
    "currencies that the timelock listed": lambda client: list(
        currency_rows(client, client.at(ADDRESS, "AgentMarket"), 0)
    ),
    "tokens that channels take": lambda client: list(token_rows(client, client.at(ADDRESS, "Channels"), 0)),
    "a service": lambda client: list(settings.service_rows(client, RECORD)),
    "the factory of a suite": lambda client: list(verify._factory_faults(client, RECORD, PLAN)),
    "a contract of a suite": lambda client: list(verify._creation_faults(client, RECORD, PLAN, PLAN)),
    "run-time code": lambda client: verify.makes(client, CODE, ADDRESS, BLOCK, b"\x60\x01"),
    "a deployer's nonce": lambda client: deployer(client).nonce(),
    "a deployer's codes": lambda client: deployer(client).codes([ADDRESS, ADDRESS]),
    "a contract that is there": lambda client: deployer(client).look_up(PLAN),
    "a factory that is there": found_factory,
}


def odd(value: Any, values: Sequence[Any] = ODD) -> Iterator[Any]:
    """The value with each of its parts, and itself, made odd."""
    yield from values
    if isinstance(value, dict):
        for key, part in value.items():
            yield {name: other for name, other in value.items() if name != key}
            for changed in odd(part, ODD_PARTS):
                yield value | {key: changed}
    elif isinstance(value, list):
        yield [*value, *value]
        for place, part in enumerate(value):
            for changed in odd(part, ODD_PARTS):
                yield [*value[:place], changed, *value[place + 1 :]]


def _fitting(request: Request, answer: Any) -> Any:
    """A log is of the event that was asked for, as far as it is not odd."""
    if request["method"] != "eth_getLogs" or not isinstance(answer, list):
        return answer
    wanted = request["params"][0]["topics"][0]
    return [
        log | {"topics": [wanted, *log["topics"][1:]]}
        if isinstance(log, dict) and isinstance(topics := log.get("topics"), list) and topics[:1] == LOG["topics"][:1]
        else log
        for log in answer
    ]


def client_of(answers: dict[str, Any], asked: set[str]) -> ChainClient:
    def answer(requests: Sequence[Request]) -> list[Answer]:
        asked.update(item["method"] for item in requests)
        return [answer_of(item["id"], _fitting(item, answers[item["method"]])) for item in requests]

    transport = FaultyNode(answer).transport
    return ChainClient(Rpc("http://node.invalid", sleep=lambda _: None, transport=transport, attempts=1))


def fault_of(read: Callable[[], object]) -> str:
    """What is wrong with how it ended; "" when nothing is."""
    try:
        read()
    except KeifuError as error:
        return "more than one line" if "\n" in str(error) else ""
    except Exception as error:
        return repr(error)
    return ""


@pytest.mark.parametrize("name", READERS)
def test_an_odd_answer_is_a_result_or_one_error_of_ours(name):
    asked: set[str] = set()
    assert fault_of(lambda: READERS[name](client_of(ANSWERS, asked))) == ""
    for method in sorted(asked):
        for value in odd(ANSWERS[method]):
            answers = ANSWERS | {method: value}
            fault = fault_of(lambda answers=answers: READERS[name](client_of(answers, set())))
            assert not fault, f"{method} {value!r:.300}: {fault}"


def test_an_odd_header_is_one_error_of_ours():
    header = dict.fromkeys(
        ("parentHash", "sha3Uncles", "stateRoot", "transactionsRoot", "receiptsRoot", "mixHash", "hash",
         "withdrawalsRoot", "parentBeaconBlockRoot"),
        WORD,
    )  # fmt: skip
    header |= dict.fromkeys(("difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas"), "0x1234")
    header |= {"miner": ADDRESS, "logsBloom": "0x" + "00" * 256, "extraData": "0x", "nonce": "0x" + "00" * 8}
    with pytest.raises(KeifuError, match="does not hash to the block's hash"):
        encode_header(header)
    for value in odd(header):
        if isinstance(value, dict) and value:
            with pytest.raises(KeifuError):
                encode_header(value)
