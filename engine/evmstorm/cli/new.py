"""`evmstorm new`: a first description from a template."""

from __future__ import annotations

from pathlib import Path

import click

from evmstorm.cli._command import Command, project_option

__all__ = ["cli"]

# What `deploy` must return, beside the contract itself.
RETURNS = {
    "erc20": "contract",
    "erc721": "contract",
    "erc4626": "asset, contract",
    "staking": "coins, rewards, contract",
    "vesting": "token, contract",
}
MORE = {"erc721": "\n\n    def tokens(self):\n        return range(10)  # the numbers of the tokens that there are\n"}


@click.command(cls=Command, example="erc20 Coin --project ../coin")
@click.argument("template", type=click.Choice(sorted(RETURNS)))
@click.argument("contract")
@project_option
def cli(template: str, contract: str) -> int:
    """Write a first description of CONTRACT, which is a TEMPLATE, into the project; it says what is still to be filled
    in."""
    from ethwire.errors import UsageError  # noqa: PLC0415
    from evmstorm import project  # noqa: PLC0415
    from evmstorm.evm import artifacts  # noqa: PLC0415

    constructor = artifacts.load(contract).interface.constructor
    folder = project.root() / project.settings().get("descriptions", project.DESCRIBED).replace(".", "/")
    stem = Path(contract).stem
    path = folder / f"{stem.lower()}.py"
    if path.exists():
        raise UsageError(f"{path} is there already", remedy="rename it, or change it by hand")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(template, contract, stem, constructor))
    click.echo(f"wrote {path}: fill in deploy(), then `evmstorm fuzz {path}`")
    return 0


def _text(template: str, contract: str, stem: str, constructor: tuple[str, ...]) -> str:
    base = template.capitalize()
    other = RETURNS[template].rpartition(", ")[0]
    arguments = "".join(f", {kind.upper().replace('[]', 'S')}" for kind in constructor)
    lines = [
        f'"""{stem}, searched from the template {base}."""',
        "",
        f"from evmstorm.templates import {base}",
        "",
        "",
        f"class {stem}({base}):",
        f'    contracts = ("{contract}",)',
        "",
        "    def deploy(self, evm):",
        '        owner = evm.account("owner")  # who has the first coins; the others get a share',
        *(f'        {name} = evm.deploy("{name.upper()}", sender=owner)' for name in other.split(", ") if name),
        f'        contract = evm.deploy("{contract}"{arguments}, sender=owner)',
        f"        return {RETURNS[template]}",
    ]
    return "\n".join(lines) + MORE.get(template, "\n")
