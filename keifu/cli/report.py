"""`keifu report`: what records say under the headings of a law."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from keifu.cli._print import emit
from keifu.cli._types import IN_FILE, OUT_PATH
from keifu.cli.prov_ask import about, dossier_of
from keifu.cli.verbs import Access, verb

if TYPE_CHECKING:
    from keifu.cli._prov_options import Registry

__all__ = ["cli"]

LANGUAGES = ("en", "ja")


def _print_template(ctx: click.Context, param: click.Parameter, wanted: bool) -> None:
    del param
    if wanted and not ctx.resilient_parsing:
        from keifu.provenance.report import template

        click.echo(template().decode(), nl=False)
        ctx.exit()


@verb("report", example="keifu report production --owner 0x… --language ja --page report.html", access=Access.READ)
@click.option(
    "--checklist", type=IN_FILE, help="File with the headings of another law.  [default: Annex IV of the EU's AI Act]"
)
@click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default=LANGUAGES[0],
    show_default=True,
    help="Language of headings and lines; what authors wrote stays as it is.",
)
@click.option("--page", "page_file", type=OUT_PATH, help="File for a page of HTML to hand to somebody.")
@click.option(
    "--template", is_flag=True, is_eager=True, expose_value=False, callback=_print_template,
    help="Print the checklist of Annex IV, to start one of your own from.",
)  # fmt: skip
@about
def cli(
    registry: Registry, checklist: Path | None, language: str, page_file: Path | None, json_out: bool, **named: Any
) -> None:
    """Arrange the records of an environment, a record or files under the headings of a law: who, when, which version,
    which data, who approved. Each line has its proof; a heading without a record says "not recorded"."""
    from keifu.provenance.report import Checklist, annex_iv, html, sections, text
    from keifu.provenance.verify import check_author, check_block, require

    regime = Checklist.read(checklist) if checklist else annex_iv()
    dossier = dossier_of(registry, **named)
    require([check_author(dossier.root, registry.proved.followed)])
    block, found = check_block(registry.proved.block).detail, sections(regime, dossier, language)
    title = regime.title.of(language)
    if page_file is not None:
        page_file.write_text(html(title, block, found, language))
    document = {
        "title": title,
        "record": dossier.root.id.hex(),
        "block": block,
        "sections": [section.to_json() for section in found],
    }
    emit(document, text(title, block, found, language), json_out)
