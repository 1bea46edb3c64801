"""Asking attestors for a transfer: the leading one first, then the others, each by its own endpoint.

No attestor's word is taken: each signature has to be over what the request leads to, and over the same as the leading
one's. An attestor that does not answer may be asked again; one that has answered gives the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import msgspec

from ethwire.http import httpx
from keifu.errors import CheckFailed, EnvironmentFault, KeifuError, UsageError
from keifu.inft.folder import DataFolder
from keifu.inft.requests import About, Answer, Asked, NotAttested, TransferRequest, signer_of
from keifu.inft.status import AttestorStatus
from keifu.inft.transfer import Transfer
from keifu.strangers import Answered, answered, caller

__all__ = ["abouts", "announced", "ask"]

CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 300.0  # a deal with many providers takes its time
LARGEST = 1 << 20  # bytes of an answer
T = TypeVar("T")


class _Fault(msgspec.Struct):
    error: str
    message: str
    remedy: str = ""


def abouts(urls: Sequence[str], chain_id: int, verifier: str) -> list[About]:
    """What each attestor says of itself, signed by it. Raises CheckFailed for one of another chain, or named twice."""
    found = []
    for url in urls:
        with _reached(url) as http:
            about = _read(url, answered(http, "GET", "/about", LARGEST), About)
        if (about.chain_id, about.verifier.lower()) != (chain_id, verifier.lower()):
            raise CheckFailed(f"the attestor at {url} is of chain {about.chain_id}", remedy="name one of this chain")
        _ = about.named
        found.append(about)
    if len({about.attestor for about in found}) != len(found):
        raise UsageError("two of these addresses are one attestor's", remedy="name each attestor once")
    return found


def announced(known: Sequence[AttestorStatus], needed: int, chain_id: int, verifier: str) -> list[str]:
    """Addresses of as many attestors as have to sign: of those that count and answer now.

    Raises EnvironmentFault when too few do.
    """
    found: list[str] = []
    for attestor in known:
        if len(found) == needed:
            break
        try:
            if attestor.mature and attestor.url.startswith(("http://", "https://")):
                about = abouts([attestor.url], chain_id, verifier)[0]
                found += [attestor.url] if about.attestor == attestor.attestor else []
        except (EnvironmentFault, CheckFailed):
            continue  # another one may answer
    if len(found) < needed:
        raise EnvironmentFault(
            f"{len(found)} attestors answer at the addresses that they announced, {needed} have to sign",
            remedy="--attestor URL, for each; or `keifu inft prepare`, and their signatures from hand to hand",
        )
    return found


def ask(request: TransferRequest, folder: DataFolder, urls: Sequence[str]) -> Transfer:
    """Have a request attested by everybody that it names, at `urls` in the same order; the transfer that they signed.

    Raises NotAttested with an attestor's own reason, CheckFailed for one that signs something else.
    """
    if not request.attestors:
        raise UsageError("no attestor is named", remedy="--attestor URL, as often as `keifu inft attestors` asks for")

    def answer(place: int, lead: Answer | None = None) -> Answer:
        keys = request.sealed_keys(folder, request.attestors[place])
        with _reached(urls[place]) as http:
            body = msgspec.json.encode(Asked(request, keys, lead))
            return _read(urls[place], answered(http, "POST", "/attest", LARGEST, body), Answer)

    lead, others = answer(0), range(1, len(request.attestors))
    if len(lead.items) != len(request.items):
        raise CheckFailed(f"{urls[0]} answers for {len(lead.items)} items", remedy="ask another attestor")
    transfer = request.transfer(lead.items)
    with ThreadPoolExecutor() as pool:
        answers = [lead, *pool.map(lambda place: answer(place, lead), others)]
    _collect(transfer, request, urls, answers)
    return transfer


def _collect(transfer: Transfer, request: TransferRequest, urls: Sequence[str], answers: Sequence[Answer]) -> None:
    """Put the signatures into the transfer. Raises CheckFailed for one over something else."""
    try:
        digest = transfer.statement_digest
    except (ValueError, OverflowError, KeifuError) as error:
        raise CheckFailed(
            f"{urls[0]} answers with items that are none: {error}", remedy="ask another attestor"
        ) from error
    for named, url, answer in zip(request.attestors, urls, answers, strict=True):
        if answer.digest != digest.hex() or signer_of(digest, answer.signature) != named.attestor:
            raise CheckFailed(
                f"{named.attestor} at {url} has signed another statement than the leading attestor",
                remedy="sign a new request, which names others; two statements for one request cost an attestor coins",
            )
        transfer.signatures[named.attestor] = answer.signature


@contextmanager
def _reached(url: str) -> Iterator[httpx.Client]:
    try:
        with caller(url, ANSWER_SECONDS, CONNECT_SECONDS) as http:
            yield http
    except httpx.HTTPError as error:
        raise EnvironmentFault(
            f"the attestor at {url} does not answer: {error}", remedy="ask again: what it has signed stays the same"
        ) from error


def _read(url: str, response: Answered, kind: type[T]) -> T:
    try:
        if response.status == httpx.codes.OK:
            return msgspec.json.decode(response.body, type=kind)
        fault = msgspec.json.decode(response.body, type=_Fault)
    except (ValueError, RecursionError) as error:
        raise EnvironmentFault(f"{url} is no attestor: {error}", remedy="look at its address") from error
    raise NotAttested(fault.error, f"the attestor at {url}: {fault.message}", fault.remedy)
