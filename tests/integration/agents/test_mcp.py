"""Tools for assistants, asked by the protocol's own client: what is read, what is paid within a session, and what is
refused beyond it."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
from base64 import b64encode
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import httpx2
import pytest
from mcp import Client, StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

from audit.second_engines.tools import tool_environment
from keifu.accounts import actions as accounts
from keifu.accounts.session import APPROVABLE, Limit, Target
from keifu.agent.allowing import Allowance, grant_of
from keifu.agent.mcp.messages import HANDSHAKES, STATELESS
from keifu.agent.mcp.reads import Reads
from keifu.agent.mcp.serving import Serving, protocol_of
from keifu.agent.mcp.tools import NOTE
from keifu.agent.plan import Plan
from keifu.agent.scene import Ground
from keifu.chain import Deployment, RpcDeployer
from keifu.errors import EnvironmentFault
from keifu.local.roles import ROLES
from keifu.local.suite import give_grant
from keifu.units import COIN, DAY
from tests.integration.agents.conftest import AUTHOR
from tests.integration.node.conftest import KEIFU

HERE = Path(__file__).parent
OWNER, FRIEND = ROLES["author"].account, ROLES["node"].account
OPERATOR = ROLES["operator"].account.address
ENTRY = "0123456789abcdef"  # that clients over HTTP send


@pytest.fixture
def agent(does, client, tmp_path, suite):
    """An agent with 50 coins whose key may pay 3 a day, stake, and claim rewards; its plan."""
    client.forget_nonces()
    (tmp_path / "prompt.txt").write_text("You plan journeys.")
    does("agent", "create", "prompt.txt", "--kind", "prompt", "--out", "planner", *AUTHOR)
    does("agent", "fund", "planner", "--coins", 50, "--ether", 1, *AUTHOR)
    hub, token = suite["StakingHub"], suite["KeifuToken"]
    targets = [
        f"{hub}:stake(address,uint256,uint256,uint256)", f"{hub}:claim_rewards(address,address,uint256)",
        f"{token}:approve(address,uint256)", f"{hub}:approvable",
    ]  # fmt: skip
    does("agent", "deploy", "planner", "--a-day", 3, *(word for name in targets for word in ("--target", name)),
         *AUTHOR)  # fmt: skip
    return Plan.read(tmp_path / "planner")


@pytest.fixture
def serves(records, chain, tmp_path, monkeypatch):
    """How the server is started, and what it and its log have said."""
    environment = {**os.environ, "KEIFU_RPC": chain.url, "KEIFU_DEPLOYMENTS": str(records), "HOME": str(tmp_path)}

    def serves(*words):
        return StdioServerParameters(
            command=str(KEIFU), args=["agent", "serve", *map(str, words)], env=environment, cwd=tmp_path
        )

    return serves


@pytest.fixture
def tools(client, suite, tmp_path):
    """Calls a tool of a server in this process; the data of its answer, or the code of its refusal."""

    def tools(place="planner", spends=True, most=0):
        folder = tmp_path / place if place else None
        plan = Plan.read(folder) if folder else None
        reads = Reads(Ground(client, Deployment(suite), 0), plan)
        protocol = protocol_of(Serving(reads, folder, spends, most))

        def ask(name, **arguments):
            message = {"jsonrpc": "2.0", "id": 1, "method": "tools/call"}
            message["params"] = {"name": name, "arguments": arguments}
            answer = json.loads(protocol.answer(json.dumps(message).encode()).body)
            if "error" in answer:
                return answer["error"]["message"]
            found = answer["result"]["structuredContent"]
            return found["error"]["code"] if answer["result"]["isError"] else found["data"]

        return ask

    return tools


@asynccontextmanager
async def asking(server, mode="auto"):
    async with Client(server, mode=mode) as client:
        yield client


def said(result):
    """The data of an answer, or the code of a refusal; the text says the same."""
    found = result.structured_content
    assert json.loads(result.content[0].text) == found
    if result.is_error:
        assert found["error"]["note"] == NOTE
        return found["error"]["code"]
    assert found["note"] == NOTE
    return found["data"]


def coins_of(client, suite, who):
    return client.at(suite["KeifuToken"], "KeifuToken").balanceOf(who)


READS = {
    "balance", "agent_status", "agents", "agent", "token", "session", "locks", "position", "vesting_grant",
    "programme", "proposal", "record", "ancestry", "verify_bundle", "environment", "deal", "channel", "order",
    "verify_reply", "cost",
}  # fmt: skip
SPENDS = {"pay", "stake", "claim_rewards", "claim_grant", "call"}


@pytest.mark.parametrize(("mode", "version"), [("legacy", HANDSHAKES[-1]), ("auto", STATELESS[-1])])
def test_the_protocols_own_client_reads_and_pays(agent, serves, client, suite, chain, mode, version):
    """MCP-1: by both kinds of clients."""
    before = coins_of(client, suite, FRIEND.address)

    async def ask():
        async with asking(serves("planner", "--spend"), mode) as server:
            assert server.protocol_version == version
            assert {tool.name for tool in (await server.list_tools()).tools} == READS | SPENDS
            status = said(await server.call_tool("agent_status", {}))
            assert (status["account"], status["coins"]) == (agent.account, str(50 * COIN))
            tried = said(await server.call_tool("pay", {"to": FRIEND.address, "coins": "2", "try_only": True}))
            assert (tried["sent"], tried["uses_left"]) == (False, 1_000)
            paid = said(await server.call_tool("pay", {"to": FRIEND.address, "coins": "2"}))
            assert (paid["sent"], len(paid["transactions"]), paid["uses_left"]) == (True, 1, 999)
            assert said(await server.call_tool("balance", {}))["coins"] == str(48 * COIN)
            chain.warp(DAY)
            staked = said(await server.call_tool("stake", {"operator": OPERATOR, "coins": "1.5"}))
            assert (len(staked["transactions"]), staked["uses_left"]) == (2, 997)
            assert said(await server.call_tool("position", {"operator": OPERATOR}))["worth"] == str(3 * COIN // 2)
            asked = {"to": suite["StakingHub"], "function": "claim_rewards(address,address,uint256)",
                     "arguments": [OPERATOR, agent.account, "0"], "try_only": True}  # fmt: skip
            assert said(await server.call_tool("call", asked)) == said(
                await server.call_tool("claim_rewards", {"operator": OPERATOR, "try_only": True})
            ) | {"what": f"{asked['function']} of {asked['to']}"}

    asyncio.run(ask())
    assert coins_of(client, suite, FRIEND.address) - before == 2 * COIN


def test_a_client_that_asks_beyond_the_grant_gets_the_bound_named(agent, tools, client, suite):
    """MCP-1: nothing is sent for any of them, and nothing is used of the session."""
    token, hub = suite["KeifuToken"], suite["StakingHub"]
    operator, me = ROLES["operator"].account.address, FRIEND.address
    before = coins_of(client, suite, agent.account), client.rpc.block_number()
    nft = suite["IntelligentNFT"]
    calls = [
        ("pay", {"to": me, "coins": "3.000000000000000001"}, "over_limit"),
        ("pay", {"to": me, "coins": "999999999999"}, "over_limit"),
        ("call", {"to": token, "function": "approve(address,uint256)", "arguments": [me, "1"]}, "spender_not_granted"),
        ("call", {"to": token, "function": "approve(address,uint256)", "arguments": [hub, "4coins"]}, "over_limit"),
        ("call", {"to": token, "function": "transferFrom(address,address,uint256)", "arguments": [me, me, "1"]},
         "not_granted"),
        ("call", {"to": nft, "function": "setApprovalForAll(address,bool)", "arguments": [me, "true"]}, "not_granted"),
        ("call", {"to": agent.account, "function": "revoke_session(address)", "arguments": [me]}, "not_granted"),
        ("call", {"to": me, "function": "transfer(address,uint256)", "arguments": [me, "1"]}, "not_granted"),
        ("call", {"to": hub, "function": "claim_rewards(address,address,uint256)", "arguments": [operator, me, "0"],
                  "ether": "0.1"}, "over_limit"),
        ("call", {"to": token, "function": "transfer", "arguments": []}, "wrong_use"),
        ("call", {"to": token, "function": "transfer(address,uint256)", "arguments": [me]}, "wrong_use"),
        ("claim_grant", {"number": 1}, "not_granted"),
        ("stake", {"operator": operator, "coins": "4"}, "over_limit"),
        ("stake", {"operator": operator, "coins": "1.6"}, "over_limit"),
        ("stake", {"operator": operator, "coins": "51"}, "check_failed"),
        ("pay", {"to": "me", "coins": "1"}, "bad_arguments"),
        ("pay", {"to": me, "coins": "-1"}, "bad_arguments"),
        ("pay", {"to": me, "coins": "1e3"}, "bad_arguments"),
    ]  # fmt: skip

    ask = tools()
    for name, arguments, code in calls:
        assert (name, arguments, ask(name, **arguments)) == (name, arguments, code)
    assert tools(most=COIN)("pay", to=me, coins="1.5") == "over_own_bound"
    assert "no tool of this name" in tools(spends=False)("pay", to=me, coins="1")
    assert tools("", spends=False)("balance") == "wrong_use"
    assert tools("", spends=False)("agent_status") == "wrong_use"
    assert (coins_of(client, suite, agent.account), client.rpc.block_number()) == before
    account = client.at(agent.account, "AgentAccount")
    assert accounts.read_session(account, agent.session).uses == 1_000


def test_a_session_that_is_over_used_up_or_revoked_pays_nothing(agent, tools, client, suite, chain):
    """MCP-1: each has a code of its own, while the server runs on."""
    owner = RpcDeployer(client, OWNER)
    pay = {"to": FRIEND.address, "coins": "1"}

    def granted(**terms):
        chosen = Allowance(**{"a_day": 3 * COIN, **terms})
        given = grant_of(suite["KeifuToken"], agent.session, client.now + chosen.seconds, chosen)
        accounts.grant(owner, agent.account, given)

    ask = tools()
    granted(uses=1)
    assert ask("pay", **pay)["uses_left"] == 0
    assert ask("pay", **pay) == "used_up"
    granted(seconds=600)
    assert ask("pay", **pay)["uses_left"] == 999
    chain.warp(601)
    assert ask("pay", **pay) == "session_over"
    granted()
    for place in range(3):
        assert ask("pay", **pay)["uses_left"] == 999 - place
    assert ask("pay", **pay) == "over_limit"
    chain.warp(DAY)
    assert ask("pay", **pay)["sent"]
    accounts.revoke(owner, agent.account, agent.session)
    assert ask("pay", **pay) == "no_session"
    hub = suite["StakingHub"]
    stakes = (
        Target.of(hub, "stake(address,uint256,uint256,uint256)"), Target(hub, APPROVABLE),
        Target.of(suite["KeifuToken"], "approve(address,uint256)"),
    )  # fmt: skip
    granted(uses=1, targets=stakes)
    assert ask("stake", operator=OPERATOR, coins="1") == "used_up"
    assert client.at(suite["KeifuToken"], "KeifuToken").allowance(agent.account, hub) == 0
    granted(limits=(Limit(suite["KeifuToken"], COIN),), targets=(Target(FRIEND.address),))
    assert ask("pay", **{**pay, "coins": "2"}) == "over_limit"


def test_a_key_without_ether_and_a_key_of_somebody_else_say_so(agent, tools, client, keifu, tmp_path):
    """MCP-1, MCP-4: the money stays, the key is not shown."""
    rest = client.balance(agent.session)
    client.rpc.call("anvil_setBalance", agent.session, "0x1")

    assert tools()("pay", to=FRIEND.address, coins="1") == "no_gas"
    client.rpc.call("anvil_setBalance", agent.session, hex(rest))
    path = tmp_path / "planner" / "session.json"
    mine = path.read_text()
    path.chmod(0o600)
    path.write_text(json.dumps({"key": FRIEND.secret().hex()}))
    status, out, err = keifu("agent", "serve", "planner", "--spend")
    assert (status, "the agent's sessions are for" in err) == (1, True)
    assert FRIEND.secret().hex() not in out + err
    path.write_text("{}")
    status, _, err = keifu("agent", "serve", "planner", "--spend")
    assert (status, "is no key of a session" in err) == (2, True), err
    path.write_text(mine)
    status, _, err = keifu("agent", "serve", "--spend")
    assert (status, "name the agent's folder" in err) == (2, True)


def test_everything_is_read_and_no_key_is_ever_said(agent, tools, client, suite, records, tmp_path, does):
    """MCP-4: every tool, with what is there and what is not."""
    operator = ROLES["operator"].account.address
    grant = give_grant(client, records, FRIEND.address, 4)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "one.txt").write_text("one")
    record = does("prov", "register", "data", "--kind", "weights", *AUTHOR)["id"]
    bundle = does("prov", "bundle", record, "--out", "data.bundle")
    packed = b64encode((tmp_path / "data.bundle").read_bytes()).decode()
    environment = does("prov", "declare", "production", *AUTHOR)["environment"]
    does("prov", "promote", "production", record, *AUTHOR)
    channel = does("channel", "open", "--to", operator, "--amount", 1, *AUTHOR)["channel"]
    nothing = "00" * 32
    asked = [
        ("balance", {"account": FRIEND.address}), ("agents", {}), ("agents", {"owner": agent.account, "limit": 1}),
        ("token", {"token": agent.token}), ("session", {"account": agent.account, "key": agent.session}),
        ("locks", {"operator": operator}), ("position", {"operator": operator}), ("vesting_grant", {"number": grant}),
        ("record", {"id": record}), ("ancestry", {"id": record}),
        ("verify_bundle", {"bundle": packed, "block": bundle["blockHash"]}), ("agent", {"number": 0}),
        ("environment", {"id": environment}), ("channel", {"id": channel}),
    ]  # fmt: skip
    missing = [
        ("agent", {"number": 999}, "wrong_use"), ("token", {"token": nothing}, "wrong_use"),
        ("session", {"account": FRIEND.address, "key": operator}, "wrong_use"),
        ("vesting_grant", {"number": 999}, "wrong_use"), ("programme", {"number": 999}, "wrong_use"),
        ("proposal", {"number": 999}, "wrong_use"), ("deal", {"id": nothing}, "check_failed"),
        ("channel", {"id": nothing}, "wrong_use"), ("order", {"number": 999}, "wrong_use"),
        ("verify_bundle", {"bundle": "!", "block": "0x" + nothing}, "bad_input"),
        ("verify_bundle", {"bundle": packed, "block": "0x" + nothing}, "check_failed"),
        ("verify_bundle", {"bundle": packed[:-8], "block": bundle["blockHash"]}, "check_failed"),
        ("verify_reply", {"request": "{}", "response": "{}", "receipt": "?", "operator": operator}, "check_failed"),
        ("cost", {}, "bad_input"),
    ]  # fmt: skip
    ask, heard = tools(), []
    for name, arguments in asked:
        heard.append(found := ask(name, **arguments))
        assert isinstance(found, dict), (name, found)
    for name, arguments, code in missing:
        assert (name, ask(name, **arguments)) == (name, code)
    key = json.loads((tmp_path / "planner" / "session.json").read_text())["key"]
    data = json.loads((tmp_path / "planner" / "data" / "token.json").read_text())["items"][0]["key"]
    said = json.dumps(heard).lower()
    assert (key in said, data in said) == (False, False)


# over HTTP ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def site(agent, serves, tmp_path, does):
    """The server over HTTP, with spending and the agent's documents; its address."""
    (tmp_path / "token").write_text(ENTRY)
    does("agent", "card", "planner", "--name", "Planner", "--description", "Plans journeys.", "--mcp",
         "https://example.org/mcp")  # fmt: skip
    how = serves("planner", "--spend", "--http", "--port", 0, "--token", "token", "--json")
    words = [how.command, *how.args]
    with subprocess.Popen(words, env=how.env, cwd=how.cwd, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads("".join(process.stdout.readline() for _ in range(3)))["url"]
        process.terminate()
        assert process.wait() == 0


def test_over_http_the_protocols_own_client_pays_with_the_token(site, client, suite, agent):
    """MCP-1, MCP-5."""

    async def ask(mode):
        async with (
            httpx2.AsyncClient(headers={"authorization": f"Bearer {ENTRY}"}) as http,
            Client(streamable_http_client(site, http_client=http), mode=mode) as server,
        ):
            assert {tool.name for tool in (await server.list_tools()).tools} == READS | SPENDS
            assert said(await server.call_tool("pay", {"to": FRIEND.address, "coins": "1"}))["sent"]
            assert said(await server.call_tool("pay", {"to": FRIEND.address, "coins": "3"})) == "over_limit"

    for mode in ("legacy", "auto"):
        asyncio.run(ask(mode))
    assert coins_of(client, suite, agent.account) == 48 * COIN


def test_strangers_and_pages_of_browsers_are_refused(site, keifu, tmp_path):
    """MCP-5."""
    message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    good = {"authorization": f"Bearer {ENTRY}", "accept": "application/json, text/event-stream"}

    def posted(headers=None, content=None, url=site):
        body = json.dumps(message) if content is None else content
        return httpx.post(url, content=body, headers={"content-type": "application/json", **good, **(headers or {})})

    assert posted().json() == {"jsonrpc": "2.0", "id": 1, "result": {}}
    assert posted({"origin": "http://localhost:1"}).status_code == 200
    for headers, status in (
        ({"authorization": ""}, 401),
        ({"authorization": "Bearer other"}, 401),
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"host": "evil.example"}, 403),
        ({"content-type": "text/plain"}, 415),
    ):
        assert (headers, posted(headers).status_code) == (headers, status)
    assert posted(content=b"x" * (2 << 20)).status_code == 413
    assert httpx.get(site, headers=good).status_code == 405
    assert httpx.get(site.replace("/mcp", "/other")).status_code == 404
    assert posted().status_code == 200
    for words, what in (
        (("--http", "--spend"), "anybody on this machine"),
        (("--http", "--token", "short"), "holds no token"),
    ):
        (tmp_path / "short").write_text("short")
        status, _, err = keifu("agent", "serve", "planner", *words)
        assert (status, what in err) == (2, True), err


def test_the_agents_documents_are_served_and_a2a_reads_the_card(site, agent, suite):
    """By A2A's own client, every field that it requires."""
    base = site.removesuffix("/mcp")
    filed = httpx.get(f"{base}/.well-known/agent-registration.json").json()
    assert filed["registrations"][0]["agentRegistry"].lower() == f"eip155:31337:{suite['AgentIdentity'].lower()}"
    try:
        programs = tool_environment("a2a", HERE / "a2a.lock")
    except EnvironmentFault as error:
        if os.environ.get("KEIFU_NO_SKIP") == "1":
            raise
        pytest.skip(f"a2a-sdk is not here: {error}")
    done = subprocess.run(
        [programs / "python", HERE / "read_card.py", base], capture_output=True, text=True, env={}, check=False
    )
    assert done.returncode == 0, done.stderr
    read = json.loads(done.stdout)
    assert (read["name"], read["supportedInterfaces"][0]["url"]) == ("Planner", "https://example.org/mcp")
