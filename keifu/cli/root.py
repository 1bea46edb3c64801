"""The root of the command line, whose nouns are imported when they are used."""

from __future__ import annotations

import signal
import sys
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NoReturn

import click

from ethwire.commands import exit_status
from keifu import __version__
from keifu.cli.verbs import SIMILAR, LazyNoun, Noun, Place
from keifu.errors import EnvironmentFault, Revert

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "NOUNS", "cli", "main"]

GROUP = "keifu.commands"  # entry points: noun = module:click_command
ENGINE = "evmstorm"

NOUNS: dict[str, Place] = {
    "chain": ("keifu.cli.chain:cli", "Keep a local chain with the whole suite deployed."),
    "deploy": ("keifu.cli.deploy:cli", "Deploy the suite from a reviewed plan, verify it, and hand it over."),
    "tge": ("keifu.cli.tge:cli", "Publish, deploy, claim and verify a list of grants."),
    "staking": ("keifu.cli.staking:cli", "Lock, delegate, collect rewards and leave."),
    "court": ("keifu.cli.court:cli", "Judge cases that services open."),
    "sample": ("keifu.cli.sample:cli", "Make promises at the sample service of a local chain, and claim them."),
    "inft": ("keifu.cli.inft:cli", "Make, use, move and sell tokens of agents, whose private data moves with them."),
    "agent": ("keifu.cli.agent:cli", "Register agents, say how they did, and have validators answer for them."),
    "account": ("keifu.cli.account:cli", "Act through the account of a token, and let keys act within limits."),
    "prov": ("keifu.cli.prov:cli", "Register artefacts, and check where they came from and what runs."),
    "trust": ("keifu.cli.trust:cli", "Say which chain, registry, authors and attesters you trust."),
    "index": ("keifu.cli.index:cli", "Keep every event of the suite in a database, check it, and serve it as JSON."),
    "explorer": ("keifu.cli.explorer:cli", "Serve pages of what runs, who has what at stake, and who was slashed."),
    "store": (
        "keifu.cli.store:cli",
        "Store files with many providers; read, renew, share, repair and erase them.",
    ),
    "channel": ("keifu.cli.channel:cli", "Open, fill, show and empty payment channels."),
    "compute": ("keifu.cli.compute:cli", "Promise answers at the market, cover channels, and report broken promises."),
    "audit": ("keifu.cli.audit:audit", "Check a kept reply of a token model by the products of its layers."),
    "dispute": ("keifu.cli.dispute:cli", "Show wrong answers of token models on the chain, and be paid for them."),
    "reexecute": (
        "keifu.cli.reexecute:cli",
        "Have answers of float models computed again by people with stake, and be paid back for wrong ones.",
    ),
    "infer": ("keifu.cli.infer:infer", "Ask a provider's model, pay by a voucher, and compare the answer."),
    "proxy": ("keifu.cli.infer:proxy", "Serve a local address for OpenAI clients that pays and compares for them."),
    "providers": ("keifu.cli.providers:providers", "List who serves models: price, speed, history."),
    "verify-reply": ("keifu.cli.verify_reply:verify_reply", "Compare a recorded answer with its receipt."),
    "model": ("keifu.cli.model:cli", "Fetch weights of language models."),
    "usage": ("keifu.cli.usage:cli", "Show what each key spent at providers, bound it, and write invoices."),
    "report": ("keifu.cli.report:cli", "Arrange the records of a deployment under the headings of a law."),
    "grants": ("keifu.cli.grants:cli", "Fund, propose, decide and pay grants, shown by records of the registry."),
    "cost": ("keifu.cli.cost:cli", "Compute what the suite costs beside list prices, from what was measured."),
    "keys": ("keifu.cli.keys:cli", "Open key files once for all commands and nodes, and name an operator's hot keys."),
    "node": (
        "keifu.cli.node:cli",
        "Make and run nodes: operators serve heartbeats, watchers report them, jurors vote, keepers draw juries.",
    ),
    "up": ("keifu.cli.network:up", "Start a local network: chain, operators, watchers, index."),
    "status": ("keifu.cli.network:status", "Show what of a local network runs, and how it is."),
    "logs": ("keifu.cli.network:logs", "Show what the parts of a local network have written."),
    "down": ("keifu.cli.network:down", "End a local network; its state is kept."),
    "explain": ("keifu.cli.explain:explain", "Say what a message means, and what to do about it."),
    "completion": ("keifu.cli.completion:cli", "Print the completion script of a shell."),
}
# Nouns that the fuzzing engine adds when it is installed.
ENGINE_NOUNS = {
    "fuzz": "Search contracts for calls that break an invariant.",
    "mutate": "Change a contract in small ways and see whether its campaign notices.",
    "coverage": "Show which lines and branches of contracts a campaign ran.",
    "replay": "Send a counterexample to a real node.",
}


class _Root(LazyNoun):
    """The nouns of this package, and those that other distributions add by entry point."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        built_in = super().list_commands(ctx)
        return [*built_in, *(name for name in sorted(_added()) if name not in built_in)]

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if (found := super().get_command(ctx, name)) is not None:
            return found
        if (entry := _added().get(name)) is not None:
            command: click.Command = entry.load()
            return command
        if name in ENGINE_NOUNS:
            raise EnvironmentFault(
                f"`keifu {name}` comes with the fuzzing engine, which is not installed",
                remedy=f"pip install {ENGINE}, or pip install ./engine in a checkout",
            )
        return None

    def invoke(self, ctx: click.Context) -> Any:
        """Whoever reads a contract's bare reason learns where its explanation is."""
        try:
            return super().invoke(ctx)
        except Revert as refusal:
            if refusal.reason and not refusal.remedy:
                refusal.remedy = f'see: keifu explain "{refusal.reason}"'
            raise

    def line(self, name: str) -> str:
        """What the list says of a noun; one that nobody here knows is imported for it."""
        if name in self.places:
            return super().line(name)
        return ENGINE_NOUNS.get(name) or _added()[name].load().get_short_help_str(limit=80)

    def unknown(self, ctx: click.Context, name: str) -> None:
        """Refuse a word that is no noun: it may be a verb, or more of a noun than there is, as `provenance` is."""
        nouns = {*self.list_commands(ctx), *ENGINE_NOUNS}
        near = [noun for noun in nouns if name.startswith(noun)] or [
            f"{noun} {name}" for noun in self.places if self._has_verb(ctx, noun, name)
        ]
        near = near or get_close_matches(name, nouns, cutoff=SIMILAR)
        raise click.NoSuchOption(name, f"No such command {name!r}", near, ctx)

    def _has_verb(self, ctx: click.Context, noun: str, name: str) -> bool:
        command = self.get_command(ctx, noun)
        return isinstance(command, Noun) and name in command.list_commands(ctx)


def _added() -> dict[str, EntryPoint]:
    from importlib.metadata import entry_points

    return {entry.name: entry for entry in entry_points(group=GROUP)}


cli = _Root(
    "keifu",
    NOUNS,
    help="Check where data came from, who labelled it, which model answered, and what really runs.",
    example="keifu prov digest ./weights",
)
cli = click.version_option(__version__, prog_name="keifu")(cli)


def main(args: list[str] | None = None) -> NoReturn:
    """Run the command line; every expected fault ends in one line on standard error."""
    # Leave through the context managers, so that no child process is left behind.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    sys.exit(exit_status(cli, args, program="keifu"))
