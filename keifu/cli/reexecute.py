"""`keifu reexecute`: the verbs, each imported when it is called."""

from __future__ import annotations

from keifu.cli.verbs import LazyNoun

__all__ = ["VERBS", "cli"]

# verb: (place, one line for the list)
VERBS = {
    "lock": ("keifu.cli.reexecute_promise:lock", "Put coins behind promises, or a re-executor's slots."),
    "offer": ("keifu.cli.reexecute_promise:offer", "Offer a channel's payer that answers of a model are right."),
    "accept": ("keifu.cli.reexecute_promise:accept", "Take an offer, and pay its price."),
    "promise": ("keifu.cli.reexecute_promise:promise", "Show a promise and the pool that judges it."),
    "release": ("keifu.cli.reexecute_promise:release", "Free a promise as its client: you have nothing to claim."),
    "unlock": ("keifu.cli.reexecute_promise:unlock", "Take coins back that no promise needs."),
    "kept": ("keifu.cli.reexecute_demand:kept", "List kept answers that a panel can judge."),
    "open": ("keifu.cli.reexecute_demand:open_", "Have an answer computed again, and pay the panel."),
    "status": ("keifu.cli.reexecute_demand:status", "Show a demand: its panel, its words, and what is due."),
    "settle": ("keifu.cli.reexecute_demand:settle", "Do what anybody may do in a demand, and take what is yours."),
    "accuse": ("keifu.cli.reexecute_demand:accuse", "Bring what the panel found before the court."),
    "concede": ("keifu.cli.reexecute_demand:concede", "Admit, as the operator, what a case accuses you of."),
}

cli = LazyNoun(
    "reexecute",
    VERBS,
    help="Have answers of float models computed again by staked re-executors, and be paid back for wrong ones.",
    example="keifu reexecute status 1",
)
