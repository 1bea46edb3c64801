"""Channels at their edges: numbers that are full, contracts that sign, tokens that cheat, batches of none, one and two.

Each action goes a short way of its own from the same start, and is undone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from audit.systems._channels import FUNDS, ChannelSystem, Row
from audit.systems._hub_edges import way
from audit.systems._wallet_signatures import MOODS, forms
from ethwire.constants import ZERO_ADDRESS
from evmstorm.evm import LocalEvm
from evmstorm.fuzz.system import Steps
from keifu.abi.eip712 import REFUND
from keifu.payments import Vouchers
from keifu.spec.channels import BAD_SIGNATURE, NOT_RECEIVERS, NOTHING_LEFT, Presented

__all__ = ["ChannelsEdges"]

MOST = 2**128 - 1
UNSIGNED, UNGIVEN = "channels: batch is not signed", "channels: refund is not signed"
PAID = 1_000


class ChannelsEdges(ChannelSystem):
    """Short ways from a pool of channels with nothing in them."""

    contracts = ("Channels",)

    def setup(self, evm: LocalEvm) -> None:
        super().setup(evm)
        owner = evm.account("owner")
        wallet, signing = (
            evm.deploy("HostileERC1271", sender=owner),
            evm.deploy("ContractWallet", self["stranger"], sender=owner),
        )
        fee = evm.deploy("FeeToken", sender=owner)
        fee.mint(self["payer"], FUNDS, sender=owner)
        fee.approve(self["channels"], FUNDS, sender=self["payer"])
        deaf = evm.deploy("Channels", self["token"], self["other"], owner, self.treasury, sender=owner)
        self.bind(wallet=wallet, signing=signing, fee=fee, deaf=deaf)
        self.contract("token").approve(deaf, FUNDS, sender=self["payer"])
        deaf.setFee(100, sender=owner)

    def start(self) -> None:
        super().start()
        self.began = self.now

    # calls ------------------------------------------------------------------------------------------------------------

    def deposit_of(self, row: Row, amount: int, fails: str | None = None) -> Any:
        args = (row.values, amount, self["channels"], b"")
        return self.tx("channels.deposit", *args, sender=row.terms.payer, fails=fails)

    def voucher(self, row: Row, total: int, signature: bytes | None = None) -> tuple[Any, ...]:
        if signature is None:
            signature = self.vouchers.sign(self.signer(row.terms.signer), row.terms.name, total)
        return ((row.values, total), signature, total)

    def claiming(self, *items: tuple[Any, ...], by: str = "receiver", paid: bool = False, **rest: Any) -> Any:
        return self.tx("channels.claim", list(items), paid, sender=self[by], **rest)

    def skipped(self, row: Row, reason: int) -> None:
        self.emitted("channels.ClaimSkipped", channelId=row.terms.name, reason=reason)

    def signed_batch(self, *items: tuple[Any, ...], row: Row, key: str = "receiver's key") -> bytes:
        shown = [Presented(row.terms, item[0][1], item[2], "") for item in items]
        return self.sign_batch(shown, key)

    # ways -------------------------------------------------------------------------------------------------------------

    @way()
    def full_numbers(self, who: str) -> Steps:
        """As much as half a word holds, in a channel and for a receiver, and no unit more."""
        full, second = self.pool[3], self.row(replace(self.pool[3].channel, salt=b"\x02" * 32))
        yield self.tx("other.mint", full.terms.payer, MOST - FUNDS, sender=self["stranger"])
        yield self.deposit_of(full, 5)
        yield self.deposit_of(full, MOST - 5)
        yield self.deposit_of(full, 1, fails="channels: too much in it")
        yield self.claiming(self.voucher(full, MOST - 1))
        yield self.tx("channels.refund", full.values, 1, sender=self["receiver"])
        yield self.deposit_of(second, 1)
        yield self.claiming(self.voucher(second, 1))
        assert self.answer("channels.receivers", self["receiver"], self["other"])[0] == MOST
        yield self.tx("channels.settle", self["receiver"], self["other"], sender=who)
        yield self.tx("other.transfer", second.terms.payer, 5, sender=self["receiver"])
        yield self.deposit_of(second, 5)
        for paid in (False, True):
            yield self.claiming(self.voucher(second, 2), paid=paid, fails="channels: too much claimed")

    @way()
    def batches(self, who: str) -> Steps:
        """Of none, of one and of two; by signature for one call alone."""
        row = self.pool[0]
        yield self.deposit_of(row, PAID)
        item, more = self.voucher(row, 10), self.voucher(row, 20)
        yield self.claiming(fails="channels: empty batch")
        empty = self.signed_batch(row=row)
        yield self.tx("channels.claimWithSignature", [], empty, sender=who, fails="channels: empty batch")
        one = self.signed_batch(item, row=row)
        yield self.tx("channels.claimWithSignature", [item], one, sender=who)
        both = self.signed_batch(item, more, row=row)
        yield self.tx("channels.claimWithSignature", [item, more], one, sender=who, fails=UNSIGNED)
        yield self.tx("channels.claimWithSignature", [item, more], both, sender=who)
        assert self.answer("channels.channels", row.terms.name) == (PAID, 20)

    @way()
    def several_calls(self, who: str) -> Steps:
        """A signature's word ends with its call, and every call of a multicall counts."""
        row, channels = self.pool[0], self.contract("channels")
        yield self.deposit_of(row, PAID)
        item, more = self.voucher(row, 10), self.voucher(row, 20)
        first = channels.claimWithSignature.encode([item], self.signed_batch(item, row=row))
        second = channels.claim.encode([more], False)
        yield self.tx("channels.multicall", [first, second], sender=self["stranger"])
        self.skipped(row, NOT_RECEIVERS)
        assert self.answer("channels.channels", row.terms.name) == (PAID, 10)
        refund = channels.refund.encode(row.values, 5)
        yield self.tx("channels.multicall", [second, refund, refund], sender=self["receiver"])
        assert self.answer("channels.channels", row.terms.name) == (PAID - 10, 20)
        zero = channels.refund.encode(row.values, 0)
        yield self.tx("channels.multicall", [refund, zero], sender=self["receiver"], fails="channels: zero amount")

    @way()
    def digests(self, who: str) -> Steps:
        """The contract names what is signed as everybody else does."""
        row = self.pool[0]
        yield self.tx("channels.settle", self["receiver"], self["token"], sender=who)
        for amount, nonce in ((0, 1), (7, 0), (MOST, 2**256 - 1)):
            voucher = self.vouchers.digest(row.terms.name, amount)
            assert bytes(self.answer("channels.getVoucherDigest", row.terms.name, amount)) == voucher
            refund = self.vouchers.refund_digest(row.terms.name, nonce, amount)
            assert bytes(self.answer("channels.getRefundDigest", row.terms.name, nonce, amount)) == refund
        items = [self.voucher(row, total) for total in (1, 2, 3)]
        for count in range(4):
            entries = [(row.terms.name, total, total) for total in range(1, count + 1)]
            digest = self.vouchers.claim_digest(entries)
            assert bytes(self.answer("channels.getClaimBatchDigest", items[:count])) == digest

    @way()
    def contracts_that_sign(self, who: str) -> Steps:
        """A receiver's authorizer made of code: by ERC-1271, in every mood, and by the salted domain, too."""
        moody = self.row(replace(self.pool[0].channel, receiver_authorizer=self["wallet"]))
        yield self.deposit_of(moody, PAID)
        for total, (mood, counts) in enumerate(MOODS.items(), 1):
            yield self.tx("wallet.set_mood", mood, sender=self["stranger"])
            for signature in (b"", bytes(65), bytes(66), bytes(1_300)):
                args = ([self.voucher(moody, total)], signature)
                fails = None if counts else UNSIGNED
                yield self.tx("channels.claimWithSignature", *args, sender=who, fails=fails)
        signing = self.row(replace(self.pool[0].channel, receiver_authorizer=self["signing"]))
        yield self.deposit_of(signing, PAID)
        key = self.signers["stranger"]
        for nonce, digest in enumerate((self.vouchers.domain.digest, self.vouchers.domain.salted_digest)):
            said = (signing.terms.name, nonce, 1)
            right, wrong = key.sign(digest(REFUND, *said)), self.signers["shop"].sign(digest(REFUND, *said))
            given = (signing.values, 1, nonce)
            yield self.tx("channels.refundWithSignature", *given, wrong, sender=who, fails=UNGIVEN)
            yield self.tx("channels.refundWithSignature", *given, right, sender=who)

    @way()
    def keys_that_sign(self, who: str) -> Steps:
        """Each form of a signature over a refund, which wallets make."""
        row = self.pool[0]
        yield self.deposit_of(row, PAID)
        signer, stranger = self.signers["receiver's key"], self.signers["stranger"]
        said = (row.terms.name, 0, 1)
        for signature, counts in forms(self.vouchers.domain, signer, stranger, REFUND, *said):
            with self.evm.anchor():
                args = (row.values, 1, 0, signature)
                fails = None if counts else UNGIVEN
                yield self.tx("channels.refundWithSignature", *args, sender=who, fails=fails)

    @way()
    def payers_made_of_code(self, who: str) -> Steps:
        """Without an authorizer the payer answers, by the plain domain and by the salted one."""
        channel = replace(self.pool[3].channel, payer=self["signing"], payer_authorizer=ZERO_ADDRESS)
        row, key = self.row(channel), self.signers["stranger"]
        yield self.tx("other.transfer", self["signing"], PAID, sender=self["stranger"])
        other, channels = self.contract("other"), self.contract("channels")
        for at, data in (
            ("other", other.approve.encode(channels, PAID)),
            ("channels", channels.deposit.encode(row.values, PAID, channels, b"")),
        ):
            yield self.tx("signing.run", self[at], data, sender=self["stranger"])
        wrong = self.vouchers.sign(self.signers["shop"], row.terms.name, 1)
        yield self.claiming(self.voucher(row, 1, wrong))
        self.skipped(row, BAD_SIGNATURE)
        yield self.claiming(self.voucher(row, 1, self.vouchers.sign(key, row.terms.name, 1)))
        assert self.answer("channels.channels", row.terms.name) == (PAID, 1)

    @way()
    def bad_tokens(self, who: str) -> Steps:
        """What is no token, takes a fee, or is for nobody; and a treasury that is owed one unit."""
        yield self.tx("channels.listToken", who, True, sender=self.owner, fails="channels: token is no contract")
        yield self.tx("channels.listToken", self["fee"], True, sender=self.owner)
        cheat = self.row(replace(self.pool[0].channel, token=self["fee"]))
        yield self.deposit_of(cheat, 100, fails="transfer: token takes a fee")
        yield self.deposit_of(cheat, 99)
        yield self.tx("fee.set_refuses", True, sender=who)
        yield self.deposit_of(cheat, 99, fails="transfer: refused")
        yield self.tx("channels.refund", cheat.values, 1, sender=self["receiver"], fails="transfer: refused")
        nobody = self.row(replace(self.pool[0].channel, payer=ZERO_ADDRESS))
        args = (nobody.values, 1, self["nobody"], b"")
        yield self.tx("channels.deposit", *args, sender=who, fails="channels: no payer")
        row = self.pool[3]
        yield self.deposit_of(row, 200)
        yield self.claiming(self.voucher(row, 200), paid=True)
        assert self.ask("channels.treasuryFees", self["other"]) == 1
        yield self.tx("channels.payTreasury", self["other"], sender=who)
        yield self.tx(
            "channels.payTreasury", self["other"], sender=who, fails="channels: nothing for the treasury"
        )  # fmt: skip

    @way()
    def a_hub_that_gives_no_reason(self, who: str) -> Steps:
        """The settlement waits; a hub that refuses with a reason leaves the fee to the treasury."""
        vouchers = Vouchers(self.evm.chain_id, self["deaf"])
        channel = self.pool[0].channel
        args = (channel.values, PAID, self["deaf"], b"")
        yield self.tx("deaf.deposit", *args, sender=channel.payer)
        signature = vouchers.sign(self.signers["payers' key"], vouchers.channel_id(channel), PAID)
        rows = [((channel.values, PAID), signature, PAID)]
        silent = "channels: hub does not answer"
        yield self.tx("deaf.claim", rows, True, sender=self["receiver"], fails=silent)
        yield self.tx("deaf.claim", rows, False, sender=self["receiver"])
        yield self.tx("deaf.settle", self["receiver"], self["token"], sender=who, fails=silent)

    @way()
    def what_is_left(self, who: str) -> Steps:
        """The last unit, and one more."""
        row = self.pool[0]
        yield self.claiming(self.voucher(row, 1))
        self.skipped(row, NOTHING_LEFT)
        yield self.deposit_of(row, 2)
        yield self.claiming(self.voucher(row, 3))
        assert self.answer("channels.channels", row.terms.name) == (2, 2)
        yield self.deposit_of(row, 1)
        yield self.claiming(self.voucher(row, 3))
        assert self.answer("channels.channels", row.terms.name) == (3, 3)
