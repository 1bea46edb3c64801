"""The published ABI: names by the committed table, selectors and topics as the compiler gives them."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest
from hexbytes import HexBytes
from web3 import Web3
from web3._utils.filters import construct_event_filter_params

from evmstorm.evm import LocalEvm, abi_names, artifacts
from keifu import abi
from keifu.abi import Interface
from keifu.errors import ArtifactError

TABLE = abi_names.read(artifacts.project().root / artifacts.CONTRACTS / abi_names.FILE)
# A name that a person can use: no stand-in of the compiler's, no underscore where a word was not free.
NAME = re.compile(r"^(?!arg\d+$)[A-Za-z_][A-Za-z0-9_]*(?<!_)$")


def published(name):
    """The file that nodes, explorers and dApps read."""
    return msgspec.json.decode((Path(abi.__file__).parent / abi.CONTRACTS / f"{name}.json").read_bytes())


@pytest.mark.case("tools-10")
@pytest.mark.parametrize("name", abi.names())
def test_every_published_name_can_be_used(name):
    entries = [entry for entry in published(name)["abi"] if entry["type"] in ("function", "event")]
    assert entries
    for entry in entries:
        outputs = entry.get("outputs", [])
        parameters = entry["inputs"] + (outputs if len(outputs) > 1 else [])
        for word in [entry["name"], *(parameter["name"] for parameter in parameters)]:
            assert NAME.match(word), f"{entry['name']}: {word!r}"


@pytest.mark.case("tools-10")
@pytest.mark.parametrize(
    ("name", "getters"),
    [
        ("StakingHub", {"token", "owner", "insurance", "treasury"}),
        ("AlignmentCourt", {"token", "hub", "randomness"}),
        ("Insurance", {"token", "hub", "owner"}),
        ("TGEDistributor", {"token", "hub", "owner"}),
        ("VestingEscrow", {"token", "hub"}),
        ("CommitRevealRandomness", {"token", "sink", "bond"}),
        ("Environments", {"registry"}),
    ],
)
def test_one_rule_for_getters(name, getters):
    """What a deployment chooses is read in lower case, under the same name everywhere."""
    there = {function.name for function in abi.load(name).interface.functions if not function.inputs}
    assert getters <= there
    assert not {getter.upper() for getter in getters} & there


@pytest.mark.case("tools-10")
def test_the_hub_names_its_coin_and_its_owner():
    evm = LocalEvm()
    owner, sink = evm.account("owner"), evm.account("sink")
    token = evm.deploy("KeifuToken", owner, sender=owner)
    hub = evm.deploy("StakingHub", token, owner, sink, owner, 200, 100, 40, 10, sender=evm.account("deployer"))
    assert (hub.token(), hub.owner(), hub.insurance()) == (token.address, owner.address, sink.address)


@pytest.mark.case("tools-10")
@pytest.mark.parametrize("name", abi.names())
def test_selectors_and_topics_are_the_compilers(name, project):
    """Beside ape's build, which knows nothing of the table."""
    raw = [entry.model_dump(mode="json", by_alias=True) for entry in getattr(project, name).contract_type.abi]
    plain, shown = Interface(name, raw), Interface(name, published(name)["abi"])
    overloads = set(TABLE.get(name, abi_names.Names()).overloads)
    assert {
        function.signature: function.selector for function in shown.functions if function.signature not in overloads
    } == {function.signature: function.selector for function in plain.functions}
    assert overloads <= {function.signature for function in shown.functions}
    assert {event.topic for event in shown.events} == {event.topic for event in plain.events}
    assert shown.constructor == plain.constructor
    assert published(name)["method_identifiers"] == {
        function.signature: function.selector.hex() for function in shown.functions
    }


@pytest.mark.case("tools-10")
def test_a_filter_by_from_and_to_finds_a_transfer():
    """As viem and ethers do: topics by the published names, and arguments that are there."""
    evm = LocalEvm()
    holder, receiver = evm.account("holder"), evm.account("receiver")
    token = evm.deploy("KeifuToken", holder, sender=holder)
    token.transfer(receiver, 7, sender=holder)
    (raw,) = evm.raw.logs
    event = Web3().eth.contract(abi=published("KeifuToken")["abi"]).events.Transfer()
    _, wanted = construct_event_filter_params(
        event._get_event_abi(),
        Web3().codec,
        argument_filters={
            "from": Web3.to_checksum_address(holder.address),
            "to": Web3.to_checksum_address(receiver.address),
        },
    )
    assert [HexBytes(topic) for topic in wanted["topics"]] == [HexBytes(topic) for topic in raw.topics]
    found = event.process_log(
        {
            "address": Web3.to_checksum_address(token.address),
            "topics": [HexBytes(topic) for topic in raw.topics],
            "data": HexBytes(raw.data),
            **{"logIndex": 0, "transactionIndex": 0, "transactionHash": HexBytes(bytes(32))},
            **{"blockHash": HexBytes(bytes(32)), "blockNumber": 1},
        }
    )
    assert {name: str(value).lower() for name, value in found["args"].items()} == {
        "from": holder.address,
        "to": receiver.address,
        "value": "7",
    }


@pytest.mark.case("tools-10")
def test_the_process_and_the_package_have_the_same_names():
    for name in abi.names():
        assert artifacts.load(name).interface.abi == abi.load(name).interface.abi


def test_a_log_gives_a_reserved_name_with_an_underscore():
    evm = LocalEvm()
    holder = evm.account("holder")
    token = evm.deploy("KeifuToken", holder, sender=holder)
    (log,) = token.transfer(evm.account("receiver"), 7, sender=holder).events("Transfer")
    assert (log.from_, log.to, log.value) == (holder.address, evm.account("receiver").address, 7)
    with pytest.raises(AttributeError):
        _ = log.to_


def test_no_row_of_the_table_is_left_over():
    assert abi_names.unused({name: artifacts.load(name).abi for name in artifacts.names()}, TABLE) == []


SHOP = [
    {
        "type": "function",
        "name": "buy",
        "stateMutability": "nonpayable",
        "outputs": [],
        "inputs": [{"name": "arg0", "type": "uint256"}],
    },
    {"type": "fallback", "stateMutability": "payable"},
]


def test_names_and_overloads_are_applied_and_the_original_is_left_alone():
    names = abi_names.Names(functions={"buy(uint256)": ["count"]}, overloads={"buy(uint256,bytes)": ["count", "note"]})
    buy, overload = abi_names.published("Shop", SHOP, {"Shop": names})
    assert [item["name"] for item in buy["inputs"] + overload["inputs"]] == ["count", "count", "note"]
    assert SHOP[0]["inputs"][0]["name"] == "arg0"
    assert abi_names.published("Shop", SHOP, {}) == SHOP
    assert abi_names.published("Other", SHOP, {"Shop": names}) == SHOP


@pytest.mark.parametrize(
    ("names", "fault"),
    [
        ({"functions": {"sell(uint256)": ["count"]}}, r"Shop has no sell\(uint256\)"),
        ({"events": {"buy(uint256)": ["count"]}}, r"Shop has no buy\(uint256\)"),
        ({"functions": {"buy(uint256)": ["count", "price"]}}, r"buy\(uint256\) has 1 names to give, not 2"),
        ({"overloads": {"buy(uint256,bytes)": ["count"]}}, r"buy\(uint256,bytes\) has 2 names to give, not 1"),
    ],
)
def test_a_row_that_does_not_fit_is_refused(names, fault):
    with pytest.raises(ArtifactError, match=fault):
        abi_names.published("Shop", SHOP, {"Shop": abi_names.Names(**names)})


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[Shop", "Expected"),
        ("[Shop.function]\n", "unknown field `function`"),
        ('[Shop.functions]\n"buy()" = "name"\n', "Expected `array`"),
    ],
)
def test_a_table_that_is_none_is_refused(tmp_path, text, fault):
    (tmp_path / abi_names.FILE).write_text(text)
    with pytest.raises(ArtifactError, match=fault):
        abi_names.read(tmp_path / abi_names.FILE)


def test_unused_rows_are_named():
    table = {abi_names.ANY: abi_names.Names(events={"Sold(uint256)": ["count"]}), "Stall": abi_names.Names()}
    assert abi_names.unused({"Shop": SHOP}, table) == ["Stall", "Sold(uint256)"]


def test_a_changed_table_is_noticed(tmp_path):
    contracts = tmp_path / artifacts.CONTRACTS
    contracts.mkdir()
    (contracts / "Shop.vy").write_text("# pragma version 0.4.3\nstock: public(HashMap[uint256, uint256])\n")
    project = artifacts.Project(tmp_path)
    assert project.load("Shop").interface.function("stock").input_names == ("arg0",)
    for word in ("item", "ware"):
        (contracts / abi_names.FILE).write_text(f'[Shop.functions]\n"stock(uint256)" = ["{word}"]\n')
        assert project.load("Shop").interface.function("stock").input_names == (word,)
    (contracts / abi_names.FILE).unlink()
    assert project.load("Shop").interface.function("stock").input_names == ("arg0",)
