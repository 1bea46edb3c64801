"""`keifu dispute`: the verbs, each imported when it is called."""

from __future__ import annotations

from keifu.cli.verbs import LazyNoun

__all__ = ["VERBS", "cli"]

# verb: (place, one line for the list)
VERBS = {
    "check": ("keifu.cli.dispute_play:check", "Compute kept replies again, and say which are wrong."),
    "open": ("keifu.cli.dispute_play:open_", "Dispute what is wrong, play to the end, and collect what was promised."),
    "list": ("keifu.cli.dispute_list:list_", "List disputes: whose turn it is, until when, and how they ended."),
    "hand": ("keifu.cli.dispute_watch:hand", "Let a watcher dispute a reply of yours."),
    "watch": ("keifu.cli.dispute_watch:watch", "Judge replies that clients hand you, and dispute what is wrong."),
    "lock": ("keifu.cli.dispute_list:lock", "Put coins behind your tokens."),
    "unlock": ("keifu.cli.dispute_list:unlock", "Take coins back that no promise needs."),
    "withdraw": ("keifu.cli.dispute_list:withdraw", "Withdraw restitutions, rewards and bonds."),
}

cli = LazyNoun(
    "dispute",
    VERBS,
    help="Show wrong answers of token models on the chain, and be paid what their provider promised.",
    example="keifu dispute open --integers ./integers --role client",
)
