"""Asks providers, pays them by vouchers, and hands on no answer that was not compared."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Any, Self

import msgspec

from ethwire.http import httpx
from keifu.chain.clock import came_at, machine_of
from keifu.compute.client.capture import Captured, exchange_of
from keifu.compute.client.checks import Check, Exchange, Expected, ReplyRefused, check_reply, require, shown
from keifu.compute.client.drawn import committed_in, is_drawing
from keifu.compute.client.provider import LARGEST_ANSWER, Provider, ProviderFault, fault_of, model_of, whole
from keifu.compute.client.reexecuted import Promised, of_receipt
from keifu.compute.client.sources import Sources
from keifu.compute.client.store import Store
from keifu.compute.events import DONE, END, EVENT
from keifu.compute.receipt import Evidence, Receipt
from keifu.compute.tee import TEE_HEADER
from keifu.compute.wire import GROUPS_HEADER, RECEIPT_HEADER
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.payments.wallet import MISMATCH, KeptChannel, PaymentRefused, Wallet
from keifu.payments.x402 import (
    BRIEF,
    BRIEF_HEADER,
    PAYMENT_REQUIRED,
    PAYMENT_SIGNATURE,
    DepositPayload,
    Requirements,
    VoucherPayload,
    brief_of,
    encode,
)
from keifu.provenance.verify import Finding
from keifu.strangers import answered

__all__ = ["LARGEST_ANSWER", "OWN_KEY", "Answer", "ComputeClient", "Provider", "ProviderFault", "Stream", "fault_of"]

OWN_KEY = "own"  # under which requests of this account itself are counted
LARGEST_LIST = 4 << 20  # bytes, of models
CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 600.0
ANSWERED_WITHIN = 60  # seconds, usually
PAYMENT_NEEDED, FAULTS_FROM, OWN_FAULTS_FROM = 402, 400, 500
_UNREACHED = (httpx.HTTPError, httpx.InvalidURL, ValueError)  # strangers choose their addresses
TRIES = 32  # terms, a payment by them, and more by what the server knows better; of twenty at once many are overtaken
EVENTS = "text/event-stream"
LAST_EVENT, COMMENT = EVENT + DONE, b": keifu-receipt "


@dataclass(frozen=True)
class Answer:
    """An answer that holds. `evidence` is the word under which it may be shown, never a stronger one."""

    body: bytes
    content_type: str
    receipt: Receipt
    receipt_text: str
    evidence: Evidence
    findings: tuple[Finding, ...]
    tee_text: str = ""
    request: bytes = b""  # as it was sent

    @property
    def document(self) -> Any:
        return msgspec.json.decode(self.body)


@dataclass(frozen=True)
class _Asked:
    """A request that was paid for, on its way."""

    request: int
    channel: KeptChannel
    most: int
    body: bytes
    begun: float
    is_opening: bool  # the channel: with a deposit
    signed: int  # the highest voucher that there was when it was paid for, its own among them
    wishes_groups: bool  # what each group committed to
    payment: str  # the header's value
    is_ahead: bool  # it may come again until its voucher is used up
    is_brief: bool  # it came by its name alone
    committed: bytes | None = None  # the provider's half of a seed


class ComputeClient:
    """One account's. May be used by several threads. A context manager.

    `longest` are the seconds after which an answer that is still coming is given up, beside those of one part."""

    def __init__(
        self,
        wallet: Wallet[Store],
        sources: Sources,
        *,
        http: httpx.Client | None = None,
        now: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
        longest: float = math.inf,
    ) -> None:
        self.wallet, self.store, self.sources = wallet, wallet.store, sources
        patience = httpx.Timeout(ANSWER_SECONDS, connect=CONNECT_SECONDS)
        self._http = http or httpx.Client(trust_env=False, follow_redirects=False, timeout=patience)
        self._now, self._today, self._timer, self._longest = now, machine_of(now), timer, longest
        self._terms: dict[tuple[str, str], Requirements] = {}
        self._shown: dict[bytes, str] = {}  # of each channel the payment that was answered last and may come again
        self._giving: set[str] = set()  # addresses that say what each group committed to

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    @property
    def http(self) -> httpx.Client:
        return self._http

    def models(self, provider: Provider) -> bytes:
        """What `/v1/models` says: nobody pays for it, and nothing stands behind it. Raises ProviderFault."""
        try:
            answer = answered(self._http, "GET", provider.url.rstrip("/") + "/v1/models", LARGEST_LIST)
        except _UNREACHED as error:
            raise ProviderFault(f"{provider.url} did not answer: {error}") from error
        except EnvironmentFault as error:
            raise ProviderFault(f"{provider.url} lists more than {LARGEST_LIST >> 20} MiB of models") from error
        if answer.status >= FAULTS_FROM:
            raise ProviderFault(f"{provider.url} answered {answer.status}", answer.status, answer.body)
        return answer.body

    def ask(self, provider: Provider, path: str, document: Any, *, key: str = OWN_KEY) -> Answer:
        """A whole answer, compared. Raises ReplyRefused, ProviderFault, PaymentRefused, NoChannel, TooDear, CapReached
        or CheckFailed."""
        with self.stream(provider, path, document, key=key) as stream:
            for _ in stream:
                pass
            return stream.answer

    def stream(self, provider: Provider, path: str, document: Any, *, key: str = OWN_KEY) -> Stream:
        """The answer as it comes. Its end (`data: [DONE]`, or of a whole answer everything) is held back until it was
        compared. Raises as `ask` does, what is compared while it is read."""
        body = document if isinstance(document, bytes) else msgspec.json.encode(document)
        terms, committed = self._terms.get((provider.url, path)), self._committed(provider, body)
        if terms is not None and self.wallet.terms.deposit and self.wallet.channel_for(terms) is None:
            terms = None  # a channel is opened by what is said now
        for _ in range(TRIES):
            answer, asked = self._sent(provider, path, body, key, terms)
            if answer.status_code != PAYMENT_NEEDED:
                taken = self._taken(provider, answer, asked)
                return Stream(self, provider, answer, replace(taken, committed=committed))
            terms = self._terms[provider.url, path] = self._learnt(provider, answer, asked)
        raise PaymentRefused(f"{provider.url} takes no payment", MISMATCH, remedy="ask another provider")

    def _committed(self, provider: Provider, body: bytes) -> bytes | None:
        """The provider's half of a seed, before it learns ours; None where it names none."""
        try:
            return committed_in(self.models(provider), model_of(body)) if is_drawing(body) else None
        except ProviderFault:
            return None

    # of a stream ---------------------------------------------------------------------------------------------------

    def compare(self, provider: Provider, captured: Captured, asked: _Asked) -> Answer:
        """Raises ReplyRefused. What is known of the receipt is kept either way."""
        try:
            exchange = exchange_of(captured)
        except ReplyRefused as error:
            self.store.end(asked.request, "lost", why=str(error))
            raise
        expected = self._expected(provider, exchange, asked)
        signed = exchange.signed
        received = came_at(self._now, signed.receipt.time)
        findings = check_reply(replace(exchange, received=received), expected, self.sources)
        try:
            require(findings)
        except ReplyRefused as error:
            self.store.refuse(asked.request, signed, str(error))
            if Check.CHARGED in error.checks:  # others pay from this channel, too, or use up what was signed ahead
                self.wallet.one_by_one(asked.channel)
            raise
        self.store.answered(asked.request, signed, int(1_000 * (self._timer() - asked.begun)), exchange.response)
        text = captured.header or captured.response[len(exchange.response) + len(COMMENT) : -len(END)].decode()
        kind = EVENTS if captured.is_stream else "application/json"
        evidence = shown(exchange, expected)
        return Answer(
            exchange.response, kind, signed.receipt, text, evidence, tuple(findings), exchange.tee, asked.body
        )

    def seconds(self) -> int:
        return int(self._now())

    def is_late(self, begun: float) -> bool:
        """Whether an answer has been coming for longer than is waited for, be it a byte a minute."""
        return self._timer() - begun > self._longest

    def _expected(self, provider: Provider, exchange: Exchange, asked: _Asked) -> Expected:
        terms, signed = self.wallet.terms, exchange.signed
        own = signed.receipt.channel_id == asked.channel.id
        return Expected(
            terms.chain_id,
            terms.market,
            provider.operator,
            channel_id=asked.channel.id,
            environment=provider.environment,
            prices=provider.prices,
            most=asked.most,
            standing=self.store.standing(signed, asked.request) if own else None,
            tees=provider.tees,
            has_disputes=self._has_promised(provider, signed.receipt),
            asked_for_groups=asked.wishes_groups,
            committed=asked.committed,
            promised=self._promised(provider, signed.receipt),
        )

    def _promised(self, provider: Provider, receipt: Receipt) -> Promised | None:
        if receipt.evidence != Evidence.REEXECUTED:
            return None
        return of_receipt(map(self.sources.promise, self.store.promises()), receipt, provider.operator)

    def _has_promised(self, provider: Provider, receipt: Receipt) -> bool:
        if receipt.evidence != Evidence.PROVED:
            return False
        promoted = self.sources.promoted(receipt.environment, receipt.promotion_seq)
        if promoted is None or not any(promoted.program):
            return False  # a token is wrong by a program, and this record names none
        return self.sources.has_promised(provider.operator, receipt.channel_id, receipt.time)

    # inside --------------------------------------------------------------------------------------------------------

    def _sent(
        self, provider: Provider, path: str, body: bytes, key: str, terms: Requirements | None
    ) -> tuple[httpx.Response, _Asked | None]:
        """One attempt: without a payment while the terms are not known."""
        asked, headers = None, {"content-type": "application/json", "accept-encoding": "identity"}
        if terms is not None:
            asked = self._pay(provider, terms, body, key)
            brief = {BRIEF_HEADER: brief_of(asked.payment.encode()).decode()}
            headers |= brief if asked.is_brief else {PAYMENT_SIGNATURE: asked.payment}
            headers |= {GROUPS_HEADER: "1"} if asked.wishes_groups else {}
        try:
            url = provider.url.rstrip("/") + path
            request = self._http.build_request("POST", url, content=body, headers=headers)
            return self._http.send(request, stream=True), asked
        except _UNREACHED as error:
            if asked is not None:
                self.store.end(asked.request, "lost", why=str(error))
            raise ProviderFault(f"{provider.url} did not answer: {error}") from error

    def _pay(self, provider: Provider, terms: Requirements, body: bytes, key: str) -> _Asked:
        most, now = int(terms.amount), self.seconds()  # asked before a channel is kept that no deposit would fill
        known = self.wallet.channel_for(terms)
        kept, is_new = known or self.wallet.open_channel(terms), known is None
        request, total = self.store.begin(kept.id, most, key, provider.url, model_of(body), int(self._today()), body)
        earned = self.store.earned(kept.id, provider.url) if provider.is_private else 0
        payment = self.wallet.payment(kept, terms, total, deposit=is_new, now=now, earned=earned)
        assert isinstance(payment.payload, (VoucherPayload, DepositPayload))
        named = int(payment.payload.voucher.max_claimable_amount)
        # A reply is answered for by the second in its receipt, which is later than this one.
        wishes_groups = provider.url in self._giving and self.sources.has_promised(
            provider.operator, kept.id, now + ANSWERED_WITHIN
        )
        header, is_ahead = encode(payment), bool(payment.extensions)
        is_brief = is_ahead and self._shown.get(kept.id) == header and terms.extra.get(BRIEF) is True
        about = (is_new, max(named, kept.signed), wishes_groups, header, is_ahead, is_brief)
        return _Asked(request, kept, most, body, self._timer(), *about)

    def _learnt(self, provider: Provider, answer: httpx.Response, asked: _Asked | None) -> Requirements:
        """What a 402 says. Raises PaymentRefused when another try would not help."""
        header, gives_groups = answer.headers.get(PAYMENT_REQUIRED, ""), answer.headers.get(GROUPS_HEADER) == "1"
        answer.close()
        (self._giving.add if gives_groups else self._giving.discard)(provider.url)
        if asked is not None:
            self._void(asked, "402")
        if not header:
            raise PaymentRefused(f"{provider.url} asks for a payment, but not by x402", "", remedy="ask another one")
        terms, error = self.wallet.accepted(header)
        has_other_price = asked is not None and asked.most != int(terms.amount)
        if asked is not None and asked.is_brief:  # a server that was begun anew: whole it may be taken
            self._shown.pop(asked.channel.id, None)
            return terms
        # An opening that was refused is in its hands all the same, with a deposit: it gets no other.
        if asked is None or (has_other_price and not asked.is_opening):
            return terms
        if self._knows_better(asked, header, error):
            return terms
        raise PaymentRefused(
            f"{provider.url} refuses the payment: {error or 'without a reason'}", error,
            remedy="keifu channel show says what the channel holds",
        )  # fmt: skip

    def _knows_better(self, asked: _Asked, header: str, error: str) -> bool:
        """Whether a payment that was refused can be made once more, by what the server said."""
        if asked.is_opening:
            return False
        # Of requests at the same time a later voucher may come first: then the earlier one no longer reaches.
        is_overtaken = error.endswith(MISMATCH) and self.store.channel(asked.channel.id).signed > asked.signed
        comes_short = asked.is_ahead and self.wallet.comes_short(asked.channel, error)
        return comes_short or self.wallet.learn(asked.channel, header, int(self._today())) or is_overtaken

    def _taken(self, provider: Provider, answer: httpx.Response, asked: _Asked | None) -> _Asked:
        """A request that is answered for its payment. Raises ProviderFault for any other."""
        if answer.status_code >= FAULTS_FROM:
            begun = asked.begun if asked is not None else self._timer()
            body = whole(answer, lambda: self.is_late(begun))
            if asked is not None:
                # Who refused has done nothing. Who failed may have.
                why = str(answer.status_code)
                refused = answer.status_code < OWN_FAULTS_FROM
                self._void(asked, why) if refused else self.store.end(asked.request, "lost", why=why)
            raise ProviderFault(f"{provider.url}: {fault_of(body)}", answer.status_code, body)
        if asked is None:
            answer.close()
            raise ProviderFault(f"{provider.url} answers without being paid: nothing stands behind that")
        self._shown[asked.channel.id] = asked.payment  # before its end: the server has verified it
        return asked

    def _void(self, asked: _Asked, why: str) -> None:
        self.store.end(asked.request, "void", why=why)
        if asked.is_opening:
            self.store.forget_channel(asked.channel.id)


class Stream:
    """An answer on its way. Iterate over it to its end; then `answer` is what was compared."""

    def __init__(self, client: ComputeClient, provider: Provider, response: httpx.Response, asked: _Asked) -> None:
        self._client, self._provider, self._response, self._asked = client, provider, response, asked
        self.is_stream = response.headers.get("content-type", "").startswith(EVENTS)
        self._ended: Answer | None = None
        self._is_over = False

    @property
    def answer(self) -> Answer:
        """Raises CheckFailed before the end."""
        if self._ended is None:
            raise CheckFailed("the answer was not read to its end", remedy="read on: nothing was compared yet")
        return self._ended

    def __iter__(self) -> Iterator[bytes]:
        """Parts; of a stream the events, as they come. Raises ReplyRefused, or ProviderFault when it breaks off."""
        body, out = bytearray(), 0
        try:
            for part in self._response.iter_raw():
                body += part
                if len(body) > LARGEST_ANSWER:
                    self._over("lost", "too large")
                    raise ProviderFault(f"{self._provider.url} answers with more than {LARGEST_ANSWER >> 20} MiB")
                if self._client.is_late(self._asked.begun):
                    raise ProviderFault(f"{self._provider.url} answers too slowly: it is not waited for")
                if self.is_stream:
                    free = _free(body, out)
                    if free > out:
                        yield bytes(body[out:free])
                        out = free
        except (httpx.HTTPError, ProviderFault) as error:
            self._over("lost", str(error))
            raise (
                error if isinstance(error, ProviderFault) else ProviderFault(f"the answer broke off: {error}")
            ) from error
        except GeneratorExit:
            self.close()
            raise
        self._is_over = True
        header = self._response.headers.get(RECEIPT_HEADER, "")
        word = self._response.headers.get(TEE_HEADER, "")
        captured = Captured(self._asked.body, header, bytes(body), self.is_stream, tee=word)
        self._ended = self._client.compare(self._provider, captured, self._asked)
        yield bytes(body[out:])

    def close(self) -> None:
        """Read no more. What was not read to its end may have been charged."""
        self._over("lost", "not read to its end")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()

    def _over(self, state: str, why: str) -> None:
        self._response.close()
        if not self._is_over:
            self._is_over = True
            self._client.store.end(self._asked.request, state, why=why)


def _free(body: bytearray, start: int) -> int:
    """Up to where whole events may be handed on: all but the end of the stream, and the receipt behind it."""
    while (end := body.find(END, start)) >= 0 and not body.startswith((LAST_EVENT, COMMENT), start):
        start = end + len(END)
    return start
