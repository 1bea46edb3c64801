"""`keifu chain`: what it starts is found by every command, and nothing of it stays behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from keifu.chain import Anvil, ChainClient, Rpc
from keifu.chain.deployments import open_record
from keifu.errors import RpcError
from keifu.keys import Account, checksum
from keifu.local import ROLES
from keifu.local.kit import opened
from keifu.tge import find_proof
from keifu.units import COIN
from tests.faulty_node import FaultyNode
from tests.processes import children

pytestmark = pytest.mark.case("tools-6")

NOTE = ".local/state/keifu/chains/31337.json"
RECORD = ".local/state/keifu/deployments/31337.json"


def answers(url: str) -> bool:
    try:
        with Rpc(url, attempts=1) as rpc:
            return rpc.chain_id() > 0
    except RpcError:
        return False


# what it gives ------------------------------------------------------------------------------------------------------


def test_the_next_command_works_from_any_folder(neighbour):
    """As somebody types it: point the shell at the chain, then register, and find what was registered."""
    script = """
        set -e
        eval "$(keifu chain env)"
        echo "a line of data" > data.txt
        id=$(keifu prov register data.txt --kind dataset --role author)
        keifu prov lineage "$id"
    """
    done = subprocess.run(
        ["bash", "-c", script],
        check=False,
        cwd=neighbour.elsewhere,
        env=neighbour.environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "dataset" in done.stdout


def test_the_record_is_of_this_chain_and_has_every_contract(neighbour):
    chain = neighbour.chain
    record = open_record(chain["chain_id"], chain["genesis"], Path(chain["record"]).parent)
    assert chain["addresses"].pop("SampleService") not in record.contracts.values()  # it is no part of the suite
    assert record.contracts == chain["addresses"]
    assert record.deployer == ROLES["deployer"].account.address
    with Rpc(chain["url"]) as rpc:
        empty = [
            name for name, address in record.contracts.items() if rpc.call("eth_getCode", address, "latest") == "0x"
        ]
    assert empty == []


def test_every_role_has_ether_and_coins(neighbour):
    found = {row["name"]: row for row in neighbour.json("chain", "accounts")["accounts"]}
    assert found.keys() == ROLES.keys()
    for name, row in found.items():
        account = Account.from_role(name)
        assert (row["address"], row["key"]) == (checksum(account.address), "0x" + account.secret().hex())
        assert round(int(row["ether"]) / COIN) == 1_000  # but for what its gas has cost
        assert int(row["coins"]) > 0


def test_the_exports_are_those_that_commands_read(neighbour):
    exports = neighbour.json("chain", "env")
    assert exports == neighbour.chain["env"]
    assert exports["KEIFU_RPC"] == exports["APE_FOUNDRY_HOST"] == neighbour.chain["url"]
    assert "KEIFU_DEPLOYMENTS" not in exports


def test_a_folder_of_one_s_own_is_exported(user, tmp_path):
    chain = user.json("chain", "--detach", "--port", "0", KEIFU_DEPLOYMENTS="mine")
    folder = user.elsewhere / "mine"
    assert chain["record"] == str(folder / "31337.json")
    assert chain["env"]["KEIFU_DEPLOYMENTS"] == str(folder)
    assert user.run("chain", "stop").returncode == 0
    assert list(folder.iterdir()) == []


def test_grants_are_published_paid_in_and_due(neighbour):
    folder = Path(neighbour.chain["env"]["KEIFU_GRANTS"])
    proof = find_proof(folder, ROLES["holder"].account.address)
    with Rpc(neighbour.chain["url"]) as rpc:
        client = ChainClient(rpc)
        distributor = client.at(neighbour.chain["addresses"]["TGEDistributor"], "TGEDistributor")
        assert distributor.verify(*proof.arguments)
        assert distributor.claimable(*proof.arguments[:3]) == 381 * COIN
        hub = client.at(neighbour.chain["addresses"]["StakingHub"], "StakingHub")
        operator, delegator = (ROLES[name].account.address for name in ("operator", "delegator"))
        assert hub.position(operator, delegator)[1] == 500 * COIN


# time ---------------------------------------------------------------------------------------------------------------


@pytest.mark.case("tools-38")
@pytest.mark.parametrize(("blocks", "seconds"), [(1, 172_800), (7, 100), (400, 3_600)])
def test_time_passes_in_so_many_blocks(neighbour, blocks, seconds):
    with Rpc(neighbour.chain["url"]) as rpc:
        client = ChainClient(rpc)
        before, number = client.now, int(rpc.call("eth_blockNumber"), 16)
        reported = neighbour.json("chain", "warp", f"{seconds} seconds", "--blocks", str(blocks))
        assert reported == {"now": client.now, "block": number + blocks}
        assert client.now - before >= seconds
        made = [rpc.call("eth_getBlockByNumber", hex(number + 1 + at), False) for at in range(min(blocks, 7))]
        times = [int(block["timestamp"], 16) for block in made]
        # Never less; where a second of the machine's clock turns in between, more.
        step = seconds // blocks
        assert min((after - time for time, after in pairwise(times)), default=step) == step
        neighbour.run("chain", "fund", "delegator", "--coins", "1")
        assert client.now >= reported["now"]  # the clock goes on from there


def test_a_warp_back_or_for_ever_is_refused(neighbour):
    for period in ("0", "-1", "101 years", "soon"):
        done = neighbour.run("chain", "warp", "--", period)
        assert done.returncode == 2, period


# the faucet ---------------------------------------------------------------------------------------------------------


def wealth(neighbour, address: str) -> tuple[int, int]:
    with Rpc(neighbour.chain["url"]) as rpc:
        client = ChainClient(rpc)
        token = client.at(neighbour.chain["addresses"]["KeifuToken"], "KeifuToken")
        return client.balance(address), token.balanceOf(address)


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        ((), (10, 1_000)),
        (("--coins", "7"), (0, 7)),
        (("--ether", "3"), (3, 0)),
        (("--ether", "1", "--coins", "2"), (1, 2)),
    ],
)
@pytest.mark.parametrize("form", [str.lower, checksum])
def test_ether_and_coins_for_an_address(neighbour, asked, given, form):
    address = Account.from_role(f"stranger {asked} {form}").address
    assert neighbour.run("chain", "fund", form(address), *asked).returncode == 0
    assert wealth(neighbour, address) == (given[0] * COIN, given[1] * COIN)


def test_ether_and_coins_for_a_role_are_added(neighbour):
    address = ROLES["node"].account.address
    ether, coins = wealth(neighbour, address)
    done = neighbour.run("chain", "fund", "node", "--ether", "5", "--coins", "6")
    assert done.stdout == f"5 ether and 6 coins given to {checksum(address)}\n"
    assert wealth(neighbour, address) == (ether + 5 * COIN, coins + 6 * COIN)


@pytest.mark.parametrize(
    ("who", "why"),
    [
        ("delgator", "'delgator' is neither a role nor an address (did you mean delegator?)"),
        ("0x1234", "'0x1234' is not an address (20 bytes in hex, with 0x in front)"),
    ],
)
def test_nobody_else_is_paid(neighbour, who, why):
    done = neighbour.run("chain", "fund", who)
    assert (done.returncode, done.stderr) == (2, f"keifu: {why}\n")


def test_more_coins_than_there_are(neighbour):
    address = Account.from_role("greedy").address
    done = neighbour.run("chain", "fund", address, "--ether", "1", "--coins", "1000000000")
    assert done.returncode == 3
    assert "the deployer has" in done.stderr
    assert wealth(neighbour, address) == (0, 0)


def test_other_chains_give_nothing(neighbour):
    """A node that is not anvil, as every public one: refused before anything is sent."""
    asked: list[str] = []

    def no_anvil(request, result):
        asked.append(request["method"])
        if request["method"].startswith("anvil_"):
            raise ConnectionError
        return result

    with FaultyNode(neighbour.chain["url"], no_anvil) as node:
        url = node.url
        done = neighbour.run("chain", "fund", "holder", "--rpc", url)
    assert done.returncode == 2
    assert f"{url} serves chain 31337, which is no local chain of anvil" in done.stderr
    assert set(asked) == {"eth_chainId", "anvil_nodeInfo"}


@pytest.mark.parametrize("verb", [["fund", "holder"], ["accounts"], ["save", "--out", "kit"]])
def test_nobody_listening(user, verb):
    done = user.run("chain", *verb, KEIFU_RPC="http://127.0.0.1:1")
    assert done.returncode == 3
    assert done.stderr.startswith("keifu: nobody answers on http://127.0.0.1:1 (keifu chain --detach starts a chain")


@pytest.mark.parametrize("verb", [["fund", "holder"], ["accounts"], ["save", "--out", "kit"]])
def test_a_chain_without_a_suite(user, verb):
    with Anvil() as anvil:
        done = user.run("chain", *verb, KEIFU_RPC=anvil.url)
        assert anvil.client().balance(ROLES["holder"].account.address) == 0
    assert done.returncode == 3
    assert done.stderr.startswith("keifu: no suite is recorded for chain 31337 in ")
    assert len(done.stderr.splitlines()) == 1


def test_a_record_of_another_chain(neighbour):
    with Anvil(timestamp=1_767_225_600) as anvil:
        done = neighbour.run("chain", "fund", "holder", KEIFU_RPC=anvil.url)
        assert anvil.client().balance(ROLES["holder"].account.address) == 0
    assert done.returncode == 3
    assert done.stderr.startswith("keifu: no suite is recorded for chain 31337 in ")


def test_a_stale_record_beside_the_caller_does_not_hide_the_chain(neighbour):
    """As a run on another local chain of the same number leaves it in the working folder."""
    folder = neighbour.elsewhere / "deployments"
    folder.mkdir()
    stale = {"chain_id": 31_337, "genesis": "0x" + "11" * 32, "contracts": {"KeifuToken": "0x" + "22" * 20}}
    (folder / "31337.json").write_text(json.dumps(stale))
    (neighbour.elsewhere / "data").write_text("a line of this test")
    arguments = ["prov", "register", "data", "--kind", "dataset", "--role", "author"]
    url = neighbour.chain["url"]
    assert neighbour.json(*arguments, KEIFU_RPC=url)["id"]
    assert neighbour.run("chain", "fund", "holder", KEIFU_RPC=url).returncode == 0
    shutil.rmtree(folder)


def test_a_chain_is_saved_as_it_is_and_a_test_starts_from_it(neighbour, tmp_path):
    mine, kit = Account.from_role("of the kit").address, tmp_path / "kit"
    neighbour.run("chain", "fund", mine, "--coins", "7")
    for _ in range(2):  # a kit that is there is replaced
        said = neighbour.json("chain", "save", "--out", str(kit))
        assert (said["chain_id"], said["grants"], said["folder"]) == (31_337, True, str(kit))
    neighbour.run("chain", "fund", mine, "--coins", "1")
    with opened(kit) as chain:
        assert chain.contract("KeifuToken").balanceOf(mine) == 7 * COIN
        assert (chain.kit.time, chain.suite.addresses["StakingHub"]) == (
            said["time"],
            neighbour.chain["addresses"]["StakingHub"],
        )
        assert chain.connect("holder").grants.claim(chain.grants) > 0
    assert answers(neighbour.chain["url"])


def test_a_chain_is_saved_over_nothing_of_somebody_s(neighbour, tmp_path):
    (tmp_path / "thesis.txt").write_text("years of work")
    done = neighbour.run("chain", "save", "--out", str(tmp_path))
    assert done.stderr == f"keifu: {tmp_path} holds something else than a kit (name a new folder)\n"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


# life ---------------------------------------------------------------------------------------------------------------


def test_a_detached_chain_stays_until_it_is_stopped(user):
    url = user.json("chain", "--detach", "--port", "0")["url"]
    assert answers(url)
    [chain] = user.json("chain", "status")["chains"]
    assert (chain["url"], chain["chain_id"]) == (url, 31_337)
    assert user.left() == [NOTE, RECORD]
    assert user.run("chain", "stop").stdout == f"chain 31337 on {url} has ended\n"
    assert not answers(url)
    assert user.left() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_chain_in_the_foreground_ends_in_order(user, number):
    keeper = user.start()
    chain = json.loads(keeper.stdout.readline())
    assert user.left() == [NOTE, RECORD]
    keeper.send_signal(number)
    _, said = keeper.communicate()
    assert (keeper.returncode, said) == (0 if number == signal.SIGINT else 128 + number, "")
    assert not answers(chain["url"])
    assert user.left() == []


def test_a_killed_chain_is_noticed(user):
    keeper = user.start()
    chain = json.loads(keeper.stdout.readline())
    keeper.kill()
    keeper.communicate()
    assert user.left() == [NOTE, RECORD]
    done = user.run("chain", "env")
    assert (done.returncode, done.stderr) == (3, "keifu: no local chain is running (start one: keifu chain --detach)\n")
    said = user.run("chain", "status").stdout
    assert said.startswith(f"chain 31337 on {chain['url']} was killed; its record has been removed\n")
    assert user.left() == []


def test_a_new_chain_takes_the_place_of_a_killed_one(user):
    keeper = user.start()
    keeper.stdout.readline()
    keeper.kill()
    keeper.communicate()
    chain = user.json("chain", "--detach", "--port", "0")
    assert [row["url"] for row in user.json("chain", "status")["chains"]] == [chain["url"]]


def test_a_node_that_ends_by_itself_ends_the_command(user):
    keeper = user.start()
    chain = json.loads(keeper.stdout.readline())
    [shell] = children(keeper.pid)
    [node] = children(shell)
    os.kill(node, signal.SIGKILL)
    _, said = keeper.communicate()
    assert keeper.returncode == 3
    assert said == f"keifu: the chain on {chain['url']} has ended by itself (start it again: keifu chain)\n"
    assert user.left() == []


def test_two_chains_need_two_numbers(user):
    first = user.json("chain", "--detach", "--port", "0")
    for extra in ([], ["--detach"]):
        refused = user.run("chain", "--port", "0", *extra)
        assert refused.returncode == 2
        assert refused.stderr == (
            f"keifu: chain 31337 is running already on {first['url']} "
            "(keifu chain stop, or give this one another number: --chain-id 31338)\n"
        )
    second = user.json("chain", "--detach", "--port", "0", "--chain-id", "31338")
    (user.elsewhere / "data").write_text("a line")
    arguments = ["prov", "register", "data", "--kind", "dataset", "--role", "author"]
    assert user.json(*arguments, KEIFU_RPC=second["url"])["id"]  # roles sign on a local chain of any number
    several = user.run("chain", "env")
    assert several.returncode == 2
    assert "2 local chains are running" in several.stderr
    assert user.json("chain", "env", "--chain-id", "31338")["KEIFU_RPC"] == second["url"]
    assert user.run("chain", "stop", "--chain-id", "31338").returncode == 0
    assert user.json("chain", "env")["KEIFU_RPC"] == first["url"]


@pytest.mark.parametrize("extra", [[], ["--detach"]])
def test_a_taken_port(user, extra):
    with Anvil() as anvil:
        port = anvil.url.rsplit(":", 1)[1]
        done = user.run("chain", "--port", port, *extra)
    assert done.returncode == 3
    assert done.stderr == f"keifu: port {port} is taken (another one, or 0 for any free one)\n"
    assert user.left() == []


@pytest.mark.parametrize("verb", [["env"], ["accounts"], ["fund", "holder"], ["stop"]])
def test_no_chain_at_all(user, verb):
    done = user.run("chain", *verb)
    assert (done.returncode, done.stderr) == (3, "keifu: no local chain is running (start one: keifu chain --detach)\n")
    assert user.run("chain", "status").stdout == "no local chain is running\n"
