"""Made-up agents for the explorer: one that was minted, sold, leased, cloned and praised, and its clone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from ethwire.constants import DAY, ETHER, ZERO_ADDRESS
from keifu.accounts.identity import NO_SALT, Token, address_of

if TYPE_CHECKING:
    from benchmarks.explorer_world import Scribe

__all__ = ["agents", "grant_session"]

NFT, MARKET, ACCOUNTS = "IntelligentNFT", "AgentMarket", "AccountRegistry"
ACCOUNT = "AgentAccount"
IDENTITY, REPUTATION = "AgentIdentity", "AgentReputation"
NUMBER, KNOWN = 1 << 250, 3
TRANSFER, PAYMENT, APPROVABLE = "0xa9059cbb", "0x00000000", "0xffffffff"
QUOTA, PRICE = 40, 100 * ETHER


def agents(scribe: Scribe, creator: str, said: str) -> dict[str, str]:
    """What they are known by. `said` is a text of a stranger."""
    buyer, tenant, critic = (_word(name)[:42] for name in ("buyer", "tenant", "critic"))
    coin, clone = scribe.addresses["KeifuToken"], NUMBER + 1
    first, second, third = ([_word(f"data {item} of version {version}") for item in (1, 2)] for version in (1, 2, 3))
    scribe.next_block()
    _mint(scribe, NUMBER, creator, first)
    terms: dict[str, Any] = {"royalty_bps": 750, "clone_cap": 2, "generations": 1}
    scribe.log(NFT, "TermsSet", same=True, token_id=NUMBER, creator=creator, **terms)
    places, token = scribe.addresses, Token(31_337, scribe.addresses[NFT], NUMBER)
    account = address_of(places[ACCOUNTS], places[ACCOUNT], token)
    for place, implementation in ((account, places[ACCOUNT]), (_word("trap")[:42], _word("implementation")[:42])):
        scribe.log(
            ACCOUNTS, "ERC6551AccountCreated",
            account=place, implementation=implementation, salt="0x" + NO_SALT.hex(), chainId=31_337,
            tokenContract=places[NFT], tokenId=NUMBER,
        )  # fmt: skip
    scribe.next_block()
    moved: dict[str, Any] = {"from_": creator, "to": buyer, "tokenId": NUMBER}
    scribe.log(NFT, "Updated", _tokenId=NUMBER, _oldDataHashes=first, _newDataHashes=second)
    scribe.log(NFT, "Transfer", same=True, **moved)
    scribe.log(
        MARKET, "Settled", same=True,
        sale=_word("sale"), seller=creator, buyer=buyer, token_id=NUMBER, price=PRICE, currency=coin, backing=PRICE,
        until=scribe.time + 3 * DAY,
    )  # fmt: skip
    lease: dict[str, Any] = {"token_id": NUMBER, "user": tenant}
    for uses in ((30, 10), (5,)):  # the second lease begins anew
        scribe.log(
            NFT, "Leased",
            owner=buyer, price=5 * ETHER, currency=coin, expires_at=scribe.time + 30 * DAY, quota=QUOTA, scope=1,
            **lease,
        )  # fmt: skip
        for used in uses:
            scribe.log(NFT, "UseRecorded", uses=used, left=QUOTA - used, **lease)
    keys = _sessions(scribe, account, buyer)
    scribe.next_block()
    scribe.log(NFT, "Cloned", _tokenId=NUMBER, _newTokenId=clone, _from=buyer, _to=tenant)
    _mint(scribe, clone, tenant, third, same=True)
    scribe.log(IDENTITY, "DataBound", agent_id=KNOWN, token_id=NUMBER)
    for index, value in ((1, 95), (2, -5)):
        scribe.log(
            REPUTATION, "NewFeedback",
            agentId=KNOWN, clientAddress=critic, feedbackIndex=index, value=value, valueDecimals=1,
            indexedTag1=_word("tag"), tag1=said[:64], tag2="", endpoint="", feedbackURI="", feedbackHash=_word("file"),
        )  # fmt: skip
    scribe.log(REPUTATION, "FeedbackRevoked", agentId=KNOWN, clientAddress=critic, feedbackIndex=2)
    scribe.log(
        REPUTATION, "ReputationReset", agent_id=KNOWN, edition=2, data_before=_word("before"), data=_word("after")
    )
    return {"agent": f"{NUMBER:064x}", "clone": f"{clone:064x}", "agent_buyer": buyer, "agent_account": account,
            "trap": _word("trap")[:42], **keys}  # fmt: skip


def _sessions(scribe: Scribe, account: str, owner: str) -> dict[str, str]:
    """One that lives and has called, one that was revoked, one that is over, one that was used up; their keys."""
    keys = {name: _word(f"key {name}")[:42] for name in ("live", "revoked", "over", "used_up")}
    for number, (name, uses, seconds) in enumerate(
        (("live", 5, 30 * DAY), ("revoked", 9, 30 * DAY), ("over", 9, 1), ("used_up", 1, 30 * DAY)), 1
    ):
        grant_session(scribe, account, keys[name], number, uses=uses, until=scribe.time + seconds)
    call: dict[str, Any] = {"to": scribe.addresses["KeifuToken"], "value": 0, "selector": TRANSFER}
    for name in ("live", "live", "used_up"):
        scribe.log(ACCOUNT, "SessionUsed", at=account, key=keys[name], **call)
    scribe.log(ACCOUNT, "SessionRevoked", at=account, key=keys["revoked"])
    scribe.log(ACCOUNT, "IntentExecuted", at=account, owner=owner, nonce=0, calls=7)
    return {f"key_{name}": key for name, key in keys.items()}


def grant_session(scribe: Scribe, account: str, key: str, number: int, *, uses: int, until: int) -> None:
    """To pay coins of the suite and of the chain, and to approve a stranger."""
    coin = scribe.addresses["KeifuToken"]
    targets = [(coin, TRANSFER), (_word("payee")[:42], PAYMENT), (_word("shop")[:42], APPROVABLE)]
    scribe.log(
        ACCOUNT, "SessionGranted", at=account,
        key=key, number=number, valid_after=0, valid_until=until, uses=uses, period=DAY,
        targets=[{"target": target, "selector": selector} for target, selector in targets],
        limits=[{"token": coin, "amount": str(3 * ETHER)}, {"token": ZERO_ADDRESS, "amount": str(ETHER)}],
    )  # fmt: skip


def _mint(scribe: Scribe, number: int, to: str, hashes: list[str], *, same: bool = False) -> None:
    scribe.log(NFT, "Transfer", same=same, from_=ZERO_ADDRESS, to=to, tokenId=number)
    scribe.log(NFT, "Updated", same=True, _tokenId=number, _oldDataHashes=[], _newDataHashes=hashes)


def _word(text: str) -> str:
    return "0x" + hashlib.sha256(text.encode()).hexdigest()
