"""`keifu completion`: the script that makes a shell complete nouns, verbs, options and choices."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from keifu.cli.verbs import HELP

__all__ = ["cli"]

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_KEIFU_COMPLETE"  # how click's scripts call the program


@click.command("completion", context_settings=HELP, epilog='\b\nExample: eval "$(keifu completion bash)"')
@click.argument("shell", metavar="SHELL", type=click.Choice(SHELLS))
def cli(shell: str) -> None:
    """Print the completion script of a shell (bash, zsh or fish), to put into its start-up file.

    \b
    bash  eval "$(keifu completion bash)"       in ~/.bashrc
    zsh   eval "$(keifu completion zsh)"        in ~/.zshrc
    fish  keifu completion fish | source        in ~/.config/fish/config.fish
    """
    from keifu.cli.root import cli as root

    found = get_completion_class(shell)
    assert found is not None, "click knows the three shells"
    click.echo(found(root, {}, "keifu", VARIABLE).source())
