"""`keifu node compute`: answer for models, and be paid by the call. The work is done in keifu/node/compute."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from keifu.cli._node import LISTEN, add_common, folder_argument, make, making, settings_of
from keifu.cli._print import emit
from keifu.cli._types import ADDRESS, BYTES32, COINS, DURATION, ENDPOINTS, MOMENT, Text
from keifu.cli.verbs import Noun, json_option

__all__ = ["compute"]

ANSWERS = "127.0.0.1:9691"
LONGEST_VALUE = 400
LONGEST_PLACE = 256
AMOUNT = click.IntRange(0)

compute = Noun(
    "compute",
    help="Answer as OpenAI's endpoints do, for vouchers of payment channels, with a receipt for each answer.",
    example="keifu node compute run /srv/compute",
)


@compute.verb(
    "init", example="keifu node compute init ./compute --upstream words=http://127.0.0.1:8000/v1 --request 1000000"
)
@folder_argument
@click.option("--environment", type=Text(64), default="", help="Whose promoted artefact answers: its id, or its name.")
@click.option("--owner", type=ADDRESS, help="Owner of the environment, when it is given by name.")
@click.option(
    "--artefacts", type=Text(LONGEST_VALUE), multiple=True, help="Folder of an artefact, a star stands for any name."
)
@click.option(
    "--upstream", "upstreams", type=Text(LONGEST_VALUE), multiple=True, metavar="NAME=URL",
    help="A model that another server has, which speaks OpenAI's protocol; repeatable.",
)  # fmt: skip
@click.option(
    "--tokens", type=Text(LONGEST_VALUE), multiple=True, metavar="NAME=PATH",
    help="A token model that it runs itself: a GGUF file, or a folder of keifu model build; repeatable.",
)  # fmt: skip
@click.option(
    "--embeddings", type=Text(LONGEST_VALUE), multiple=True, metavar="NAME=PATH",
    help="A model that makes vectors of texts, which it runs itself: a folder of keifu model build; repeatable.",
)  # fmt: skip
@click.option(
    "--answers", "endpoints", type=click.Choice(ENDPOINTS), multiple=True,
    help="What is asked of upstreams; repeatable.  [default: chat/completions]",
)  # fmt: skip
@click.option(
    "--reexecuted", type=BYTES32,
    help="Digest of the upstream's weights: a panel may compute its answers again.",
)  # fmt: skip
@click.option("--request", type=AMOUNT, default=0, show_default=True, help="Price of a request, in wei of the token.")
@click.option("--million-in", type=AMOUNT, default=0, show_default=True, help="Price of a million units in.")
@click.option("--million-out", type=AMOUNT, default=0, show_default=True, help="Price of a million units out.")
@click.option("--receiver", type=ADDRESS, help="Who is paid.  [default: the node's own account]")
@click.option("--endpoint", type=Text(LONGEST_PLACE), help="Where clients find it: offers the service at the market.")
@click.option("--operator", type=ADDRESS, help="Whose promises they are.  [default: the node's own account]")
@click.option("--cap", type=COINS, default="0", help="Coins of the lock that covers may hold at a time.  [default: 0]")
@click.option(
    "--dispute-cap", type=COINS, default="0",
    help="Coins locked for disputes that covers may hold at a time.  [default: 0]",
)  # fmt: skip
@click.option("--listen", type=LISTEN, default=ANSWERS, show_default=True, help="Where anybody asks.")
@click.option("--poll", type=DURATION, default="2", help="How often the chain is looked at.  [default: 2 seconds]")
@making("compute")
@json_option
def compute_init(
    folder: Path,
    environment: str,
    owner: str | None,
    artefacts: tuple[str, ...],
    upstreams: tuple[str, ...],
    tokens: tuple[str, ...],
    embeddings: tuple[str, ...],
    endpoints: tuple[str, ...],
    reexecuted: bytes | None,
    request: int,
    million_in: int,
    million_out: int,
    receiver: str | None,
    endpoint: str | None,
    operator: str | None,
    cap: int,
    dispute_cap: int,
    listen: str,
    poll: int,
    owner_pages: str,
    json_out: bool,
    **common: Any,
) -> None:
    """Make a node's folder: its configuration, a key, and a unit for systemd. One price for all that it answers. With
    --endpoint it gets a second key, for receipts, and offers its service at the market for the coins locked there. With
    --dispute-cap it answers for wrong tokens with the coins locked at InferenceDisputes."""
    from keifu.node.compute.making import RECEIPT_KEY, market_section, own_section, passed_on
    from keifu.node.setup import Wish

    prices = {"request": request, "million_in": million_in, "million_out": million_out}
    market = market_section(endpoint or "", operator or "", cap)
    own = own_section(
        listen, f"{poll} seconds", artefacts, upstreams, prices, receiver or "", market, tokens, dispute_cap,
        embeddings, passed_on(upstreams, endpoints, reexecuted or b""),
    )  # fmt: skip
    wish = Wish(
        listen=owner_pages, environment=environment, owner=owner or "", own=own,
        second_key=RECEIPT_KEY if market or dispute_cap else "", **common,
    )  # fmt: skip
    make("compute", folder, json_out, wish)


@compute.verb("usage", example="keifu node compute usage ./compute --since 2026-11-01 --until 2026-12-01")
@folder_argument
@click.option("--since", type=MOMENT, required=True, help="First day of the period.")
@click.option("--until", type=MOMENT, required=True, help="First day after it.")
@json_option
def compute_usage(folder: Path, since: int, until: int, json_out: bool) -> None:
    """Write what each channel used of each model on each day, as CSV: requests, units and fees."""
    from keifu.node.compute.usage import COLUMNS, rows_of, to_csv

    settings_of("compute", folder)
    rows = rows_of(folder, since, until)
    emit({"rows": [dict(zip(COLUMNS, row, strict=True)) for row in rows]}, to_csv(rows).rstrip("\n"), json_out)


@compute.verb("leave", example="keifu node compute leave ./compute")
@folder_argument
@json_option
def compute_leave(folder: Path, json_out: bool) -> None:
    """Have the node end its services at the market, and sign no more covers; it goes on answering."""
    from keifu.node.compute.making import leave

    settings_of("compute", folder)
    leave(folder)
    emit({"offers": False}, "the node ends its services at its next look", json_out)


@compute.verb("offer", example="keifu node compute offer ./compute")
@folder_argument
@json_option
def compute_offer(folder: Path, json_out: bool) -> None:
    """Have the node offer its services again, after they were ended or a report took one."""
    from keifu.node.compute.making import offer_again

    settings_of("compute", folder)
    offer_again(folder)
    emit({"offers": True}, "the node offers its services at its next look", json_out)


add_common(compute, "compute")
