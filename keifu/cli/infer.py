"""`keifu infer` and `keifu proxy`: ask a provider, and let plain clients ask it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._paying import client_of, paying_options
from keifu.cli._print import emit
from keifu.cli._types import ENDPOINTS, IN_FILE, IN_FOLDER, OUT_PATH
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import InputError, UsageError

if TYPE_CHECKING:
    from keifu.cli.session import RpcSession
    from keifu.compute.client.apart import Answers
    from keifu.compute.client.recomputing import OwnModel

__all__ = ["infer", "proxy", "request_in"]

LARGEST_REQUEST = 2 << 20
LOOPBACK = "127.0.0.1"
_TOGETHER = (
    "Ask about several texts or pictures at once: one fee, and unverified. Else one by one, where that proves each."
)


@verb(
    "infer",
    example="keifu infer digits --provider http://127.0.0.1:8700 --operator 0x… --most 1000 --text 'hello'",
    access=Access.SEND,
)
@click.argument("model")
@click.option("--text", help="A question, or what another endpoint is asked about.")
@click.option("--file", "path", type=IN_FILE, help="JSON of a whole request instead, which names no model.")
@click.option(
    "--endpoint", type=click.Choice(ENDPOINTS),
    default="chat/completions", show_default=True, help="What the request is for.",
)  # fmt: skip
@click.option(
    "--integers",
    type=IN_FOLDER,
    help="The model's folder, as promoted: computes the answer again.",
)
@click.option(
    "--keep", type=OUT_PATH, help="Write question, answer and receipt to a HAR file, for verify-reply and audit."
)
@click.option("--together", is_flag=True, help=_TOGETHER)
@paying_options
@json_option
def infer(
    session: RpcSession,
    model: str,
    text: str | None,
    path: Path | None,
    endpoint: str,
    integers: Path | None,
    keep: Path | None,
    together: bool,
    json_out: bool,
    **paying: Any,
) -> None:
    """Ask MODEL of a provider, and print the answer once it was compared with its receipt. Exit status 1 when they
    differ: then the answer is not printed."""
    document = {"model": model, **_document(text, path, endpoint)}
    own = _own(integers) if integers else None
    from keifu.compute.client.apart import asked

    with client_of(session, **paying) as (client, provider):
        answers = asked(client, provider, f"/v1/{endpoint}", document, together=together)
    if keep is not None:
        _keep(keep, f"{provider.url.rstrip('/')}/v1/{endpoint}", answers)
    if own is not None:
        for answer in answers.each:
            own.require(answer.request, answer.body, answer.receipt)
    newest, word = answers.newest, answers.evidence.word
    units_in, units_out = answers.units
    facts = {
        "answer": answers.document,
        "number": newest.receipt.number,
        "units": {"in": units_in, "out": units_out},
        "fee": answers.fee,
        "charged": newest.receipt.charged,
        "evidence": word,
        "computed_again": own is not None,
        "receipt": newest.receipt_text,
        "receipts": answers.receipts,
    }
    said = f"fee: {answers.fee}, charged so far {newest.receipt.charged}; evidence: {word}"
    said += f", for each of {len(answers.each)} asked alone" if len(answers.each) > 1 else ""
    said += ", and computed again by your own model" if own is not None else ""
    emit(facts, f"{_words(answers.document)}\n{said}", json_out)


@verb(
    "proxy",
    example="keifu proxy --provider http://127.0.0.1:8700 --operator 0x… --most 1000",
    access=Access.SEND,
)
@click.option("--host", default=LOOPBACK, show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, show_default=True, help="Port; 0: any that is free.")
@click.option("--open-to-others", is_flag=True, help="Listen on an address that other machines reach.")
@click.option("--together", is_flag=True, help=_TOGETHER)
@paying_options
@json_option
def proxy(
    session: RpcSession, host: str, port: int, open_to_others: bool, together: bool, json_out: bool, **paying: Any
) -> None:
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
    with client_of(session, **paying) as (client, provider):
        served = Proxy(client, provider, host=host, port=port, together=together)
        emit({"url": served.url, "provider": provider.url}, f"{served.url}, for {provider.url}", json_out)
        served.run()


def _own(folder: Path) -> OwnModel:
    from keifu.compute.client.own_models import own_model

    return own_model(folder)


def _keep(path: Path, url: str, answers: Answers) -> None:
    from keifu.compute.client.capture import Captured, write_har

    write_har(
        path,
        *(
            Captured(answer.request, answer.receipt_text, answer.body, False, url, tee=answer.tee_text)
            for answer in answers.each
        ),
    )


def _document(text: str | None, path: Path | None, endpoint: str) -> dict[str, Any]:
    from keifu.compute.client.units import question

    if (text is None) == (path is None):
        raise UsageError("a request is a --text or a --file", remedy="give one of them")
    if text is not None:
        return question(text, endpoint)
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


def _words(document: Any) -> str:
    """What a person reads of it: the message, or the document."""
    import json

    try:
        return str(document["choices"][0]["message"]["content"])
    except (KeyError, IndexError, TypeError):
        return json.dumps(document)
