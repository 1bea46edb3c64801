"""`keifu prov`: the verbs, each imported when it is called."""

from __future__ import annotations

import importlib

import click

__all__ = ["cli"]

# verb: (module, one line for the list)
VERBS = {
    "digest": ("prov_bytes", "digest of a file or folder, as OpenSSF model signing defines it"),
    "diff": ("prov_bytes", "files that differ between two folders"),
    "register": ("prov_write", "register a file or folder with its parents"),
    "attest": ("prov_write", "stand by a record under a schema"),
    "promote": ("prov_write", "make a record the one that an environment runs"),
    "withdraw": ("prov_write", "mark a record of one's own deprecated or revoked"),
    "find": ("prov_read", "records of a file or folder: which version is this"),
    "verify": ("prov_read", "check bytes, lineage and run times of a record, or a bundle without network"),
    "lineage": ("prov_read", "what a record was made from: tree, JSON or picture"),
    "bundle": ("prov_read", "write one file that verifies offline"),
    "export": ("prov_read", "CycloneDX ML-BOM, Hugging Face model card, in-toto statement"),
    "verify-running": ("prov_watch", "does production run what was promoted"),
    "watch": ("prov_watch", "print the registry's events as they come"),
}


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        del ctx
        if name not in VERBS:
            return None
        module = importlib.import_module(f"keifu.cli.{VERBS[name][0]}")
        command: click.Command = getattr(module, name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in VERBS.items()])


@click.group(cls=_Verbs, name="prov")
def cli() -> None:
    """Where data, labels and models came from, and what runs.

    \b
    Example: keifu prov digest ./weights
    """
