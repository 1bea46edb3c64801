"""`keifu infer` and `keifu proxy`: ask a provider, and let plain clients ask it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._compute import asked_of, side_of, trust_options
from keifu.cli._print import emit
from keifu.cli._types import IN_FILE, IN_FOLDER
from keifu.cli.usage import client_folder
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import InputError, UsageError

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.compute.client.client import Answer, ComputeClient, Provider
    from keifu.compute.client.recomputing import Recomputing

__all__ = ["infer", "proxy", "request_in"]

LARGEST_REQUEST = 2 << 20
LOOPBACK = "127.0.0.1"
LARGEST_STEP = 1_024


def _paying(body: Callable[..., Any]) -> Callable[..., Any]:
    """Whom to ask, and up to what."""
    for option in (
        click.option(
            "--ahead", type=click.IntRange(1, LARGEST_STEP), default=1, show_default=True,
            help="Requests that one voucher may pay, where the provider takes it: so much can be lost at once.",
        ),
        click.option(
            "--deposit", type=click.IntRange(0), default=0, show_default=True,
            help="Open a channel with the first request where there is none, and put so much into it.",
        ),
        click.option(
            "--most", type=click.IntRange(1), required=True,
            help="What one request may cost, in the token's smallest unit.",
        ),
        click.option("--provider", "url", required=True, metavar="URL", help="The provider's address."),
    ):  # fmt: skip
        body = option(body)
    return trust_options(client_folder(asked_of(body)))


@verb(
    "infer",
    example="keifu infer digits --provider http://127.0.0.1:8700 --operator 0x… --most 1000 --text 'hello'",
    access=Access.SEND,
)
@click.argument("model")
@click.option("--text", help="A question for /v1/chat/completions.")
@click.option("--file", "path", type=IN_FILE, help="JSON of a whole request instead, which names no model.")
@click.option(
    "--endpoint", type=click.Choice(["chat/completions", "completions", "embeddings", "classify"]),
    default="chat/completions", show_default=True, help="What the request is for.",
)  # fmt: skip
@click.option(
    "--integers",
    type=IN_FOLDER,
    help="The token model as keifu model build wrote it: computes the reply again.",
)
@_paying
@json_option
def infer(
    session: RpcSession,
    model: str,
    text: str | None,
    path: Path | None,
    endpoint: str,
    integers: Path | None,
    json_out: bool,
    **paying: Any,
) -> None:
    """Ask MODEL of a provider, and print the answer once it was compared with its receipt. Exit status 1 when they
    differ: then the answer is not printed."""
    document = {"model": model, **_document(text, path)}
    own = _recomputing(integers) if integers else None
    with _client(session, **paying) as (client, provider):
        answer = client.ask(provider, f"/v1/{endpoint}", document)
    if own is not None:
        own.require(answer.request, answer.body, answer.receipt)
    receipt = answer.receipt
    facts = {
        "answer": answer.document,
        "number": receipt.number,
        "units": {"in": receipt.input_units, "out": receipt.output_units},
        "fee": receipt.fee,
        "charged": receipt.charged,
        "evidence": answer.evidence.name.lower(),
        "computed_again": own is not None,
        "receipt": answer.receipt_text,
    }
    said = f"fee: {receipt.fee}, charged so far {receipt.charged}; evidence: {answer.evidence.name.lower()}"
    said += ", and computed again by your own model" if own is not None else ""
    emit(facts, f"{_words(answer)}\n{said}", json_out)


@verb(
    "proxy",
    example="keifu proxy --provider http://127.0.0.1:8700 --operator 0x… --most 1000",
    access=Access.SEND,
)
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, show_default=True, help="Port; 0: any that is free.")
@click.option("--open-to-others", is_flag=True, help="Listen on an address that other machines reach.")
@_paying
@json_option
def proxy(session: RpcSession, host: str, port: int, open_to_others: bool, json_out: bool, **paying: Any) -> None:
    """Serve OpenAI's endpoints on this machine: sign vouchers, compare receipts, pass on what holds. Plain clients
    bring a key that `keifu usage key` makes, whose caps bound what they spend. Runs until it is interrupted."""
    from ipaddress import ip_address

    from keifu.compute.proxy import Proxy

    try:
        is_local = ip_address(host).is_loopback
    except ValueError as error:
        raise UsageError(f"--host {host} is no address", remedy=f"{LOOPBACK}") from error
    if not is_local and not open_to_others:
        raise UsageError(f"other machines reach {host}", remedy="--open-to-others, when they may spend by their keys")
    with _client(session, **paying) as (client, provider):
        served = Proxy(client, provider, host=host, port=port)
        emit({"url": served.url, "provider": provider.url}, f"{served.url}, for {provider.url}", json_out)
        served.run()


def _recomputing(folder: Path) -> Recomputing:
    from keifu.compute.client.recomputing import Recomputing
    from keifu.inference.tokens.keeping import load

    return Recomputing(load(folder))


@contextmanager
def _client(
    session: RpcSession,
    *,
    url: str,
    operator: str,
    environment: bytes | None,
    tees: tuple[str, ...],
    folder: Path | None,
    most: int,
    deposit: int,
    ahead: int,
    trust: Path | None,
    offline: bool,
) -> Iterator[tuple[ComputeClient, Provider]]:
    from keifu.compute.client.client import ComputeClient, Provider
    from keifu.compute.client.store import Store, usual_folder
    from keifu.payments.wallet import Terms, Wallet

    if not url.startswith(("http://", "https://")):
        raise UsageError(f"--provider {url} is no address of a provider", remedy="http://HOST:PORT")
    if deposit and offline:
        raise UsageError("--deposit needs the chain's record", remedy="leave out --offline, or keifu channel open")
    side = side_of(session, trust, offline=offline)
    collector = _collector(session) if deposit else ""
    terms = Terms(side.chain_id, side.channels, side.market, most, collector, deposit, ahead=ahead)
    with Store(folder or usual_folder()) as store:
        wallet = Wallet(session.account, store, terms)
        with ComputeClient(wallet, side.sources) as client:
            yield client, Provider(url, operator, environment, tees=frozenset(map(str.lower, tees)))


def _collector(session: RpcSession) -> str:
    from keifu.chain.suite import ERC3009_COLLECTOR

    return session.suite(ERC3009_COLLECTOR)[ERC3009_COLLECTOR]


def _document(text: str | None, path: Path | None) -> dict[str, Any]:
    from keifu.compute.client.units import question

    if (text is None) == (path is None):
        raise UsageError("a request is a --text or a --file", remedy="give one of them")
    if text is not None:
        return question(text)
    assert path is not None
    return request_in(path)


def request_in(path: Path) -> dict[str, Any]:
    """A whole request. Raises InputError for a file that has none."""
    import json

    from keifu._files import read_bounded

    try:
        found = json.loads(read_bounded(path, LARGEST_REQUEST, "a request"))
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is no JSON: {error}", remedy="write what OpenAI's API takes") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} is no request", remedy='{"input": …}')
    return found


def _words(answer: Answer) -> str:
    """What a person reads of it: the message, or the document."""
    import json

    try:
        return str(answer.document["choices"][0]["message"]["content"])
    except (KeyError, IndexError, TypeError):
        return json.dumps(answer.document)
