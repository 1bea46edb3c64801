"""A client of the storage market: quotes, files that are stored and read, what is kept of them, and their repair.

address     a file's address: one line that names its deal and how its shards make it
ledger      what a client must not lose: keys in boxes, headers, deals, quotes
market      what the chain says, and calls of the contracts
offers      providers by price, latency and history, and which of them get a file's shards
quoting     the price of a deal, and how probable a loss is
storing     a file into storage, to its end, however often that is interrupted
fetching    a file, or a part of it, out of storage
keeping     deals: renewed, given away, ended; keys shared and shredded
repairing   samples, demands, and shards that are made again
"""
