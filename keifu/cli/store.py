"""`keifu store`: the verbs, each imported when it is called."""

from __future__ import annotations

from keifu.cli.verbs import LazyNoun

__all__ = ["VERBS", "cli"]

# verb: (place, one line for the list)
VERBS = {
    "quote": ("keifu.cli.store_put:quote", "Say what storing a file or folder costs, and how safe it is."),
    "put": ("keifu.cli.store_put:put", "Store a file or folder, and pay for it once."),
    "get": ("keifu.cli.store_get:get", "Read a file, a folder, or a part of one."),
    "ls": ("keifu.cli.store_get:ls", "List what was stored from here, or the files of a stored folder."),
    "status": ("keifu.cli.store_get:status", "Show where each shard of a file is, and until when."),
    "verify": ("keifu.cli.store_get:verify", "Ask providers for drawn leaves of a file, and compare a copy with it."),
    "providers": ("keifu.cli.store_get:providers", "List who offers storage, for how much, and how its past was."),
    "gateway": ("keifu.cli.store_serve:gateway", "Serve public files over plain HTTP, read only."),
    "renew": ("keifu.cli.store_keep:renew", "Pay for a file for longer."),
    "key": ("keifu.cli.store_keep:key", "Print your public key, for whoever shares a file with you."),
    "share": ("keifu.cli.store_keep:share", "Give somebody the keys of a file, to read it or to repair it."),
    "repair": ("keifu.cli.store_keep:repair", "Make shards again that nobody stores."),
    "watch": ("keifu.cli.store_serve:watch", "Sample stored files again and again, demand what is not shown, repair."),
    "close": ("keifu.cli.store_keep:close", "End a file's deal early."),
    "refund": ("keifu.cli.store_keep:refund", "Take back what was paid and not proven of a file that is over."),
    "endow": ("keifu.cli.store_endow:endow", "Give coins that pay for a file for years, term after term."),
    "endowed": ("keifu.cli.store_endow:endowed", "Show how an endowment stands, and how long its coins last."),
    "extend": ("keifu.cli.store_endow:extend", "Open the next term of an endowment, for its reward."),
    "top-up": ("keifu.cli.store_endow:top_up", "Give an endowment more coins."),
    "wind-up": ("keifu.cli.store_endow:wind_up", "Give an endowment's heir what is left, when nobody goes on."),
    "erase": ("keifu.cli.store_keep:erase", "End a file's deal, shred its keys, and collect the words of deletion."),
}

cli = LazyNoun(
    "store",
    VERBS,
    help="Store files with many providers, read them, renew, share, repair and erase them.",
    example='keifu store put data --for "30 days" --max-price 2 --role client',
)
