"""A holder's coins: a wallet is connected, a grant claimed, coins staked and taken back."""

from __future__ import annotations

import pytest

from keifu.chain import RpcDeployer
from keifu.local.suite import give_grant
from keifu.staking import actions
from keifu.units import COIN, DAY
from tests.integration.dapp.conftest import enter, press, says, text, visit
from tests.integration.dapp.wallet import Wallet

pytestmark = pytest.mark.xdist_group("dapp")
DUE, STAKED = 381, 500  # coins, in the kit
HOSTILE = "<img src=x onerror='hacked=1'>"


def coins(chain, role):
    return chain.contract("KeifuToken").balanceOf(chain.account(role).address)


def as_role(chain, role):
    return RpcDeployer(chain.client, chain.account(role))


def claim_for(chain, role):
    """Anybody may send it, and so takes it from under the page."""
    assert chain.connect(role).grants.claim(chain.grants) == DUE


def behind(asked, method):
    """What a wallet was asked after this."""
    return asked[asked.index(method) :] if method in asked else []


def changed(tab):
    """The first wallet's owner has chosen another account there."""
    tab.evaluate("window.dispatchEvent(new CustomEvent('test:id of Amber', { detail: ['accountsChanged', []] }))")


def test_of_several_wallets_one_is_connected(tab, site, chain, wallet):
    other = Wallet(HOSTILE, chain.account("author").address, 1, chain.url, icon="https://elsewhere.example/icon.png")
    site.wallets |= {other.info["uuid"]: other}
    visit(tab, site)
    names = tab.evaluate(
        "[...document.querySelectorAll('.wallets button')].map(one => one.innerText.split('\\n').at(-1))"
    )
    assert names == ["Amber", HOSTILE]  # a stranger's text, shown as text; its picture is asked of nobody
    wallet.refuses.add("eth_requestAccounts")
    press(tab, "Amber")
    says(tab, "You declined in your wallet.", "#notes")
    assert text(tab, "#connected") == ""
    wallet.refuses.clear()
    press(tab, "Amber")
    says(tab, "1,000 KEIFU", "#sums")
    assert tab.evaluate("typeof hacked") == "undefined"
    press(tab, "Disconnect")
    says(tab, "Connect your wallet")
    assert text(tab, "#sums") == ""
    changed(tab)  # nobody listens any more
    press(tab, HOSTILE)
    says(tab, "is on chain 1.", "#wallet")
    assert text(tab, "#connected").startswith(HOSTILE[0])


def test_without_a_wallet_the_page_says_what_to_do(tab, site, wallet):
    site.wallets = {}
    visit(tab, site)
    says(tab, "No wallet was found in this browser.")


def test_another_account_of_the_wallet_is_followed(tab, site, chain, wallet):
    enter(tab, site)
    says(tab, "1,143 KEIFU", "#grants")
    wallet.account = chain.account("node").address  # which has no grant
    changed(tab)
    says(tab, "This account is not in the published list.", "#grants")
    wallet.account = ""
    changed(tab)
    says(tab, "Connect your wallet")


def test_a_wallet_on_another_chain_is_asked_to_switch(tab, site, chain, wallet):
    right, wallet.chain = wallet.chain, 1
    visit(tab, site)
    press(tab, "Amber")
    says(tab, f"Amber is on chain 1. Keifu's contracts are on chain {right}.", "#wallet")
    wallet.chains = {1}
    press(tab, "Switch to chain")
    says(tab, f"Amber does not know chain {right}.", "#notes")
    says(tab, "Add the chain in your wallet's settings", "#notes")
    wallet.chains, wallet.refuses = {1, right}, {"wallet_switchEthereumChain"}
    press(tab, "Switch to chain")
    says(tab, "You declined in your wallet.", "#notes")
    assert "eth_call" not in wallet.asked  # nothing is read of a chain that is not meant
    wallet.refuses.clear()
    press(tab, "Switch to chain")
    says(tab, "In your wallet", "#sums")
    assert text(tab, "#wallet") == ""


def test_a_grant_is_claimed_and_its_states_are_seen(tab, site, chain, wallet):
    enter(tab, site)
    before = coins(chain, "holder")
    says(tab, "33.33 % vested", "#grants")
    chain.client.rpc.call("evm_setAutomine", False)
    try:
        press(tab, f"Claim {DUE} KEIFU")
        says(tab, "waiting for its block", "#notes")
        assert tab.evaluate("document.querySelector('#grants button').getAttribute('aria-busy')") == "true"
        tab.evaluate("document.querySelector('#grants button').click()")  # impatience sends nothing more
        assert coins(chain, "holder") == before
    finally:
        chain.client.rpc.call("evm_setAutomine", True)
    chain.anvil.mine()
    says(tab, "Confirmed in block", "#notes")
    says(tab, "Nothing to claim yet", "#grants")
    says(tab, "1,381 KEIFU", "#sums")
    assert (coins(chain, "holder"), len(wallet.sent)) == (before + DUE * COIN, 1)


def test_a_claim_that_its_holder_declines_sends_nothing(tab, site, chain, wallet):
    enter(tab, site)
    wallet.refuses.add("eth_sendTransaction")
    press(tab, "Claim")
    says(tab, "You declined in your wallet.", "#notes")
    assert (wallet.sent, coins(chain, "holder")) == ([], 1_000 * COIN)
    wallet.refuses.clear()
    press(tab, "Claim")
    says(tab, "Confirmed in block", "#notes")


def test_a_grant_that_was_claimed_meanwhile(tab, site, chain, wallet):
    enter(tab, site)
    claim_for(chain, "holder")
    press(tab, "Claim")
    says(tab, "The contract refuses: distributor: nothing to claim", "#notes")
    says(tab, "the next step of the schedule brings more", "#notes")
    assert wallet.sent == []
    says(tab, "Nothing to claim yet", "#grants")  # and the page has looked again


def test_a_claim_that_fails_in_its_block_says_why(tab, site, chain, wallet):
    """Somebody else's claim comes between the trial and the block."""
    enter(tab, site)
    wallet.before_sending = lambda: claim_for(chain, "holder")
    press(tab, "Claim")
    says(tab, "The contract refuses: distributor: nothing to claim", "#notes")
    assert len(wallet.sent) == 1
    assert chain.client.rpc.call("eth_getTransactionReceipt", wallet.sent[0])["status"] == "0x0"


def test_a_claim_that_its_holder_cancels_in_the_wallet_is_not_confirmed(tab, site, chain, wallet):
    enter(tab, site)
    node, before = chain.client.rpc, coins(chain, "holder")
    nonce = node.call("eth_getTransactionCount", wallet.account, "latest")
    node.call("evm_setAutomine", False)
    try:
        press(tab, "Claim")
        says(tab, "Sent, and waiting for its block", "#notes")
        while "eth_getTransactionReceipt" not in behind(wallet.asked, "eth_getTransactionByHash"):
            text(tab, "#notes")  # the page has to know what is replaced
        price = hex(10**11)
        fees = {"maxFeePerGas": price, "maxPriorityFeePerGas": price, "gas": hex(21_000), "nonce": nonce}
        node.call("eth_sendTransaction", {"from": wallet.account, "to": wallet.account, "value": "0x0", **fees})
        node.call("evm_mine")
    finally:
        node.call("evm_setAutomine", True)
    says(tab, "Another transaction took its place.", "#notes")
    assert coins(chain, "holder") == before


def test_a_list_that_is_not_the_distributor_s_is_not_shown(tab, site, wallet):
    visit(tab, site)
    tab.evaluate(
        "window.real = window.fetch; window.fetch = async (place, ...more) => {"
        " const answer = await real(place, ...more); if (!String(place).startsWith('grant/')) return answer;"
        " const said = await answer.json(); said.grant.total = '9' + said.grant.total;"
        " return new Response(JSON.stringify(said)); }; 1"
    )
    press(tab, "Amber")
    says(tab, "The list that this server has is not the one that the distributor pays by.", "#grants")
    says(tab, "1,000 KEIFU", "#sums")
    assert tab.evaluate("document.querySelector('#grants button')") is None


def test_a_grant_of_the_escrow_is_claimed(tab, site, chain, wallet):
    number = give_grant(chain.client, chain.folder, chain.account("node").address, 400)
    site.index()
    wallet.account = chain.account("node").address
    enter(tab, site)
    says(tab, f"Grant {number}", "#grants")
    before = coins(chain, "node")
    press(tab, "Claim 100 KEIFU")
    says(tab, "Confirmed in block", "#notes")
    assert coins(chain, "node") == before + 100 * COIN


def stake(tab, amount):
    tab.evaluate(f"document.getElementById('stake-amount').value = {amount!r}")
    tab.evaluate("document.querySelector('#stake-form button.main').click()")


CANNOT = {
    "": "Write a number such as 12.5", "ten": "Write a number such as 12.5", "1,5": "Write a number such as 12.5",
    "-1": "Write a number such as 12.5", "1e3": "Write a number such as 12.5", "0": "Write an amount above zero.",
    "0.0000000000000000001": "At most 18 digits behind the point.", "1000.1": "You have 1,000 KEIFU.",
}  # fmt: skip


def test_an_amount_that_cannot_be_staked(tab, site, wallet):
    enter(tab, site, "#stake")
    for amount, said in CANNOT.items():
        stake(tab, amount)
        says(tab, said, "#stake-fault")
        assert tab.evaluate("document.activeElement.id") == "stake-amount"
        tab.until("!document.querySelector('#stake-form button.main').ariaBusy")
    assert wallet.sent == []


def test_coins_are_staked_earn_leave_and_come_back(tab, site, chain, wallet):
    enter(tab, site, "#stake")
    operator = chain.account("operator").address
    stake(tab, "12.5")
    says(tab, "2 of 2: Stake", "#notes")
    says(tab, "12.5 KEIFU", "#positions")
    assert len(wallet.sent) == 2  # an approval of just so much, and the stake
    hub, token = chain.contract("StakingHub"), chain.contract("KeifuToken")
    assert hub.position(operator, wallet.account)[1] == 12 * COIN + COIN // 2
    assert token.allowance(wallet.account, hub.address) == 0
    chain.warp(2 * DAY)
    actions.reward(as_role(chain, "deployer"), chain.suite, operator, 1_000 * COIN)
    chain.warp(2 * DAY)
    site.index()
    press(tab, "Refresh")
    press(tab, "Claim ")
    says(tab, "Claim rewards", "#notes")
    says(tab, "Confirmed in block", "#notes")
    press(tab, "Leave…")
    press(tab, "Stay")
    press(tab, "Leave…")
    press(tab, "Leave")
    tab.evaluate("[...document.querySelectorAll('dialog[open] button.main')].forEach(one => one.click())")
    says(tab, "12.5 KEIFU leaving, until", "#positions")
    assert tab.evaluate("document.querySelector('.ticket button').disabled")
    site.index()
    chain.warp(hub.unbonding() * 2)
    press(tab, "Refresh")
    before = coins(chain, "holder")
    press(tab, "Withdraw")
    says(tab, "Confirmed in block", "#notes")
    assert coins(chain, "holder") == before + 12 * COIN + COIN // 2


def test_what_the_hub_owes_is_collected(tab, site, chain, wallet):
    hub, operator = chain.contract("StakingHub"), chain.account("operator").address
    actions.reward(as_role(chain, "deployer"), chain.suite, operator, 1_000 * COIN)
    chain.warp(2 * DAY)
    wallet.account = chain.account("delegator").address
    hub.unstake(operator, hub.position(operator, wallet.account)[0], 0, 0, sender=chain.account("delegator"))
    owed, before = hub.credit(wallet.account), coins(chain, "delegator")
    assert owed > 0
    enter(tab, site, "#stake")
    press(tab, "Collect")
    says(tab, "Confirmed in block", "#notes")
    assert coins(chain, "delegator") == before + owed
    tab.until("document.getElementById('credit').innerText === ''")


def test_an_operator_that_is_full_takes_nothing(tab, site, chain, wallet):
    enter(tab, site, "#stake")
    actions.delegate(as_role(chain, "deployer"), chain.suite, chain.account("operator").address, 3_970 * COIN)
    stake(tab, "500")
    says(tab, "The contract refuses: hub: pool is full", "#notes")
    says(tab, "Choose another operator, or a smaller amount", "#notes")
