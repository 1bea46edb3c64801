"""A refused command leaves the chain as it was: the same newest block, the same nonces. On a chain without a suite, on
one with it, and with a record of another chain."""

from __future__ import annotations

import json

import pytest

from keifu.chain import Anvil, ChainClient, Deployment, Params, RpcDeployer, deploy_protocol
from keifu.chain.creation import Creation
from keifu.chain.deployments import Record
from keifu.chain.suite import suite as suite_steps
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
    "staking register": (),
    "staking lock": ("--service", SOMEBODY, "--amount", "1"),
    "staking set-multiple": ("--service", SOMEBODY, "--multiple", "2"),
    "staking take-back": ("--service", SOMEBODY),
    "staking delegate": ("--operator", SOMEBODY, "--amount", "1"),
    "staking rewards": ("--operator", SOMEBODY),
    "staking reward": ("--operator", SOMEBODY, "--amount", "1"),
    "staking list-service": ("--service", SOMEBODY, "--horizon", "30 days"),
    "staking remove-service": ("--service", SOMEBODY),
    "staking collect": (),
    "staking withdraw": ("--operator", SOMEBODY),
    "staking exit": ("--operator", SOMEBODY),
    "court answer": ("1", "--file", "{path}/answer.txt"),
    "court draw": ("1",),
    "court advance": ("1",),
    "court commit": ("1", "--vote", "guilty", "--secret", "{path}/vote.json"),
    "court reveal": ("1", "--secret", "{path}/kept.json"),
    "court rehear": ("1",),
    "court settle": ("1",),
    "court join": (),
    "court leave": ("--amount", "1"),
    "court release": (),
    "court absent": ("1", "--juror", SOMEBODY),
    "prov register": ("{path}", "--kind", "code"),
    "prov attest": (HASH, "--schema", "read"),
    "prov promote": ("production", HASH),
    "prov withdraw": (HASH, "--reason", "copied"),
    "tge fund": (),
    "inft mint": ("{path}/answer.txt", "--out", "{path}/mine"),
    "inft authorize": (HASH, "--user", SOMEBODY),
    "inft withdraw": (),
    "account create": (HASH,),
    "account revoke": (HASH, "--key", SOMEBODY),
    "tge claim": ("--grants", "{path}/grants", "--for", SOMEBODY),
}


@pytest.fixture
def arguments(tmp_path):
    """The command line of a sending verb, valid in itself."""
    grants_at(tmp_path)
    (tmp_path / "answer.txt").write_text("it was not so")
    (tmp_path / "kept.json").write_text(json.dumps({"case": 1, "vote": "guilty", "salt": HASH}))
    return lambda verb: [*verb.split(), *(item.format(path=tmp_path) for item in SENDING[verb]), *AS]


@pytest.mark.case("tools-5")
@pytest.mark.parametrize("verb", SENDING)
def test_on_a_chain_without_a_suite(anvil, keifu, arguments, verb):
    args = arguments(verb)
    before = state(anvil)
    status, reported = keifu(*args)
    assert (status, "recorded for chain 31337 (" in reported) == (3, True), reported
    assert state(anvil) == before


@pytest.mark.case("tools-5")
@pytest.mark.parametrize("verb", SENDING)
def test_where_the_record_is_of_another_chain_of_the_same_beginning(anvil, keifu, arguments, tmp_path, verb):
    """anvil started anew at the same moment: same number, same first block, nothing deployed."""
    names = ("TGEDistributor", *(step.contract for step in suite_steps(Params().by(SOMEBODY), lambda label: SOMEBODY)))
    record_of(anvil, tmp_path / "deployments", dict.fromkeys(names, "0x" + "22" * 20))
    args = arguments(verb)
    before = state(anvil)
    status, reported = keifu(*args)
    assert status == 3, reported
    assert state(anvil) == before


@pytest.mark.case("tools-5")
@pytest.mark.parametrize("verb", SENDING)
def test_on_another_chain_than_was_meant(anvil, keifu, arguments, verb):
    args = arguments(verb)
    before = state(anvil)
    status, reported = keifu(*args, "--chain-id", 16_602)
    assert (status, "serves chain 31337, not 16602" in reported) == (3, True), reported
    assert state(anvil) == before


@pytest.mark.case("tools-5")
@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (("staking", "delegate", "--operator", SOMEBODY, "--amount", "1"), 1, "hub: unknown operator"),
        (("staking", "delegate", "--operator", SOMEBODY, "--amount", "6000"), 1, "has 5,000 coins, 6,000 are needed"),
        (("staking", "lock", "--service", "{court}", "--amount", "6000"), 1, "has 5,000 coins, 6,000 are needed"),
        (("staking", "lock", "--service", "{court}", "--amount", "1"), 1, "hub: "),
        (("staking", "lock", "--service", SOMEBODY, "--amount", "1"), 1, "hub: service not listed"),
        (("staking", "register", "--metadata", "u" * 257), 2, "at most 256 fit"),
        (("staking", "set-multiple", "--service", SOMEBODY, "--multiple", "1"), 1, "hub: service not listed"),
        (("staking", "set-multiple", "--service", SOMEBODY, "--multiple", "5"), 2, "0<=x<=4"),
        (("staking", "take-back", "--service", "{court}"), 1, "hub: service may still slash"),
        (("staking", "reward", "--operator", SOMEBODY, "--amount", "1"), 1, "hub: unknown operator"),
        (("staking", "list-service", "--service", SOMEBODY, "--horizon", "30 days"), 3, "where a service should be"),
        (("staking", "list-service", "--service", "{token}", "--horizon", "30 days"), 1, "does not show its terms"),
        (("staking", "list-service", "--service", "{court}", "--horizon", "2 days"), 2, "the horizon is 2 days"),
        (("court", "answer", "1", "--file", "{path}/vote.json"), 2, "does not exist"),
        (("court", "commit", "1", "--vote", "guilty", "--secret", "{path}/vote.json"), 2, "there is no case 1"),
        (("court", "rehear", "7"), 2, "there is no case 7"),
        (("court", "draw", "7"), 2, "there is no case 7"),
        (("court", "settle", "7"), 2, "there is no case 7"),
        (("court", "join"), 1, "court: "),
        (("court", "release"), 1, "court: nothing asked back"),
        (("prov", "attest", "abababab", "--schema", "read"), 2, "no record begins with abababab"),
        (("prov", "withdraw", HASH, "--reason", "copied"), 1, "registry: "),
    ],
)
def test_where_the_contracts_would_refuse(anvil, suite, keifu, tmp_path, args, status, message):
    record_of(anvil, tmp_path / "deployments", suite.addresses)
    before = state(anvil)
    places = {"path": tmp_path, "court": suite["AlignmentCourt"], "token": suite["KeifuToken"]}
    found, reported = keifu(*(item.format(**places) for item in args), *AS)
    assert (found, message in reported) == (status, True), reported
    assert state(anvil) == before
    assert not (tmp_path / "vote.json").exists()


def test_what_is_right_is_sent(anvil, suite, keifu, tmp_path):
    """The positive twin: the same verbs, with an operator that there is."""
    record_of(anvil, tmp_path / "deployments", suite.addresses)
    before, operator = anvil.rpc.call("eth_blockNumber"), anvil.account("operator").address
    assert keifu("staking", "register", "--role", "operator")[0] == 0
    assert keifu("staking", "register", "--commission", "700", "--role", "operator")[0] == 0
    assert keifu("staking", "list-service", "--service", suite["AlignmentCourt"], "--horizon", "28 days",
                 "--role", "deployer")[0] == 0  # fmt: skip
    assert (
        int(anvil.rpc.call("eth_blockNumber"), 16) == int(before, 16) + 2
    )  # the deployment has queued the court already
    hub = Deployment(suite.addresses).at(anvil.client(), "StakingHub")
    assert hub.operator_state(operator)[6] == 500  # 700 count in 14 epochs
