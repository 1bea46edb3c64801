"""Several texts, or several pictures, asked one by one where that makes each answer proved: a dispute is about one.

Each input is a request of its own then, with a voucher, a receipt and the fee of a request; all are paid from one
channel. A provider that promises nothing for one alone is asked about all at once, as any client asks. It is asked
without a payment first: where it refuses one of them, the others are not paid for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from typing import Any

import msgspec

from ethwire.http import httpx
from keifu.compute.client.client import (
    ANSWERED_WITHIN,
    LARGEST_ANSWER,
    OWN_KEY,
    Answer,
    ComputeClient,
    Provider,
    ProviderFault,
    fault_of,
)
from keifu.compute.client.listed import about
from keifu.compute.openai import LARGEST_BATCH
from keifu.compute.receipt import Evidence
from keifu.errors import CheckFailed, EnvironmentFault
from keifu.provenance.verify import Finding
from keifu.strangers import answered

__all__ = ["Answers", "apart", "asked"]

PATHS = frozenset({"/v1/embeddings", "/v1/classify"})
AT_ONCE = 4  # requests on their way
USAGE = ("prompt_tokens", "completion_tokens", "total_tokens")
GROUPS = "groups"  # a kilobyte a token, which the client's folder keeps for disputes


class _Answered(msgspec.Struct):
    """What is joined of an answer: its one item, and what it used."""

    model: str
    data: list[dict[str, Any]]
    usage: dict[str, int]


@dataclass(frozen=True)
class Answers:
    """What came for one request, in the order of its inputs: one answer about all, or one about each."""

    each: tuple[Answer, ...]

    @property
    def evidence(self) -> Evidence:
        """The word under which all may be shown."""
        words = {item.evidence for item in self.each}
        return words.pop() if len(words) == 1 else Evidence.UNVERIFIED

    @property
    def fee(self) -> int:
        return sum(item.receipt.fee for item in self.each)

    @property
    def units(self) -> tuple[int, int]:
        """In and out."""
        receipts = [item.receipt for item in self.each]
        return sum(item.input_units for item in receipts), sum(item.output_units for item in receipts)

    @property
    def newest(self) -> Answer:
        """Whose receipt has the largest number: it says what the channel was charged in all."""
        return max(self.each, key=lambda item: item.receipt.number)

    @property
    def receipts(self) -> tuple[str, ...]:
        """As they came, for `keifu verify-reply` and the market."""
        return tuple(item.receipt_text for item in self.each)

    @property
    def findings(self) -> tuple[Finding, ...]:
        return tuple(found for item in self.each for found in item.findings)

    @property
    def document(self) -> Any:
        """In OpenAI's form. Of several the items stand in one list, each with its receipt under `keifu.receipt`."""
        return self.each[0].document if len(self.each) == 1 else _joined(self.each)


def asked(
    client: ComputeClient, provider: Provider, path: str, document: Any, *, key: str = OWN_KEY, together: bool = False
) -> Answers:
    """Answers that were compared; `together` asks about all at once, whatever is promised. Raises as
    `ComputeClient.ask`: what was answered before is paid for, and kept."""
    found = None if together else apart(client, provider, path, document, key=key)
    return found or Answers((client.ask(provider, path, document, key=key),))


def apart(client: ComputeClient, provider: Provider, path: str, document: Any, *, key: str = OWN_KEY) -> Answers | None:
    """Each input alone; None for a request that is better asked as it is. Raises as `ComputeClient.ask`."""
    request = _read(document) if path in PATHS else None
    inputs = _inputs(request or {})
    if request is None or not inputs or not _is_proved_alone(client, provider, str(request.get("model"))):
        return None
    alone = [{**request, "input": [item]} for item in inputs]
    _require_taken(client, provider, path, request, alone)

    def ask(place: int) -> Answer:
        try:
            return client.ask(provider, path, alone[place], key=key)
        except ProviderFault as error:
            raise _named(place, error) from error

    # Where a channel may be opened, the first one does: others beside it would each open one, with its own deposit.
    first = (ask(0),) if client.wallet.terms.deposit else ()
    return Answers((*first, *_at_once([partial(ask, place) for place in range(len(first), len(inputs))])))


def _read(document: Any) -> Mapping[str, Any] | None:
    """None for what is no request: its provider says why."""
    try:
        found = msgspec.json.decode(document) if isinstance(document, bytes) else document
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Mapping) else None


def _inputs(request: Mapping[str, Any]) -> Sequence[Any]:
    """Those of a request about several; a list of numbers is one. Empty for more than one request may have."""
    given = request.get("input")
    if not isinstance(given, list) or not 1 < len(given) <= LARGEST_BATCH:
        return []
    return given if all(isinstance(item, str | list) for item in given) else []


def _is_proved_alone(client: ComputeClient, provider: Provider, model: str) -> bool:
    """Whether a cover answers for what the provider says of one input. Where it says nothing, nothing is gained."""
    soon, chain_id = client.seconds() + ANSWERED_WITHIN, client.wallet.terms.chain_id
    own = [kept.id for kept in client.store.channels() if kept.chain_id == chain_id]
    if not any(client.sources.has_promised(provider.operator, channel, soon) for channel in own):
        return False
    try:
        found = about(client.models(provider), model)
    except ProviderFault:
        return False
    return found is not None and found.evidence == Evidence.PROVED.word


def _require_taken(
    client: ComputeClient, provider: Provider, path: str, request: Mapping[str, Any], alone: Sequence[Mapping[str, Any]]
) -> None:
    """Whether each is read and has its price: nodes refuse before they are paid. All at once may be too much."""
    if _refusal(client, provider, path, request) is not None:
        for place, one in enumerate(alone):
            if (refused := _refusal(client, provider, path, one)) is not None:
                raise _named(place, refused)


def _refusal(client: ComputeClient, provider: Provider, path: str, request: Mapping[str, Any]) -> ProviderFault | None:
    """Of a request without a payment. None where it only has to be paid for, and where nobody says so."""
    url, content = provider.url.rstrip("/") + path, msgspec.json.encode(request)
    try:
        found = answered(client.http, "POST", url, LARGEST_ANSWER, content)
    except (EnvironmentFault, httpx.HTTPError, httpx.InvalidURL, ValueError):
        return None
    if found.status == httpx.codes.PAYMENT_REQUIRED or not httpx.codes.is_client_error(found.status):
        return None
    return ProviderFault(f"{provider.url}: {fault_of(found.body)}", found.status, found.body)


def _named(place: int, error: ProviderFault) -> ProviderFault:
    return ProviderFault(f"input {place}, asked alone: {error.message}", error.status, error.body)


def _at_once(works: Sequence[Callable[[], Answer]]) -> list[Answer]:
    """In their order. Where one fails, even while those before it are waited for, what was not begun is not asked."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="apart") as pool:
        running = [pool.submit(work) for work in works]
        try:
            ended = wait(running, return_when=FIRST_EXCEPTION).done
        finally:
            for item in running:
                item.cancel()
    for item in filter(ended.__contains__, running):
        item.result()  # raises what failed: what was cancelled by that says nothing
    return [item.result() for item in running]


def _joined(answers: Sequence[Answer]) -> dict[str, Any]:
    """Raises CheckFailed for an answer without its one item."""
    try:
        read = [msgspec.json.decode(item.body, type=_Answered) for item in answers]
        data = [_item(found, place, answers[place].receipt_text) for place, found in enumerate(read)]
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise CheckFailed(f"the answers are no lists of one item: {error}", remedy="ask another provider") from error
    usage = {name: sum(found.usage.get(name, 0) for found in read) for name in USAGE}
    return {"object": "list", "model": read[0].model, "data": data, "usage": usage}


def _item(found: _Answered, place: int, receipt: str) -> dict[str, Any]:
    (item,) = found.data
    said = {name: value for name, value in item.get("keifu", {}).items() if name != GROUPS}
    return {**item, "index": place, "keifu": {**said, "receipt": receipt}}
