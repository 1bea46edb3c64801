"""The index in a process of its own, following a live chain.

    python -m benchmarks._live URL TOKEN BLOCK DATABASE COUNT

Says `ready` when it follows, and `done` when so many transfers are in its tables, and supply and balances by the tables
are those of the chain.
"""

from __future__ import annotations

import sys

from ethwire.rpc import Rpc, heads_of
from keifu.chain.follower import Step
from keifu.chain.header import genesis_of
from keifu.chain.suite import TOKEN
from keifu.index.indexer import Indexer
from keifu.index.reconcile import reconcile
from keifu.index.store import Suite

__all__: list[str] = []

PAUSE_SECONDS = 0.25  # as `keifu index run` of a local chain


def main(url: str, token: str, block: int, place: str, count: int) -> None:
    with Rpc(url) as rpc:
        suite = Suite(rpc.chain_id(), genesis_of(rpc), {token: TOKEN}, {token: block})
        with Indexer(
            rpc, suite, place, heads=heads_of(url), longest_pause=PAUSE_SECONDS, on_notice=lambda notice: None
        ) as indexer:
            print("ready", flush=True)

            def is_done(step: Step) -> bool:
                [[known]] = indexer.database.query("SELECT count(*) FROM keifu_token_transfer")
                return step.caught_up and int(known) >= count

            indexer.run(is_done)
            if (report := reconcile(indexer.store, rpc)).differences:
                raise SystemExit(report.differences[0].message)
    print("done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
