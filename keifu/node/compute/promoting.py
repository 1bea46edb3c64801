"""The promoted artefact as a model: found by its bytes, loaded beside the rounds, replaced at the next promotion.

A receipt names a promotion and a digest under it, and the wrong one costs coins. So a digest is written down under its
number before the first receipt names it, as an operator's heartbeats do.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from keifu.compute.client.checks import Prices
from keifu.compute.embedding import EmbeddingModel
from keifu.compute.integers import Classifier
from keifu.compute.model import Claimed, Model
from keifu.compute.own import Keep, OwnModel
from keifu.compute.tokens.model import TokenModel
from keifu.errors import InputError, KeifuError
from keifu.inference import Model as Integers
from keifu.inference.disputes.reach import out_of_reach
from keifu.inference.embeddings import keeping as embeddings
from keifu.inference.embeddings.rooting import program_root as root_of_embeddings
from keifu.inference.pictures import promised_root
from keifu.inference.tokens.keeping import is_token_model, load
from keifu.inference.tokens.program import Sizes
from keifu.inference.tokens.rooting import program_root
from keifu.node.compute.own_tokens import CHECK_SECONDS, served
from keifu.node.operator.artefacts import Artefacts
from keifu.node.operator.production import Promotion, Promotions
from keifu.node.sections import ComputeWork
from keifu.node.work import Body
from keifu.serving import collect_seldom

__all__ = ["Promoting"]

_Loaded = Classifier | OwnModel
AGAIN_SECONDS = 60.0  # until bytes that are not there are looked for again


class Promoting:
    """Of the thread of the rounds. `serve` gets a model that is to be answered with, or None for no more; `keep` the
    token ids of what can be disputed."""

    def __init__(
        self, body: Body, settings: ComputeWork, serve: Callable[[Model | None], None], keep: Keep | None = None
    ) -> None:
        self._settings, self._serve, self._keep, self._log = settings, serve, keep, body.log
        environment = bytes.fromhex(settings.environment)
        self._environment = environment
        self._promotions = Promotions(body.chain, environment, body.database)
        self._artefacts = Artefacts(settings.artefacts, settings.documents, body.folder.path)
        self._loader = ThreadPoolExecutor(1, thread_name_prefix="load")
        self._loading: Future[_Loaded | str] | None = None
        self._again_at = self._check_at = 0.0
        self._wanted: Promotion | None = None
        self._served: _Loaded | None = None
        self.trouble = "nothing is loaded yet"

    def step(self) -> None:
        """Look at what is promoted. Raises RpcError and CheckFailed as `Promotions` does."""
        found = self._promotions.current()
        if found is not None and (self._wanted is None or found.seq != self._wanted.seq):
            self._wanted, self._again_at = found, 0.0
        self.collect()
        if self._wanted is None:
            self.trouble = f"nothing was ever promoted to environment {self._settings.environment}"
        elif self._loading is None and self._is_due():
            self._again_at = time.monotonic() + AGAIN_SECONDS
            self._loading = self._loader.submit(self._load, self._wanted)

    def collect(self) -> None:
        """Serve what was loaded."""
        if self._loading is None or not self._loading.done():
            return
        done, self._loading = self._loading.result(), None
        if isinstance(done, str):
            self.trouble = done
            self._stop(done)
            return
        claimed = done.claimed
        if not self._promotions.may_sign(claimed.promotion_seq, claimed.digest):
            self.trouble = f"another digest was signed under number {claimed.promotion_seq} before"
            self._stop(self.trouble)
            return
        is_another = self.seq != claimed.promotion_seq
        self.trouble, self._served = "", done
        if is_another:
            collect_seldom()
        self._check_at = time.monotonic() + CHECK_SECONDS
        self._log.info("loaded", seq=claimed.promotion_seq, digest=claimed.digest.hex())
        self._serve(done)

    @property
    def seq(self) -> int:
        return self._served.claimed.promotion_seq if self._served else 0

    def close(self) -> None:
        self._loader.shutdown(cancel_futures=True)

    def _is_due(self) -> bool:
        """Whether bytes are to be read: of another promotion, or again after an hour."""
        now = time.monotonic()
        if self._served is not None and self._wanted is not None and self.seq == self._wanted.seq:
            return now >= self._check_at
        return now >= self._again_at

    def _load(self, promotion: Promotion) -> _Loaded | str:
        """The model, or why there is none."""
        path, why = self._artefacts.find(promotion.entry)
        if path is None:
            return f"promotion {promotion.seq} is not among the artefacts: {why}"
        running, own, record = self._served, self._settings, promotion.entry.record
        prices = Prices(own.request, own.million_in, own.million_out)
        claimed = Claimed(self._environment, promotion.seq, record.digest)
        try:
            if isinstance(running, OwnModel) and running.claimed == claimed:
                running.check()  # the bytes were hashed by `find`, and the model is too large to have twice
                return running
            if is_token_model(path):
                return self._tokens(path, promotion, prices, claimed)
            if embeddings.is_embedding_model(path):
                return self._vectors(path, promotion, prices, claimed)
            model = Integers.load(path)
        except KeifuError as error:
            return f"promotion {promotion.seq} is no model that answers: {error}"
        if model.digest != record.digest:
            return f"the bytes at {path} changed while they were read"
        # Of a node that promises nothing labels stay as cheap as they are: each proved one is kept by itself.
        is_proved = own.disputes.cap > 0 and record.program_root == promised_root(model.program) != bytes(32)
        return Classifier(own.name, prices, model, claimed=claimed, is_proved=is_proved, keep=self._keep)

    def _tokens(self, path: Path, promotion: Promotion, prices: Prices, claimed: Claimed) -> TokenModel:
        """A token model. Receipts say proved when the record has the root of the very program that is run, and when any
        wrong lane of it could be shown."""
        stored, root = load(path), promotion.entry.record.program_root
        _expect_root(root, lambda: program_root(stored.program))
        is_proved = self._is_within_reach(root, stored.program.sizes)
        return served(
            self._settings, self._settings.name, prices, stored, claimed, is_proved=is_proved, keep=self._keep
        )

    def _vectors(self, path: Path, promotion: Promotion, prices: Prices, claimed: Claimed) -> EmbeddingModel:
        """The same of an embedding model."""
        stored, root = embeddings.load(path), promotion.entry.record.program_root
        _expect_root(root, lambda: root_of_embeddings(stored.program))
        is_proved = self._is_within_reach(root, stored.program.sizes)
        return EmbeddingModel(self._settings.name, prices, stored, claimed, is_proved=is_proved, keep=self._keep)

    def _is_within_reach(self, root: bytes, sizes: Sizes) -> bool:
        """Whether a wrong lane of what was promoted could be shown, whichever it is."""
        if any(root) and (why := out_of_reach(sizes)):
            self._log.info("answers say unverified: not every wrong lane could be shown", why=why)
            return False
        return any(root)

    def _stop(self, why: str) -> None:
        if self._served is not None:
            self._log.error("not as promoted: nothing is answered by it", why=why)
            self._served = None
            self._serve(None)


def _expect_root(wanted: bytes, root_of: Callable[[], bytes]) -> None:
    """Raises InputError for another program than the record names, where it names one."""
    if any(wanted) and (root := root_of()) != wanted:
        raise InputError(f"its program's root is {root.hex()}, not the record's", remedy="promote what was built")
