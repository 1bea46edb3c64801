"""A refused command leaves the chain as it was: the same newest block, the same nonces. On a chain without a suite, on
one with it, and with a record of another chain."""

from __future__ import annotations

import json

import pytest

from keifu.chain import Anvil, ChainClient, Deployment, RpcDeployer, deploy_protocol
from keifu.chain.creation import Creation
from keifu.chain.deployments import Record
from keifu.cli import main
from keifu.keys import Account
from keifu.units import COIN
from tests.ape_chain import GENESIS

ROLES = ("deployer", "operator", "delegator")
SOMEBODY = "0x" + "11" * 20
HASH = "ab" * 32


@pytest.fixture(scope="module")
def anvil():
    with Anvil(timestamp=GENESIS) as running:
        for role in ROLES:
            running.account(role)
        yield running


@pytest.fixture(scope="module")
def suite(anvil):
    """The suite, with an operator and a delegator that have coins."""
    deployer = anvil.account("deployer")
    client = ChainClient(anvil.rpc)
    deployment = deploy_protocol(RpcDeployer(client, deployer))
    token = deployment.at(client, "KeifuToken")
    for role in ("operator", "delegator"):
        token.transfer(anvil.account(role), 5_000 * COIN, sender=deployer)
        client.forget_nonces()
    return deployment


@pytest.fixture
def keifu(anvil, tmp_path, monkeypatch, capsys):
    """Runs one command line; its exit status and what it said."""
    monkeypatch.setenv("KEIFU_RPC", anvil.url)
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(tmp_path / "deployments"))
    for name in ("KEIFU_REGISTRY", "KEIFU_ENVIRONMENTS", "KEIFU_KEY_FILE", "KEIFU_ROLE", "KEIFU_GRANTS"):
        monkeypatch.delenv(name, raising=False)

    def run(*args):
        with pytest.raises(SystemExit) as ending:
            main([*map(str, args)])
        return ending.value.code, capsys.readouterr().err

    return run


def state(anvil):
    nonces = [anvil.rpc.call("eth_getTransactionCount", Account.from_role(role).address, "pending") for role in ROLES]
    return anvil.rpc.call("eth_blockNumber"), nonces


def record_of(anvil, folder, contracts):
    genesis = anvil.rpc.call("eth_getBlockByNumber", "0x0", False)["hash"]
    creations = {name: Creation(name, name, address, {}, "") for name, address in contracts.items()}
    Record(anvil.chain_id, genesis, creations=creations).save(folder)


def grants_at(path):
    """A published list, for somebody."""
    csv = path / "grants.csv"
    csv.write_text(f"account,total\n{SOMEBODY},1\n")
    folder = path / "grants"
    with pytest.raises(SystemExit):
        main(["tge", "build", "--csv", str(csv), "--out", str(folder), "--json"])
    return folder


AS = ("--role", "delegator")
SENDING = {
    "staking register": ("--bond", "10"),
    "staking unbond": ("--amount", "1"),
    "staking delegate": ("--operator", SOMEBODY, "--amount", "1"),
    "staking rewards": ("--operator", SOMEBODY),
    "staking reward": ("--operator", SOMEBODY, "--amount", "1"),
    "staking commit": ("--service", SOMEBODY, "--amount", "1"),
    "staking uncommit": ("--service", SOMEBODY, "--amount", "1"),
    "staking list-service": ("--service", SOMEBODY, "--horizon", "2 days"),
    "staking collect": (),
    "staking unjail": (),
    "staking withdraw": ("--operator", SOMEBODY),
    "staking exit": ("--operator", SOMEBODY),
    "court open": ("--service", SOMEBODY, "--operator", SOMEBODY, "--amount", "1", "--evidence", HASH),
    "court draw": ("1",),
    "court commit": ("1", "--vote", "guilty", "--secret", "{path}/vote.json"),
    "court reveal": ("1", "--secret", "{path}/kept.json"),
    "court appeal": ("1",),
    "court execute": ("1",),
    "court collect": ("1",),
    "prov register": ("{path}", "--kind", "code"),
    "prov attest": (HASH, "--schema", "read"),
    "prov promote": ("production", HASH),
    "prov withdraw": (HASH, "--reason", "copied"),
    "tge fund": (),
    "tge claim": ("--grants", "{path}/grants", "--for", SOMEBODY),
}


@pytest.fixture
def arguments(tmp_path):
    """The command line of a sending verb, valid in itself."""
    grants_at(tmp_path)
    (tmp_path / "kept.json").write_text(json.dumps({"case": 1, "vote": "guilty", "salt": HASH}))
    return lambda verb: [*verb.split(), *(item.format(path=tmp_path) for item in SENDING[verb]), *AS]


@pytest.mark.case("tools-5")
@pytest.mark.parametrize("verb", SENDING)
def test_on_a_chain_without_a_suite(anvil, keifu, arguments, verb):
    args = arguments(verb)
    before = state(anvil)
    status, told = keifu(*args)
    assert (status, "recorded for chain 31337 (" in told) == (3, True), told
    assert state(anvil) == before


@pytest.mark.case("tools-5")
@pytest.mark.parametrize("verb", SENDING)
def test_where_the_record_is_of_another_chain_of_the_same_beginning(anvil, keifu, arguments, tmp_path, verb):
    """anvil started anew at the same moment: same number, same first block, nothing deployed."""
    names = ("KeifuToken", "StakingHub", "AlignmentCourt", "ProvenanceRegistry", "Environments", "TGEDistributor")
    record_of(anvil, tmp_path / "deployments", dict.fromkeys(names, "0x" + "22" * 20))
    args = arguments(verb)
    before = state(anvil)
    status, told = keifu(*args)
    assert status == 3, told
    assert state(anvil) == before


@pytest.mark.case("tools-5")
@pytest.mark.parametrize("verb", SENDING)
def test_on_another_chain_than_was_meant(anvil, keifu, arguments, verb):
    args = arguments(verb)
    before = state(anvil)
    status, told = keifu(*args, "--chain-id", 16_602)
    assert (status, "serves chain 31337, not 16602" in told) == (3, True), told
    assert state(anvil) == before


@pytest.mark.case("tools-5")
@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (("staking", "delegate", "--operator", SOMEBODY, "--amount", "1"), 1, "hub: unknown operator"),
        (("staking", "delegate", "--operator", SOMEBODY, "--amount", "6000"), 1, "has 5,000 coins, 6,000 are needed"),
        (("staking", "register", "--bond", "6000"), 1, "has 5,000 coins, 6,000 are needed"),
        (("staking", "register", "--metadata", "u" * 257), 2, "at most 256 fit"),
        (("staking", "unbond", "--amount", "1"), 1, "hub: "),
        (("staking", "unjail"), 1, "hub: not jailed"),
        (("staking", "commit", "--service", SOMEBODY, "--amount", "1"), 1, "hub: unknown operator"),
        (("staking", "uncommit", "--service", SOMEBODY, "--amount", "1"), 1, "hub: "),
        (("staking", "reward", "--operator", SOMEBODY, "--amount", "1"), 1, "hub: unknown operator"),
        (("staking", "list-service", "--service", SOMEBODY, "--horizon", "20 days"), 1, "horizon beyond unbonding"),
        (("staking", "list-service", "--service", SOMEBODY, "--horizon", "2 days"), 1, ""),
        (
            ("court", "open", "--service", SOMEBODY, "--operator", SOMEBODY, "--amount", "1", "--evidence", HASH),
            1,
            "court: ",
        ),
        (("court", "commit", "1", "--vote", "guilty", "--secret", "{path}/vote.json"), 2, "there is no case 1"),
        (("court", "appeal", "7"), 2, "there is no case 7"),
        (("court", "draw", "7"), 2, "there is no case 7"),
        (("court", "execute", "7"), 1, "court: unknown case"),
        (("prov", "attest", "abababab", "--schema", "read"), 2, "no record begins with abababab"),
        (("prov", "withdraw", HASH, "--reason", "copied"), 1, "registry: "),
    ],
)
def test_where_the_contracts_would_refuse(anvil, suite, keifu, tmp_path, args, status, message):
    record_of(anvil, tmp_path / "deployments", suite.addresses)
    before = state(anvil)
    found, told = keifu(*(item.format(path=tmp_path) for item in args), *AS)
    assert (found, message in told) == (status, True), told
    assert state(anvil) == before
    assert not (tmp_path / "vote.json").exists()


def test_what_is_right_is_sent(anvil, suite, keifu, tmp_path):
    """The positive twin: the same verbs, with an operator that there is."""
    record_of(anvil, tmp_path / "deployments", suite.addresses)
    operator = anvil.account("operator").address
    assert keifu("staking", "register", "--bond", "1,000", "--role", "operator")[0] == 0
    assert keifu("staking", "delegate", "--operator", operator, "--amount", "2.5", *AS)[0] == 0
    hub = Deployment(suite.addresses).at(anvil.client(), "StakingHub")
    assert hub.position(operator, anvil.account("delegator").address)[1] == COIN * 5 // 2
    assert keifu("staking", "exit", "--operator", operator, *AS)[0] == 0
    assert hub.position(operator, anvil.account("delegator").address)[1] == 0
