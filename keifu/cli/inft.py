"""`keifu inft`: the verbs, each imported when it is called."""

from __future__ import annotations

from keifu.cli.verbs import LazyNoun

__all__ = ["VERBS", "cli"]

# verb: (place, one line for the list)
VERBS = {
    "mint": ("keifu.cli.inft_make:mint", "Make a token of files, encrypted for you."),
    "list": ("keifu.cli.inft_make:tokens", "List every token and its owner."),
    "show": ("keifu.cli.inft_make:show", "Show a token: owner, data, terms, users, leases, account."),
    "key": ("keifu.cli.inft_make:make_key", "Make a key for one transfer, and print its public part."),
    "prepare": ("keifu.cli.inft_move:prepare", "Encrypt a token's data anew for a receiver."),
    "request": ("keifu.cli.inft_ask:request", "Have attestors encrypt a token's data anew, and sign it."),
    "attest": ("keifu.cli.inft_move:attest", "Check a transfer as an attestor, and sign it."),
    "accept": ("keifu.cli.inft_move:accept", "Agree to a transfer as its receiver."),
    "transfer": ("keifu.cli.inft_move:transfer", "Move a token with its data."),
    "clone": ("keifu.cli.inft_move:clone", "Make a token of the same data for somebody else."),
    "update": ("keifu.cli.inft_move:update", "Put new private data in the place of the old."),
    "receive": ("keifu.cli.inft_move:receive", "Open the data of a transfer with your key."),
    "burn": ("keifu.cli.inft_use:burn", "End a token for ever, unless it is leased."),
    "assistant": ("keifu.cli.inft_use:assistant", "Let somebody agree to transfers in your place."),
    "complain": ("keifu.cli.inft_move:complain", "Prove on chain that a sealed key was wrong."),
    "authorize": ("keifu.cli.inft_use:authorize", "Let somebody use a token's data until it is sold."),
    "revoke": ("keifu.cli.inft_use:revoke", "End a free authorisation."),
    "offer-lease": ("keifu.cli.inft_use:offer", "Let anybody lease a token's data on terms that you fix."),
    "lease": ("keifu.cli.inft_use:lease", "Pay for a lease on the terms that are offered."),
    "use": ("keifu.cli.inft_use:use", "Count uses of your lease."),
    "attestors": ("keifu.cli.inft_use:attestors", "List who may sign transfers of private data."),
    "name-attestor": ("keifu.cli.inft_use:name_attestor", "Name an attestor through the timelock."),
    "join": ("keifu.cli.inft_use:join", "Let your locked coins count as an attestor's."),
    "order": ("keifu.cli.inft_market:order", "Offer a token for sale, signed by you."),
    "agree": ("keifu.cli.inft_market:agree", "Sign an order as its buyer, and approve its price."),
    "settle": ("keifu.cli.inft_market:settle", "Settle an order: token, data and price change hands."),
    "cancel": ("keifu.cli.inft_market:cancel", "Take back your side of an order."),
    "sales": ("keifu.cli.inft_market:sales", "List every sale and where its price is."),
    "release": ("keifu.cli.inft_market:release", "End a sale whose price is held."),
    "withdraw": ("keifu.cli.inft_market:withdraw", "Withdraw what market and verifier have credited to you."),
}

cli = LazyNoun(
    "inft",
    VERBS,
    help="Make, use, move and sell tokens of agents, whose private data moves with them.",
    example="keifu inft list",
)
