"""AgentAccount at its edges: grants at each bound, calls to the last byte, circles of owners, and every signature.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from typing import Any

from audit.systems._accounts_edges import DEPTH, LIMIT, PERIOD, TOKEN_ID, TRANSFER, AccountSystem
from audit.systems._hub_edges import way
from audit.systems._wallet_signatures import MOODS, forms
from ethwire.constants import ZERO_ADDRESS
from evmstorm.fuzz.system import Steps
from evmstorm.fuzz.values import Choice
from keifu.abi.eip712 import ACCOUNT_STATEMENT, BATCH, SESSION_CALL
from keifu.accounts import APPROVABLE, PAYMENT, Call, Limit, Target, selector
from keifu.keys import keccak256

__all__ = ["AccountsEdges"]

LONGEST_BATCH = 16
APPROVE = selector("approve(address,uint256)")
INCREASE = selector("increaseAllowance(address,uint256)")
SUPPLY = selector("totalSupply()")
TRADE = selector("trade(address,uint256,uint256,uint256)")
MOVING = [
    selector(name)
    for name in (
        "transfer(address,uint256)", "transferFrom(address,address,uint256)", "approve(address,uint256)",
        "safeTransferFrom(address,address,uint256)", "safeTransferFrom(address,address,uint256,bytes)",
        "transferAndCall(address,uint256)", "transferAndCall(address,uint256,bytes)",
        "increaseAllowance(address,uint256)",
    )
]  # fmt: skip
NEVER = [
    selector(name)
    for name in (
        "setApprovalForAll(address,bool)", "permit(address,address,uint256,uint256,uint8,bytes32,bytes32)",
        "permit(address,address,uint256,uint256,bytes)",
        "permit(address,address,uint256,uint256,bool,uint8,bytes32,bytes32)",
        "approve(address,address,uint160,uint48)", "increaseApproval(address,uint256)",
        "approveAndCall(address,uint256)", "approveAndCall(address,uint256,bytes)",
        "safeTransferFrom(address,address,uint256,uint256,bytes)",
        "safeBatchTransferFrom(address,address,uint256[],uint256[],bytes)",
    )
]  # fmt: skip
INTERFACES = ("01ffc9a7", "6faff5f1", "51945447", "1626ba7e", "150b7a02", "4e2312e0")
YES, NO = 0x1626BA7E << 224, 0xFFFFFFFF << 224
SIGNER = 0x523E3260 << 224
DIGEST = keccak256(b"an order")
WRAPPED = bytes.fromhex("6492" * 16)
NOT_OWNER, NOBODY = "account: not the owner", "account: nobody owns the token"
MALFORMED, NOT_GRANTED, OVER = "account: malformed call", "account: call not granted", "account: over the limit"
NO_SESSION, BAD_SIGNATURE = "account: no session", "account: bad signature"
U32, U40, LARGEST = 2**32 - 1, 2**40 - 1, 2**104 - 1


class AccountsEdges(AccountSystem):
    """Short ways from one account with coins and no session."""

    contracts = ("AgentAccount",)

    # views and receivers ----------------------------------------------------------------------------------------------

    @way()
    def what_it_is(self, who: str) -> Steps:
        """Of which token, whose, and what it answers to; the implementation belongs to nobody."""
        assert (self.view("account.owner").lower(), self.ask("account.state")) == (self["owner"], 0)
        chain, contract, number = self.view("account.token")
        assert (chain, contract.lower(), number) == (self.evm.chain_id, self["nft"], TOKEN_ID)
        for other in ("code", "elsewhere", "bare"):
            assert (self.ask(f"{other}.owner"), self.ask(f"{other}.holding")) == (0, 0)
            assert self.ask(f"{other}.isValidSigner", ZERO_ADDRESS, b"") == 0
        assert self.view("code.token") == (0, ZERO_ADDRESS, 0)
        assert self.view("elsewhere.token")[0] == 1
        for name, count in (("account", bytes(32)), ("plain", b"\xff" * 32)):
            words = bytes.fromhex(self["owner"][2:]).rjust(32, b"\0") + count
            assert self.ask(f"{name}.holding") == int.from_bytes(keccak256(words), "big")
        assert all(self.view("account.supportsInterface", bytes.fromhex(one)) for one in INTERFACES)
        assert not self.view("account.supportsInterface", b"\xff" * 4)
        assert self.ask("account.isValidSigner", self["owner"], b"x") == SIGNER
        assert self.ask("account.isValidSigner", self["key"], b"") == 0
        assert self.view("account.session", self["key"]) == (0, 0, 0, 0, 0, False)
        assert self.view("account.spent", self["key"], self["token"]) == (0, 0)
        assert not self.view("account.allows", self["key"], self["token"], TRANSFER)
        _, name, version, chain, contract, *_ = self.view("account.eip712Domain")
        assert (name, version, chain, contract.lower()) == (
            "Keifu AgentAccount", "1", self.evm.chain_id, self["account"]
        )  # fmt: skip
        who = self["stranger"]
        one = selector("onERC1155Received(address,address,uint256,uint256,bytes)")
        many = selector("onERC1155BatchReceived(address,address,uint256[],uint256[],bytes)")
        assert self.view("account.onERC1155Received", who, who, 1, 1, b"") == one
        assert self.view("account.onERC1155BatchReceived", who, who, [1], [1], b"") == many
        yield self.tx("code.execute", self.payee, 0, b"", 0, sender=who, fails=NOT_OWNER)
        before = self.evm.balance(self["account"])
        yield self.account("execute", self["account"], 0, b"\1", 0, fails="account: no such function")
        yield self.account("execute", self["account"], 0, b"", 0)
        assert self.evm.balance(self["account"]) == before
        assert self.ask("account.state") == 1

    @way(Choice((0, 2**160, 2**256 - 1)))
    def a_token_that_lies(self, who: str, word: int) -> Steps:
        """An owner that is no address is nobody."""
        yield self.tx("nft.lie", TOKEN_ID, word, sender=self["stranger"])
        assert (self.ask("account.owner"), self.ask("account.holding")) == (0, 0)
        yield self.account("execute", *self.pay(1), 0, fails=NOT_OWNER)
        yield self.granting(self.granted(), fails=NOT_OWNER)
        yield self.account("execute_signed", [self.pay(1)], 0, self.now, bytes(65), fails=NOBODY)
        assert self.ask("account.isValidSignature", DIGEST, bytes(65)) == NO

    @way(Choice((1, 2, DEPTH)))
    def circles(self, who: str, length: int) -> Steps:
        """No token comes to an account that it owns, however long the line; other tokens do."""
        owner, last = self["owner"], self.line[length - 1]
        yield self.tx("nft.safeTransferFrom", owner, last, 20, sender=owner, fails="account: circle of owners")
        too_long = "account: chain of owners too long" if length == DEPTH else None
        yield self.tx("nft.safeTransferFrom", owner, last, 8, sender=owner, fails=too_long)
        yield self.tx("nft.safeTransferFrom", owner, self["account"], 9, sender=owner)
        with self.evm.anchor():
            yield self.tx("nft.transferFrom", owner, self["hostile"], TOKEN_ID, sender=owner)
            yield self.tx("uncounted.mint", owner, TOKEN_ID, sender=owner)
            yield self.tx("uncounted.safeTransferFrom", owner, self["account"], TOKEN_ID, sender=owner)
        with self.evm.anchor():
            yield self.tx("nft.safeTransferFrom", owner, self["elsewhere"], TOKEN_ID, sender=owner)
        yield self.tx("nft.burn", TOKEN_ID, sender=owner)
        yield self.tx("uncounted.mint", owner, 20, sender=owner)
        yield self.tx("uncounted.safeTransferFrom", owner, self["elsewhere"], 20, sender=owner)

    # the owner --------------------------------------------------------------------------------------------------------

    @way()
    def executes(self, who: str) -> Steps:
        """One call, or several that all go through; a sale ends the batch."""
        owner, account = self["owner"], self["account"]
        yield self.account("execute", *self.pay(1), 1, fails="account: operation refused")
        yield self.account("execute", *self.pay(1), 0, sender="stranger", fails=NOT_OWNER)
        answer = yield self.account("execute", *self.pay(5), 0)
        assert int.from_bytes(answer[64:96], "big") == 1, "what the token answered is passed on"
        before = self.evm.balance(self.payee)
        yield self.account("execute", self.payee, 3, b"", 0)
        assert (self.ask("token.balanceOf", self.payee), self.evm.balance(self.payee) - before) == (5, 3)
        yield self.account("execute_batch", [], fails="account: empty batch")
        yield self.account("execute_batch", [self.pay(1)], sender="stranger", fails=NOT_OWNER)
        yield self.account("execute_batch", [self.pay(1)] * LONGEST_BATCH)
        assert self.ask("token.balanceOf", self.payee) == 5 + LONGEST_BATCH
        assert self.ask("account.state") == 3
        sale = self["nft"], 0, self.contract("nft").transferFrom.encode(owner, self["buyer"], TOKEN_ID)
        yield self.tx("nft.approve", account, TOKEN_ID, sender=owner)
        yield self.account("execute_batch", [sale, self.pay(1)], fails=NOT_OWNER)
        yield self.account("execute_batch", [self.pay(1), sale])
        assert self.ask("account.owner") == int(self["buyer"], 16)

    @way(Choice((0, 1, -1)))
    def relayed(self, who: str, life: int) -> Steps:
        """What the owner signed, once, in time, by anybody; every form of wallets counts."""
        calls, deadline, holding = (
            [Call(*self.pay(1)), Call(self.payee, 2)],
            self.now + life,
            self.ask("account.holding"),
        )
        args = [call.args for call in calls]
        said = [call.hash for call in calls], holding, 0, deadline
        owner, stranger = self.keys_of["owner"], self.keys_of["stranger"]
        late = "account: intent expired" if life < 0 else None
        right = self.domain.sign(owner, BATCH, *said)
        yield self.account("execute_signed", [], 0, deadline, right, fails="account: empty batch")
        yield self.account("execute_signed", args, 1, deadline, right, fails=late or "account: nonce used")
        yield self.account("execute_signed", args[:1], 0, deadline, right, fails=late or BAD_SIGNATURE)
        for signature, counts in forms(self.domain, owner, stranger, BATCH, *said):
            with self.evm.anchor():
                reason = late or (None if counts else BAD_SIGNATURE)
                yield self.account("execute_signed", args, 0, deadline, signature, sender="stranger", fails=reason)
                if reason is None:
                    self.emitted("account.IntentExecuted", owner=self["owner"], nonce=0, calls=len(calls))
        if not late:
            yield self.account("execute_signed", args, 0, deadline, right, sender="stranger")
            assert (self.ask("account.nonces", self["owner"]), self.ask("account.state")) == (1, 1)
            yield self.account("execute_signed", args, 0, deadline, right, fails="account: nonce used")
            yield self.account("cancel_nonces", 1, fails="account: nonce used")
            yield self.account("cancel_nonces", 3)
            assert self.ask("account.nonces", self["owner"]) == 3

    @way()
    def statements(self, who: str) -> Steps:
        """The owner's signature over a statement, in every form; a contract's by ERC-1271; never ERC-6492's."""
        holding, owner, stranger = self.ask("account.holding"), self.keys_of["owner"], self.keys_of["stranger"]
        digest = self.domain.digest(ACCOUNT_STATEMENT, DIGEST, holding)
        assert self.view("account.statement_digest", DIGEST) == digest
        for signature, counts in forms(self.domain, owner, stranger, ACCOUNT_STATEMENT, DIGEST, holding):
            assert self.ask("account.isValidSignature", DIGEST, signature) == (YES if counts else NO)
        assert self.ask("account.isValidSignature", DIGEST, owner.sign(DIGEST)) == NO
        assert self.refuses("account.isValidSignature", DIGEST, owner.sign(digest) + WRAPPED)
        assert self.refuses("account.isValidSignature", DIGEST, WRAPPED)
        assert self.ask("account.isValidSignature", DIGEST, WRAPPED[1:]) == NO
        with self.evm.anchor():
            yield self.tx("nft.transferFrom", self["owner"], self["signing"], TOKEN_ID, sender=self["owner"])
            digest = self.view("account.statement_digest", DIGEST)
            for by, answer in (("key", YES), ("owner", NO)):
                assert self.ask("account.isValidSignature", DIGEST, self.keys_of[by].sign(digest)) == answer
        yield self.tx("nft.transferFrom", self["owner"], self["hostile"], TOKEN_ID, sender=self["owner"])
        for mood, counts in MOODS.items():
            yield self.tx("hostile.set_mood", mood, sender=self["stranger"])
            for signature in (b"", bytes(65), bytes(66), bytes(1_300)):
                assert self.ask("account.isValidSignature", DIGEST, signature) == (YES if counts else NO)

    # grants -----------------------------------------------------------------------------------------------------------

    @way()
    def bounds_of_grants(self, who: str) -> Steps:
        """Each term at its bound is taken and shown; beyond it there is no session."""
        now, token, number = self.now, self["token"], 0
        for parts, wrong, reason in (
            ({"until": now + 1}, {"until": now}, "account: session is over"),
            ({"after": now + 5, "until": now + 6}, {"after": now + 6, "until": now + 6}, "account: session is over"),
            ({"until": U40}, {"until": U40 + 1}, "account: time too large"),
            ({"uses": 1}, {"uses": 0}, "account: bad number of uses"),
            ({"uses": U32}, {"uses": U32 + 1}, "account: bad number of uses"),
            ({"period": 1}, {"period": 0}, "account: bad period"),
            ({"period": U32}, {"period": U32 + 1}, "account: bad period"),
            ({}, {"targets": ()}, "account: session without targets"),
            ({}, {"key": ZERO_ADDRESS}, "account: no session key"),
            ({"limits": (Limit(token, LARGEST),)}, {"limits": (Limit(token, LARGEST + 1),)},
             "account: limit too large"),
            ({"limits": (Limit(token, 0),)}, {"limits": (Limit(self.payee, 1),)}, "account: limit on no token"),
            ({}, {"limits": (Limit(token, 1), Limit(ZERO_ADDRESS, 1), Limit(token, 1))},
             "account: two limits of a token"),
            ({}, {"targets": (Target(self["account"]),)}, "account: session on itself"),
            ({}, {"targets": (Target(ZERO_ADDRESS),)}, "account: no target"),
            ({}, {"targets": (Target(self.payee), Target(self["shop"], TRANSFER))}, "account: token without a limit"),
        ):  # fmt: skip
            yield self.granting(self.granted(**parts | wrong), fails=reason)
            grant = self.granted(**parts)
            yield self.granting(grant)
            number += 1
            terms = {"valid_after": grant.after, "valid_until": grant.until, "uses": grant.uses, "period": grant.period}
            self.emitted(
                "account.SessionGranted", key=self["key"], number=number, **terms,
                targets=tuple((target.address, target.selector) for target in grant.targets),
                limits=tuple((limit.token, limit.amount) for limit in grant.limits),
            )  # fmt: skip
            assert self.view("account.session", self["key"]) == (number, *terms.values(), True)
            assert self.view("account.spent", self["key"], token) == (0, grant.limits[0].amount)
        assert self.ask("account.state") == number

    @way()
    def what_is_never_granted(self, who: str) -> Steps:
        for function in NEVER:
            targets = (Target(self["token"], function),)
            yield self.granting(self.granted(targets=targets), fails="account: function never granted")
        for function in MOVING:
            targets = (Target(self["token"], function),)
            yield self.granting(self.granted(targets=targets, limits=()), fails="account: token without a limit")
            yield self.granting(self.granted(targets=targets))
        yield self.granting(self.granted(targets=(Target(self["shop"], TRADE),), limits=()))

    @way()
    def who_grants_and_revokes(self, who: str) -> Steps:
        """The owner, the account itself, and for the end of its own session the key."""
        me, key = self["account"], self["key"]
        for role in ("key", "stranger"):
            yield self.granting(self.granted(), sender=role, fails=NOT_OWNER)
        call = me, 0, self.contract("account").grant_session.encode(self.granted().args)
        yield self.account("execute", *call, 0)
        yield self.account("revoke_session", key, sender="stranger", fails=NOT_OWNER)
        yield self.account("revoke_session", key, sender="key")
        self.emitted("account.SessionRevoked", key=key)
        assert self.ask("account.state") == 3
        for role in ("key", "owner"):
            yield self.account("revoke_session", key, sender=role, fails=NO_SESSION)
        yield self.granting(self.granted())
        assert self.view("account.session", key)[0] == 2
        yield self.account("execute", me, 0, self.contract("account").revoke_session.encode(key), 0)
        yield self.using(*self.pay(1), fails=NO_SESSION)

    # calls within a session -------------------------------------------------------------------------------------------

    @way()
    def calls_to_the_last_byte(self, who: str) -> Steps:
        """A payment names no function; what names an amount has it; nothing else is taken."""
        token, approve = self["token"], self.contract("token").approve
        targets = [Target(token, TRANSFER), Target(token, APPROVE), Target(token, INCREASE), Target(self.payee),
                   Target(self["shop"], APPROVABLE), Target(self["shop"], TRADE), Target(token, SUPPLY)]  # fmt: skip
        yield self.granting(self.granted(targets=targets, uses=100))
        data = self.pay(1)[2]
        yield self.using(self.payee, 0, b"\1", fails=MALFORMED)
        for call in (data[:3], data[:67], PAYMENT, APPROVABLE, approve.encode(self["shop"], 1)[:67]):
            yield self.using(token, 0, call, fails=MALFORMED)
        for to, call in ((token, b""), (self.payee, data), (token, TRADE), (self["shop"], data)):
            yield self.using(to, 0, call, fails=NOT_GRANTED)
        wide = APPROVE + b"\1" * 32 + (1).to_bytes(32, "big")
        yield self.using(token, 0, wide, fails=MALFORMED)
        for spender, most in ((self.payee, LARGEST), ("0x" + "f" * 40, 1)):
            yield self.using(token, 0, approve.encode(spender, most), fails="account: spender not granted")
        yield self.using(token, 0, approve.encode(self.payee, LARGEST + 1), fails=OVER)
        yield self.using(token, 0, approve.encode(self["shop"], LARGEST + 1), fails=OVER)
        yield self.using(token, 0, approve.encode(self["shop"], LIMIT + 1), fails=OVER)
        yield self.using(self.payee, 11, b"", fails=OVER)
        yield self.using(self.payee, 10, b"")
        self.emitted("account.SessionUsed", key=self["key"], to=self.payee, value=10, selector=PAYMENT)
        assert self.view("account.spent", self["key"], ZERO_ADDRESS) == (10, 10)
        with self.evm.anchor():
            yield self.using(token, 0, SUPPLY)
            assert self.view("account.spent", self["key"], token) == (0, LIMIT)
        with self.evm.anchor():
            yield self.using(token, 0, approve.encode(self["shop"], 0))
            assert self.view("account.spent", self["key"], token) == (1, LIMIT)
        with self.evm.anchor():
            yield self.using(token, 0, self.contract("token").transfer.encode(self["account"], 30))
            assert self.view("account.spent", self["key"], token) == (30, LIMIT)
        yield self.using(token, 0, approve.encode(self["shop"], 60))
        self.emitted("account.SessionUsed", key=self["key"], to=token, value=0, selector=APPROVE)
        yield self.using(*self.pay(41), fails=OVER)
        yield self.using(*self.pay(40))
        assert self.view("account.spent", self["key"], token) == (LIMIT, LIMIT)
        assert self.view("account.session", self["key"])[3] == 97
        assert self.ask("account.state") == 4
        with self.evm.anchor():
            self.evm.warp_to((self.now // PERIOD + 1) * PERIOD)
            assert self.view("account.spent", self["key"], token) == (0, LIMIT)
            yield self.using(*self.pay(LIMIT))

    @way(Choice((0, 1)))
    def coins_without_a_limit(self, who: str, limited: int) -> Steps:
        limits = (Limit(self["token"], LIMIT), *([Limit(ZERO_ADDRESS, 5)] if limited else []))
        yield self.granting(self.granted(limits=limits))
        yield self.using(self.payee, 1, b"", fails=None if limited else "account: coin without a limit")
        yield self.using(self.payee, 0, b"")

    @way(Choice((-1, 0, 9, 10)))
    def from_when_until_when(self, who: str, late: int) -> Steps:
        """From the first second on, to the one before the last; each use counts, the last one too."""
        begin = self.now + 5
        yield self.granting(self.granted(after=begin, until=begin + 10, uses=2))
        self.evm.warp_to(begin + late)
        reason = {-1: "account: session has not begun", 10: "account: session is over"}.get(late)
        yield self.using(*self.pay(1), fails=reason)
        if reason is None:
            yield self.using(*self.pay(1))
            yield self.using(*self.pay(1), fails="account: session used up")

    @way(Choice((0, 5, -1)))
    def relayed_for_a_key(self, who: str, life: int) -> Steps:
        """A key's signature over one call of one session, brought by anybody."""
        key, stranger = self.keys_of["key"], self.keys_of["stranger"]
        yield self.granting(self.granted())
        yield self.granting(self.granted())
        call, deadline, number = Call(*self.pay(1)), self.now + life, 2
        late = "account: intent expired" if life < 0 else None

        def sign(session: int = number, nonce: int = 0, by: Any = key) -> bytes:
            made: bytes = self.domain.sign(by, SESSION_CALL, key.address, session, call.hash, nonce, deadline)
            return made

        def bringing(signature: bytes, nonce: int = 0, **rest: Any) -> Any:
            return self.account(
                "execute_session_signed", key.address, call.args, nonce, deadline, signature, sender="stranger", **rest
            )

        yield bringing(sign(nonce=1), 1, fails=late or "account: nonce used")
        for wrong in (sign(session=1), sign(nonce=1), sign(by=self.keys_of["owner"])):
            yield bringing(wrong, fails=late or BAD_SIGNATURE)
        said = key.address, number, call.hash, 0, deadline
        for signature, counts in forms(self.domain, key, stranger, SESSION_CALL, *said):
            if len(signature) <= 65:
                with self.evm.anchor():
                    yield bringing(signature, fails=late or (None if counts else BAD_SIGNATURE))
        yield bringing(sign(), fails=late)
        if not late:
            self.emitted("account.SessionUsed", key=key.address, to=call.to, value=0, selector=TRANSFER)
            assert (self.ask("account.nonces", key.address), self.ask("account.state")) == (1, 3)
            yield bringing(sign(), fails="account: nonce used")

    @way()
    def a_sale_ends_it(self, who: str) -> Steps:
        """For good: also when the seller buys back; and a burned token's account answers to nobody."""
        owner, buyer, key = self["owner"], self["buyer"], self["key"]
        yield self.granting(self.granted())
        assert self.view("account.allows", key, self["token"], TRANSFER)
        yield self.tx("nft.transferFrom", owner, buyer, TOKEN_ID, sender=owner)
        assert not self.view("account.session", key)[5]
        assert not self.view("account.allows", key, self["token"], TRANSFER)
        yield self.using(*self.pay(1), fails="account: token has a new owner")
        yield self.account("execute", *self.pay(1), 0, fails=NOT_OWNER)
        yield self.tx("nft.transferFrom", buyer, owner, TOKEN_ID, sender=buyer)
        yield self.using(*self.pay(1), fails="account: token has a new owner")
        yield self.tx("nft.burn", TOKEN_ID, sender=owner)
        yield self.using(*self.pay(1), fails=NOBODY)
        assert not self.view("account.session", key)[5]
        yield self.account("execute", *self.pay(1), 0, fails=NOT_OWNER)
        yield self.account("revoke_session", key, sender="key")
