"""An agent made, paid, brought to life, leased, cloned, sold and taken over by its commands; and what stops them."""

from __future__ import annotations

import json
import shutil

import pytest

from keifu import connect
from keifu.accounts import Call
from keifu.agent.making import read_plan
from keifu.agent.plan import session_key
from keifu.agent.scene import Scene
from keifu.agent.spending import BeyondGrant, Spender
from keifu.agent.trading import Asking, sell
from keifu.chain import Deployment, RpcDeployer
from keifu.errors import UsageError
from keifu.inft.requesting import Wanted
from keifu.inft.stores import FolderStore
from keifu.keys import Account
from keifu.local.roles import ROLES
from keifu.units import COIN
from tests.integration.agents.conftest import AUTHOR, BUYER, asking

KEY = Account.from_role("a buyer's key")


@pytest.fixture
def made(does, tmp_path):
    (tmp_path / "prompt.txt").write_text("You plan journeys.")
    return does("agent", "create", "prompt.txt", "--kind", "prompt", "--royalty", 500, "--clones", 1, "--generations",
                1, "--out", "planner", *AUTHOR)  # fmt: skip


@pytest.fixture
def scene(client, suite, tmp_path):
    owner = ROLES["author"].account
    client.forget_nonces()
    return Scene(
        client, Deployment(suite), RpcDeployer(client, owner), owner.sign, 0, tmp_path / "storage",
        tmp_path / "channels",
    )  # fmt: skip


def wallet(scene):
    """What a trade that fails must not have touched."""
    token, nft = (scene.suite.at(scene.client, name) for name in ("KeifuToken", "IntelligentNFT"))
    people = [ROLES[role].account.address for role in ("author", "buyer")]
    return [token.balanceOf(who) for who in people], [nft.balanceOf(who) for who in people]


def test_created_funded_deployed_and_shown(does, keifu, made, suite, client):
    """LIF-1: the same commands again change nothing."""
    token = suite["KeifuToken"]
    does("agent", "fund", "planner", "--coins", 50, "--ether", "0.5", *AUTHOR)
    wanted = ("agent", "deploy", "planner", "--uri", "https://example.org/agent.json", "--a-day", 2, "--store",
              "stored", "--target", f"{token}:approve(address,uint256)", *AUTHOR)  # fmt: skip
    first = does(*wanted)
    height = client.rpc.block_number()
    assert does("agent", "create", "--out", "planner", *AUTHOR) == made
    assert (does(*wanted), client.rpc.block_number()) == (first, height)
    shown = does("agent", "status", "planner")
    assert (shown["account"], shown["coins"], shown["agent"]) == (made["account"], str(50 * COIN), first["agent"])
    assert (shown["uri"], shown["bound"], shown["addresses"]) == (wanted[4], True, first["addresses"])
    assert shown["session"] | {"until": 0} == {
        "key": made["session"], "alive": True, "until": 0, "uses": 1_000, "spent": "0", "limit": str(2 * COIN),
        "ether": str(COIN // 2),
    }  # fmt: skip
    identity = client.at(suite["AgentIdentity"], "AgentIdentity")
    assert identity.ownerOf(first["agent"]) == made["account"]
    assert not int(identity.getApproved(first["agent"]), 16)
    does("agent", "deploy", "planner", "--uri", "https://example.org/other.json", *AUTHOR)
    assert does("agent", "status", "planner")["uri"] == "https://example.org/other.json"
    assert "bound to the token" in keifu("agent", "status", "planner")[1]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("fund", "planner"), "nothing is given"),
        (("fund", "planner", "--coins", 10**9), "1,000,000,000 are needed"),
        (("fund", "planner", "--ether", 10**9), "1,000,000,000 are needed"),
        (("fund", "empty", "--coins", 1), "is no plan of an agent"),
        (("create", "--out", "empty"), "has no agent"),
        (("take", "empty", "--out", "new"), "holds no data of a token"),
        (("lease", "empty", "--price", 1, "--for", "1 day", "--uses", 1), "has no data of an agent"),
        (("deploy", "planner", *["--limit", "ether=1"] * 4), "4 limits"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_happens(keifu, made, scene, tmp_path, words, said):
    (tmp_path / "empty").mkdir()
    before = wallet(scene)
    status, _, err = keifu("agent", *words, *AUTHOR)
    assert (status in (1, 2), said in err) == (True, True), err
    assert wallet(scene) == before
    assert not (tmp_path / "new").exists()


def test_a_buyer_without_a_public_key_is_refused_before_anybody_is_asked(keifu, made, scene, tmp_path, address):
    """LIF-2."""
    before, place, out = wallet(scene), tmp_path / "planner", tmp_path / "sold"
    asked = Asking(["http://127.0.0.1:9"], FolderStore(tmp_path / "shared"))
    for key in (b"", bytes(64), KEY.public_key[:-1], b"\x11" * 64):
        with pytest.raises(UsageError, match="the buyer has no public key"):
            sell(scene, place, Wanted(address("buyer"), key), COIN, asked, out)
    status, _, err = keifu("agent", "sell", "planner", "--price", 1, "--buyer", address("buyer"), "--public-key",
                           "00" * 64, "--store", "shared", "--out", "sold", *AUTHOR)  # fmt: skip
    assert (status, "the buyer has no public key" in err) == (2, True)
    assert (wallet(scene), out.exists(), (tmp_path / "shared").exists()) == (before, False, False)


def test_an_agent_is_leased_cloned_and_sold_with_its_data(does, keifu, made, attestors, scene, address, tmp_path):
    """LIF-2, LIF-3: nothing moves before both have agreed, then everything at once."""
    asked = ("--buyer", address("buyer"), "--public-key", KEY.public_key.hex(), "--store", "shared",
             *asking(attestors()), *AUTHOR)  # fmt: skip
    (tmp_path / "buyer.key").write_text(json.dumps({"key": KEY.secret().hex()}))
    does("agent", "deploy", "planner", *AUTHOR)
    does("agent", "lease", "planner", "--price", 5, "--for", "30 days", "--uses", 10, *AUTHOR)
    assert does("inft", "lease", made["token"][:8], "--price", 5, "--role", "delegator")["quota"] == 10
    wrong_key(keifu, asked, scene, tmp_path)

    copy = ("agent", "clone", "planner", "--out", "copy", *asked)
    assert does(*copy)["state"] == "offered"
    assert does(*copy) == {"state": "waiting", "missing": ["copy/offer.json"], "number": ""}
    does("inft", "accept", "copy/offer.json", "--key", "buyer.key", *BUYER)
    cloned = does(*copy)
    assert (cloned["state"], does(*copy)) == ("settled", cloned)
    status, _, err = keifu("agent", "clone", "planner", "--out", "second", *asked)
    assert (status, "1 of 1 clones" in err) == (1, True)

    before = wallet(scene)
    sale = ("agent", "sell", "planner", "--price", 100, "--backing", 100, "--with-account", "--out", "sold", *asked)
    assert does(*sale)["state"] == "offered"
    does("inft", "accept", "sold/offer.json", "--key", "buyer.key", *BUYER)
    assert does(*sale) == {"state": "waiting", "missing": ["sold/order.json"], "number": ""}
    status, _, err = keifu(*[50 if word == 100 else word for word in sale])
    assert (status, "another buyer or price" in err, wallet(scene)) == (1, True, before)
    does("inft", "agree", "sold/order.json", *BUYER)
    sold = does(*sale)
    assert (sold["state"], does(*sale)) == ("settled", sold)
    status, _, err = keifu("agent", "sell", "planner", "--price", 1, "--out", "again", *asked)
    assert (status, "owns the agent" in err) == (1, True)

    taken_over(does, keifu, made, tmp_path, scene, cloned["number"])


def wrong_key(keifu, asked, scene, tmp_path):
    """A folder whose key does not open its data: the attestors say so, and nothing has moved."""
    before, bad = wallet(scene), tmp_path / "bad"
    shutil.copytree(tmp_path / "planner" / "data", bad)
    folder = json.loads((bad / "token.json").read_text())
    folder["items"][0]["key"] = "11" * 32
    (bad / "token.json").write_text(json.dumps(folder))
    status, _, err = keifu("agent", "sell", "bad", "--price", 100, "--out", "unsold", *asked)
    assert (status, "the key does not open the data" in err) == (1, True), err
    assert (wallet(scene), (tmp_path / "unsold").exists()) == (before, False)


def taken_over(does, keifu, made, tmp_path, scene, clone):
    """By its buyer, whose key is a new one; the old one is worth nothing."""
    for words in (("fund", "planner", "--coins", 1), ("deploy", "planner"), ("create", "--out", "planner")):
        status, _, err = keifu("agent", *words, *AUTHOR)
        assert (status, "'s by now" in err) == (1, True)
    status, _, err = keifu("agent", "take", "planner/data", "--out", "stolen", *AUTHOR)
    assert (status, "owns the agent" in err) == (1, True)
    for folder in ("sold", "copy"):
        does("inft", "receive", f"{folder}/transfer.json", "--key", "buyer.key", "--out", f"{folder} files")
        assert (tmp_path / f"{folder} files" / "0-prompt.txt").read_text() == "You plan journeys."
    mine = does("agent", "take", "sold", "--out", "mine", *BUYER)
    assert (mine["account"], mine["token"]) == (made["account"], made["token"])
    assert mine["session"] != made["session"]
    deployed = does("agent", "deploy", "mine", *BUYER)
    assert does("agent", "status", "mine")["session"]["alive"]
    assert not does("agent", "status", "planner")["session"]["alive"]
    with pytest.raises(BeyondGrant) as fault:
        Spender(scene.client, session_key(tmp_path / "planner"), made["account"]).session()
    assert fault.value.code == "sold"
    assert deployed["agent"] == does("agent", "status", "planner")["agent"]
    twin = does("agent", "take", "copy", "--out", "twin", *BUYER)
    assert twin["token"] == clone
    assert does("inft", "show", clone)["royalty_bps"] == 500
    assert read_plan(_as_buyer(scene), tmp_path / "twin").token == clone


def _as_buyer(scene):
    return Scene(
        scene.client, scene.suite, RpcDeployer(scene.client, ROLES["buyer"].account), scene.sign, 0, scene.storage,
        scene.channels,
    )  # fmt: skip


def test_programs_make_agents_by_the_same_functions(does, scene, tmp_path, address):
    """By `k.agent`: what the key may not do is refused before it is sent."""
    (tmp_path / "prompt.txt").write_text("You plan journeys.")
    with connect(role="author") as k:
        made = k.agent.create("planner", ["prompt.txt"], ["prompt"])
        k.agent.fund("planner", "2.5", ether="0.1")
        deployed = k.agent.deploy("planner", a_day=2)
        assert k.agent.create("planner") == made
        before = scene.suite.at(scene.client, "KeifuToken").balanceOf(address("node"))
        k.agent.pay("planner", address("node"), "1.5")
        with pytest.raises(BeyondGrant, match=r"0\.5 of 2 left"):
            k.agent.pay("planner", address("node"), 1)
        with pytest.raises(BeyondGrant) as fault:
            k.agent.act("planner", Call(address("node"), 0, b"1234"))
        assert fault.value.code == "not_granted"
        assert scene.suite.at(scene.client, "KeifuToken").balanceOf(address("node")) == before + 3 * COIN // 2
        found = k.agent.status("planner")
        assert (found.agent, found.coins, found.session.uses) == (deployed.agent, COIN, 999)
        k.agent.lease("planner", 5, seconds=3_600, uses=10)
    assert does("inft", "show", made.token)["offer"]["quota"] == 10
