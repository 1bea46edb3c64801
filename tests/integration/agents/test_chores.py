"""Ten chores from one signature on a real chain, by a relayer that is paid out of the account; and what stops them."""

from __future__ import annotations

from dataclasses import replace

import httpx
import msgspec
import pytest

from keifu.accounts import Call
from keifu.accounts import actions as accounts
from keifu.agent import chores as chores_of
from keifu.agent.chores import Chores
from keifu.agent.errands import Relayer
from keifu.agent.faults import ChoreFault
from keifu.agent.plan import load_plan, make_plan
from keifu.agent.scene import Scene
from keifu.agent.wishes import Mind, Staked, Wishes
from keifu.chain import Deployment, RpcDeployer
from keifu.errors import InputError
from keifu.keys import Account
from keifu.local.roles import ROLES
from keifu.local.suite import give_grant
from keifu.units import COIN, DAY
from tests.integration.node.conftest import Node, until

OWNER, RELAYER = ROLES["author"].account, ROLES["node"].account
MINE = 2  # transactions of the owner's: mint, and the account


class Pen:
    """Signs for the owner, and counts."""

    def __init__(self):
        self.signed = 0

    def sign(self, digest):
        self.signed += 1
        return OWNER.sign(digest)


@pytest.fixture
def scene(client, chain, suite, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    pen = Pen()
    made = Scene(
        client, Deployment(suite), RpcDeployer(client, OWNER), pen.sign, 0, tmp_path / "storage", tmp_path / "channels"
    )
    client.forget_nonces()
    return made, pen


@pytest.fixture
def relayer(does, tmp_path):
    folder = tmp_path / "relayer"
    does("node", "relayer", "init", folder, "--role", "node", "--listen", "127.0.0.1:0", "--owner-pages", "127.0.0.1:0",
         "--per-ether", 4_000 * COIN, "--poll", "1 second")  # fmt: skip
    node = Node("relayer", folder)
    with node.inside():
        yield f"http://{node.get('/status').json()['relays_at']}"


@pytest.fixture
def planned(scene, tmp_path):
    """An agent that nothing was sent of; its folder and plan."""
    (tmp_path / "prompt.txt").write_text("You plan journeys.")
    place = tmp_path / "planner"
    return place, make_plan(place, scene[0].suite, 31_337, OWNER.address, [tmp_path / "prompt.txt"], ["prompt"])


@pytest.fixture
def wishes(client, records, planned, relayer):
    grant = give_grant(client, records, planned[1].account, 400)  # a hundred are vested
    operator = ROLES["operator"].account.address
    return Wishes(grant, relayer, most_refund=10 * COIN, uri="https://example.org", staked=Staked(operator, 10 * COIN))


@pytest.fixture
def begin(scene, planned):
    """Does the chores of what the folder says now; what was done, by name."""

    def begin(wishes):
        heard = []
        place = planned[0]
        plan = Chores(scene[0], place, load_plan(place, 31_337, OWNER.address), wishes, heard.append).run()
        return plan, heard

    return begin


def code_of(begin, wishes):
    with pytest.raises(ChoreFault) as fault:
        begin(wishes)
    return fault.value.code


def own_transactions(client):
    return int(client.rpc.call("eth_getTransactionCount", OWNER.address, "latest"), 16)


def coins_of(scene, who):
    return scene.suite.at(scene.client, "KeifuToken").balanceOf(who)


def test_ten_chores_by_one_signature(begin, scene, wishes, client):
    """CHO-1, CHO-2, CHO-3."""
    scene, pen = scene
    before, fees = own_transactions(client), coins_of(scene, RELAYER.address)
    plan, heard = begin(wishes)
    assert (pen.signed, own_transactions(client) - before) == (1, MINE)
    assert [chore.name for chore in heard if not chore.detail] == [
        "mint", "account", "claim", "sponsorship", "identity", "stake", "session",
    ]  # fmt: skip
    refund = int(plan.refund)
    assert coins_of(scene, RELAYER.address) - fees == refund > 0
    assert coins_of(scene, plan.account) == 90 * COIN - refund
    suite, client = scene.suite, scene.client
    assert suite.at(client, "IntelligentNFT").ownerOf(plan.token_id) == OWNER.address
    assert suite.at(client, "AgentIdentity").balanceOf(plan.account) == 1
    assert accounts.read_session(client.at(plan.account, "AgentAccount"), plan.session).alive


def test_the_same_call_goes_on_and_does_nothing_twice(begin, scene, planned, wishes, client, monkeypatch):
    """CHO-1."""
    scene, pen = scene
    before = own_transactions(client)

    def fails(*_):
        raise ChoreFault("pending", "the line is down")

    with monkeypatch.context() as patch:
        patch.setattr(Relayer, "bring", fails)
        assert code_of(begin, wishes) == "pending"
    signed = load_plan(planned[0], 31_337, OWNER.address).intent
    plan, _ = begin(wishes)
    again, _ = begin(wishes)
    assert (plan.intent, again.intent) == (signed, signed)
    assert (pen.signed, own_transactions(client) - before) == (1, MINE)
    assert Relayer(wishes.relayer).bring(signed) == Relayer(wishes.relayer).bring(signed)
    assert coins_of(scene, plan.account) == 90 * COIN - int(plan.refund)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"grant": 10_000}, "no_grant"),
        ({"most_refund": 1}, "gas"),
        ({"staked": Staked(ROLES["operator"].account.address, 100 * COIN)}, "too_few_coins"),
        ({"staked": Staked(ROLES["author"].account.address, COIN)}, "refused"),
        ({"session": 0}, "refused"),
        ({"mind": Mind("http://127.0.0.1:9", RELAYER.address, "any", COIN, COIN, "Who?")}, "does not answer"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_signed(begin, scene, planned, wishes, change, code):
    scene, pen = scene
    wished = replace(wishes, **change)
    if code == "does not answer":
        with pytest.raises(Exception, match=code):
            begin(wished)
    else:
        assert code_of(begin, wished) == code
    assert (pen.signed, coins_of(scene, planned[1].account)) == (0, 0)
    assert begin(wishes)[0].intent


def test_grants_of_others_and_of_later_are_refused(begin, scene, client, records, planned, wishes, chain):
    other = give_grant(client, records, RELAYER.address, 4)
    assert code_of(begin, replace(wishes, grant=other)) == "other_grant"
    scene[0].chain.call(scene[0].suite["VestingEscrow"], "VestingEscrow", "claim", wishes.grant)
    assert code_of(begin, wishes) == "not_vested"


def test_a_signature_that_is_too_late_or_cancelled_does_nothing(begin, scene, planned, wishes, chain, monkeypatch):
    scene, pen = scene

    def fails(*_):
        raise ChoreFault("pending", "the line is down")

    def sign_only():
        with monkeypatch.context() as patch:
            patch.setattr(Relayer, "bring", fails)
            assert code_of(begin, wishes) == "pending"

    sign_only()
    chain.warp(wishes.deadline + 60)
    assert code_of(begin, wishes) == "too_late"
    assert coins_of(scene, planned[1].account) == 0
    sign_only()
    accounts.cancel(scene.chain, planned[1].account)
    assert code_of(begin, wishes) == "cancelled"
    assert (pen.signed, coins_of(scene, planned[1].account)) == (2, 0)


def test_a_session_that_ends_before_the_last_chore_asks_nothing(begin, wishes, chain):
    begin(wishes)
    chain.warp(wishes.session + DAY)
    mind = Mind("http://127.0.0.1:9", RELAYER.address, "any", COIN, COIN, "Who?")
    assert code_of(begin, replace(wishes, mind=mind)) == "session_over"


def test_a_session_that_ends_in_the_middle_undoes_nothing_and_is_signed_anew(
    begin, scene, planned, wishes, chain, monkeypatch
):
    """CHO-1: what was signed was never brought; token, coins and grant are where they were."""
    scene, pen = scene
    short = replace(wishes, session=600)

    def fails(*_):
        raise ChoreFault("pending", "the line is down")

    with monkeypatch.context() as patch:
        patch.setattr(Relayer, "bring", fails)
        assert code_of(begin, short) == "pending"
    chain.warp(601)
    assert code_of(begin, short) == "session_over"
    assert coins_of(scene, planned[1].account) == 0
    assert scene.suite.at(scene.client, "VestingEscrow").claimable(wishes.grant) == 100 * COIN
    assert scene.suite.at(scene.client, "AgentIdentity").balanceOf(planned[1].account) == 0
    plan, _ = begin(short)
    assert (pen.signed, plan.session_until > scene.client.now) == (2, True)
    assert accounts.read_session(scene.client.at(plan.account, "AgentAccount"), plan.session).alive


def test_a_plan_of_another_owner_or_chain_is_refused(planned):
    for chain_id, owner in ((31_337, RELAYER.address), (5, OWNER.address)):
        with pytest.raises(InputError, match="is of 0x"):
            load_plan(planned[0], chain_id, owner)


# the relayer ----------------------------------------------------------------------------------------------------------


def test_a_relayer_brings_nothing_that_it_is_not_paid_for(begin, scene, planned, wishes, monkeypatch):
    """CHO-2: each has a reason; nothing is sent."""
    scene, _ = scene
    begin(wishes)
    account, token = planned[1].account, scene.suite["KeifuToken"]
    pays = scene.client.at(token, "KeifuToken").interface.function("transfer", 2)

    def signed(*calls, deadline=None):
        last = deadline or scene.client.now + 600
        return accounts.sign_batch(scene.chain, 31_337, account, calls, last, OWNER.sign)

    def reason(intent):
        answer = httpx.post(f"{wishes.relayer}/account", content=msgspec.json.encode(intent))
        return answer.json()["reason"].partition(":")[0]

    def paying(amount, to=RELAYER.address):
        return Call(token, 0, pays.encode([to, amount]))

    until(lambda: reason(signed(paying(1))) != "relayer_busy")  # the chores' own batch is in its block
    fees = coins_of(scene, RELAYER.address)
    good = signed(paying(COIN))
    for intent, code in (
        (signed(paying(1)), "relayer_refund"),
        (signed(paying(11 * COIN)), "relayer_refund"),
        (signed(paying(COIN), paying(1_000 * COIN, OWNER.address)), "relayer_simulation_failed"),
        (msgspec.structs.replace(good, signature="11" * 65), "relayer_simulation_failed"),
        (msgspec.structs.replace(good, account=scene.suite["KeifuToken"]), "relayer_account"),
        (msgspec.structs.replace(good, chain_id=5), "relayer_account"),
        (msgspec.structs.replace(good, session=True), "relayer_account"),
        (msgspec.structs.replace(good, signature="zz"), "this is no intent"),
    ):
        assert reason(intent) == code
    assert coins_of(scene, RELAYER.address) == fees
    # What pays somebody else pays nobody's gas: it is given away, within the hour's bounds.
    assert reason(signed(paying(1, Account.from_role("friend").address))) == ""


def test_the_list_of_chores_is_whole():
    assert len(chores_of.CHORES) == 10
    assert set(chores_of.SIGNED) < set(chores_of.CHORES)
