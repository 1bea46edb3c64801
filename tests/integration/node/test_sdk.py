"""The SDK on a real chain: the guide's examples in order, operators asked, and errors that say what to do."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from pathlib import Path

import pytest

import keifu
from keifu.chain import RpcDeployer
from keifu.chain.deployments import open_record
from keifu.chain.header import genesis_of
from keifu.keys import Account
from keifu.local import ROLES
from keifu.local.grants import seed
from keifu.sdk.amounts import coins_of, wei_of
from keifu.staking import actions
from keifu.units import COIN, DAY

GUIDE = Path(keifu.__file__).parents[1] / "docs" / "guides" / "sdk.md"
# Its part on paid answers runs beside a provider: tests/integration/compute/market/test_sdk.py.
PAGE = re.sub(r"^## Pay for answers.*?(?=^## )", "", GUIDE.read_text(), flags=re.MULTILINE | re.DOTALL)
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def settled(at_first, tmp_path, monkeypatch):
    """An operator takes stake, and a list of grants is paid in; the folder of the list."""
    anvil, token, suite = at_first.anvil, at_first.suite.at(at_first.client, "KeifuToken"), at_first.suite
    operator = RpcDeployer(at_first.client, anvil.account("operator"))
    for name, coins in (("operator", 5_000), ("delegator", 1_000), ("holder", 0)):
        token.transfer(anvil.account(name), coins * COIN, sender=anvil.account("deployer"))
    actions.register(operator, suite, 0, "")
    actions.lock(operator, suite, at_first.service.address, operator.sender, 5_000 * COIN)
    anvil.warp_to(actions.set_multiple(operator, suite, at_first.service.address, 4))
    at_first.service.bind(at_first.environment, at_first.client.now + 30 * DAY, sender=operator.account)
    operator.call(suite["StakingHub"], "StakingHub", "poke", operator.sender, at_first.service.address)
    record = open_record(at_first.client.chain_id, genesis_of(anvil.rpc), at_first.folder / "deployments")
    seed(at_first.client, record, tmp_path / "deployments", tmp_path / "grants")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.csv").write_text("1,2\n")
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "model.txt").write_text("slope 0.8\n")
    for name, value in (
        ("KEIFU_RPC", anvil.url),
        ("KEIFU_DEPLOYMENTS", str(tmp_path / "deployments")),
        ("XDG_STATE_HOME", str(tmp_path / "state")),
        ("XDG_DATA_HOME", str(tmp_path / "documents")),
    ):
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "grants"


def test_the_guide(settled, capsys):
    names = {"operator": ROLES["operator"].account.address, "published": settled}
    for example in EXAMPLES:
        exec(compile(example, str(GUIDE), "exec"), names)  # noqa: S102 - the page's own examples
    said = capsys.readouterr().out
    assert "bytes True" in said
    assert "→" in said
    assert len(EXAMPLES) == len(re.findall("^```", PAGE, re.MULTILINE)) // 2


@pytest.fixture
def reader(at_first, monkeypatch):
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(at_first.folder / "deployments"))
    with keifu.connect(at_first.anvil.url) as connection:
        yield connection


def test_what_operators_sign_is_asked_for(at_first, reader, peer):
    node = Account.from_role("lying node")
    environment = at_first.environment.hex()
    peer.body = at_first.signed(node, 1, at_first.digest(0)).encode()
    verdict = reader.verify_running(environment, nodes=[peer.url])
    assert (verdict.ok, verdict.findings[-1].detail) == (True, "runs promotion 1")
    peer.body = at_first.signed(node, 1, b"\x66" * 32).encode()
    verdict = reader.verify_running(environment, nodes=[peer.url, "http://127.0.0.1:9"])
    assert [item.ok for item in verdict.findings[-2:]] == [False, False]
    assert "evidence for a slash" in verdict.findings[-2].detail
    assert verdict.findings[-1].detail == "no heartbeat: not reached"
    with pytest.raises(keifu.CheckFailed, match="evidence for a slash"):
        verdict.require()


@pytest.mark.parametrize(
    ("call", "kind", "words"),
    [
        (lambda k: k.datasets.publish("."), keifu.UsageError, "nobody signs"),
        (lambda k: k.environments.promote("shop", "12"), keifu.UsageError, "is no id of a record"),
        (lambda k: k.staking.delegate("0x" + "11" * 20, "1,5"), keifu.UsageError, "1,5"),
    ],
)
def test_every_error_has_a_remedy(reader, monkeypatch, call, kind, words):
    monkeypatch.delenv("KEIFU_ROLE", raising=False)
    monkeypatch.delenv("KEIFU_KEY_FILE", raising=False)
    with pytest.raises(kind) as refused:
        call(reader)
    assert words in refused.value.message
    assert refused.value.remedy


def test_a_refusal_of_a_contract_and_an_endpoint_that_is_not_there(at_first, monkeypatch):
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(at_first.folder / "deployments"))
    with keifu.connect(at_first.anvil.url, role="author") as k, pytest.raises(keifu.Revert) as refused:
        k.environments.promote(at_first.environment.hex(), at_first.artefacts[1].hex())
    assert refused.value.remedy.startswith("the contract refused")
    with keifu.connect("http://127.0.0.1:9", role="author") as k, pytest.raises(keifu.RpcError) as silent:
        k.staking.position("0x" + "11" * 20)
    assert silent.value.remedy
    with pytest.raises(keifu.UsageError, match="two senders"):
        keifu.connect(role="author", key_file="key.json")


def test_awaited_calls_keep_their_order(at_first, monkeypatch):
    monkeypatch.setenv("KEIFU_DEPLOYMENTS", str(at_first.folder / "deployments"))

    async def promotions() -> list[int]:
        async with keifu.connect_async(at_first.anvil.url, role="owner") as k:
            place = at_first.environment.hex()
            calls = [k.environments.promote(place, at_first.artefacts[number % 2].hex()) for number in (1, 2, 3)]
            return [item.number for item in await asyncio.gather(*calls)]

    assert asyncio.run(promotions()) == [2, 3, 4]


def test_amounts_are_exact():
    wei = 10**27 + 1
    assert coins_of(wei) * COIN == wei
    assert (wei_of("0.5"), wei_of(3), wei_of(Decimal("1e3"))) == (COIN // 2, 3 * COIN, 1_000 * COIN)
