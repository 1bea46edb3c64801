"""A provider in this process that charges by vouchers and signs receipts, and lies where a test has it lie."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import httpx

from ethwire.keys import Account, keccak256
from keifu.compute.client.client import ComputeClient, Provider
from keifu.compute.client.sources import Pinned
from keifu.compute.client.store import Store
from keifu.compute.receipt import Evidence, Receipt, Receipts, SignedReceipt
from keifu.compute.tee import TEE_HEADER
from keifu.compute.wire import GROUPS_HEADER, RECEIPT_HEADER, comment_of, text_of
from keifu.payments import Channel, Vouchers
from keifu.payments.wallet import KeptChannel, Terms, Wallet
from keifu.payments.x402 import (
    AHEAD,
    BRIEF,
    BRIEF_HEADER,
    PAYMENT_REQUIRED,
    PAYMENT_SIGNATURE,
    SCHEME,
    DepositPayload,
    Payment,
    Required,
    Requirements,
    brief_of,
    decode,
    encode,
    network_of,
)
from keifu.provenance.trust import Market, ReceiptKey, RunPromotion

CHAIN, NOW, FEE, MOST, DEPOSIT = 31_337, 1_900_000_000, 7, 20, 1_000
PATH = "/v1/chat/completions"
MARKET, CHANNELS, COLLECTOR, TOKEN = ("0x" + digit * 40 for digit in "abcd")
CLIENT, OPERATOR, STRANGER, RECEIPT_KEY = map(Account.from_role, ("client", "operator", "stranger", "receipt key"))
ENVIRONMENT, DIGEST, SEQ = b"\xe0" * 32, b"\xd1" * 32, 3
CHANNEL = Channel(
    CLIENT.address.lower(), CLIENT.address.lower(), OPERATOR.address.lower(), OPERATOR.address.lower(), TOKEN, 900,
    bytes(32),
)  # fmt: skip
OTHER_CHANNEL = b"\x0c" * 32
QUESTION = {"model": "digits", "messages": [{"role": "user", "content": "what is it?"}]}
TERMS = Terms(CHAIN, CHANNELS, MARKET, most=MOST)
KNOWN = Market(
    MARKET,
    CHANNELS,
    keys={OPERATOR.address.lower(): (ReceiptKey(RECEIPT_KEY.address.lower(), NOW - 10_000),)},
    promoted={
        ENVIRONMENT.hex(): (
            RunPromotion(2, "dd" * 32, NOW - 9_000),
            RunPromotion(SEQ, DIGEST.hex(), NOW - 5_000),
        )
    },
)
VOUCHERS = Vouchers(CHAIN, CHANNELS)
CHANNEL_ID = VOUCHERS.channel_id(CHANNEL)
USAGE = {"prompt_tokens": 4, "completion_tokens": 2, "total_tokens": 6}


def honest(receipt: Receipt) -> Receipt:
    return receipt


def as_sent(body: bytes) -> bytes:
    return body


@dataclass
class FakeProvider:
    """`lie` changes a receipt before it is signed, `forge` after; `spoil` the body that leaves."""

    lie: Callable[[Receipt], Receipt] = honest
    forge: Callable[[SignedReceipt], SignedReceipt] = lambda signed: signed
    spoil: Callable[[bytes], bytes] = as_sent
    key: Account = RECEIPT_KEY
    receipts: Receipts = field(default_factory=lambda: Receipts(CHAIN, MARKET))
    amount: int = MOST
    fails: int = 0  # status of every paid request
    breaks: bool = False  # off within a stream
    with_receipt: bool = True
    tee: Callable[[bytes, bytes], str] | None = None  # the word about request and answer
    takes_ahead: bool = False
    takes_brief: bool = False  # a payment by its name
    named: dict[str, str] = field(default_factory=dict)  # payments by their names, as long as they are remembered
    briefs: list[str] = field(default_factory=list)  # names that came
    balance: int = DEPOSIT
    charged: int = 0
    reserved: int = 0  # for requests that it works on
    number: int = 0
    vouchers: list[int] = field(default_factory=list)
    payments: list[str] = field(default_factory=list)  # headers
    deposits: list[int] = field(default_factory=list)
    signature: str = ""
    document: dict[str, object] = field(default_factory=dict)  # what a whole answer has beside
    gives_groups: bool = False
    sent: tuple[dict[str, str], bytes] = field(default_factory=lambda: ({}, b""))  # the newest whole answer
    wishes: list[bool] = field(default_factory=list)  # for groups, of each request that was paid for

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if (name := request.headers.get(BRIEF_HEADER)) is not None:
            assert PAYMENT_SIGNATURE not in request.headers
            self.briefs.append(name)
            if name not in self.named:
                return self.ask("invalid_batch_settlement_evm_payment_unknown")
        header = self.named[name] if name else request.headers.get(PAYMENT_SIGNATURE)
        if header is None:
            return self.ask()
        if self.takes_brief:
            self.named[brief_of(header.encode()).decode()] = header
        payment = decode(header, Payment, PAYMENT_SIGNATURE)
        assert not isinstance(payment.payload, str)
        voucher = payment.payload.voucher
        channel, most = bytes.fromhex(voucher.channel_id[2:]), int(voucher.max_claimable_amount)
        assert VOUCHERS.channel_id(payment.payload.channel_config.channel) == channel
        assert VOUCHERS.signer(channel, most, bytes.fromhex(voucher.signature[2:])) == CLIENT.address.lower()
        if most > self.balance:
            return self.ask("invalid_batch_settlement_evm_cumulative_exceeds_balance")
        if most < self.charged + self.reserved + self.amount:
            return self.ask("invalid_batch_settlement_evm_cumulative_amount_mismatch")
        if isinstance(payment.payload, DepositPayload):
            self.deposits.append(int(payment.payload.deposit.amount))
        self.vouchers.append(most)
        self.wishes.append(GROUPS_HEADER in request.headers)
        self.payments.append(header)
        self.signature = voucher.signature
        if self.fails:
            fault = json.dumps({"error": {"message": "not so", "type": "x", "code": "y"}}).encode()
            return httpx.Response(self.fails, content=iter([fault]))
        body = json.loads(request.content)
        return self.answer(channel, request.content, stream=bool(body.get("stream")))

    def ask(self, error: str = "payment required") -> httpx.Response:
        extra = {"receiverAuthorizer": OPERATOR.address, "withdrawDelay": 900, "name": "Dollar", "version": "2"}
        if self.takes_ahead:
            extra |= {AHEAD: True, BRIEF: self.takes_brief}
        if self.vouchers:
            extra |= {
                "channelState": {"chargedCumulativeAmount": str(self.charged)},
                "voucherState": {"signedMaxClaimable": str(self.vouchers[-1]), "signature": self.signature},
            }
        terms = Requirements(SCHEME, network_of(CHAIN), TOKEN, str(self.amount), OPERATOR.address, 60, extra)
        headers = {GROUPS_HEADER: "1"} if self.gives_groups else {}
        return httpx.Response(402, headers={PAYMENT_REQUIRED: encode(Required([terms], error=error)), **headers})

    def answer(self, channel: bytes, request: bytes, *, stream: bool) -> httpx.Response:
        document = {"id": "a", "choices": [], "usage": USAGE, **self.document}
        body = b"".join(events()) if stream else json.dumps(document).encode()
        word = self.tee(request, body) if self.tee else ""
        if stream and word:
            body += f": keifu-tee {word}\n\n".encode()
        self.number += 1
        self.charged += FEE
        signed = self.sign(channel, request, body)
        body = self.spoil(body)
        if not stream:
            headers = {RECEIPT_HEADER: text_of(signed)} if self.with_receipt else {}
            headers |= {TEE_HEADER: word} if word else {}
            self.sent = {**headers, "content-type": "application/json"}, body
            return httpx.Response(200, headers=self.sent[0], content=self.parts(body))
        end = comment_of(text_of(signed)) if self.with_receipt else b""
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, content=self.parts(body + end))

    def sign(self, channel: bytes, request: bytes, body: bytes) -> SignedReceipt:
        receipt = Receipt(
            channel, self.number, ENVIRONMENT, SEQ, DIGEST, keccak256(request), keccak256(body), bytes(32), bytes(32),
            bytes(32), 4, 2, FEE, self.charged, Evidence.ATTESTED if self.tee else Evidence.UNVERIFIED, NOW,
        )  # fmt: skip
        others = [self.with_number(receipt, number) for number in (91, 92, 93)]
        return self.forge(self.receipts.sign(self.key, [self.lie(receipt), *others])[0])

    @staticmethod
    def with_number(receipt: Receipt, number: int) -> Receipt:
        """Another receipt of the batch: somebody else's."""
        return Receipt(OTHER_CHANNEL, number, *list(vars(receipt).values())[2:])

    def parts(self, body: bytes) -> Iterator[bytes]:
        step = 11  # not where events end
        for start in range(0, len(body), step):
            if self.breaks and start > len(body) // 2:
                raise httpx.ReadError("reset")
            yield body[start : start + step]

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self)


def events() -> list[bytes]:
    words = [{"choices": [{"delta": {"content": word}}]} for word in ("it ", "is ", "a ", "seven")]
    chunks = [*words, {"choices": [], "usage": USAGE}]
    return [b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks] + [b"data: [DONE]\n\n"]


WHO = Provider("http://provider", OPERATOR.address, ENVIRONMENT)


def client_of(
    provider: FakeProvider,
    folder,
    *,
    terms: Terms = TERMS,
    opened: bool = True,
    timer: Callable[[], float] = lambda: 0.0,
    longest: float = math.inf,
    now: Callable[[], float] = lambda: float(NOW),
) -> ComputeClient:
    store = Store(folder)
    if opened:
        store.keep_channel(KeptChannel(CHANNEL, CHANNEL_ID, CHAIN, CHANNELS))
    http = httpx.Client(transport=provider.transport())
    return ComputeClient(Wallet(CLIENT, store, terms), Pinned(KNOWN), http=http, now=now, timer=timer, longest=longest)
