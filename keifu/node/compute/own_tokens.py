"""Models of integers that a node runs itself: from a folder of them, or from a GGUF file whose integers it keeps."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from keifu.compute.client.checks import Prices
from keifu.compute.embedding import EmbeddingModel
from keifu.compute.model import Claimed
from keifu.compute.own import Keep, OwnModel
from keifu.compute.tokens.model import TokenModel
from keifu.errors import InputError
from keifu.inference.embeddings import keeping as embeddings
from keifu.inference.tokens.building import build
from keifu.inference.tokens.keeping import Stored, is_token_model, load
from keifu.node.sections import ComputeWork, OwnFolder

__all__ = ["CHECK_SECONDS", "Checking", "model_of", "own_tokens", "own_vectors", "served"]

CHECK_SECONDS = 3_600.0
KEPT = "integers"  # a folder of the node's


class Checking:
    """Compares models with other integers every hour, beside the rounds. One that differs answers nothing then."""

    def __init__(self, models: Sequence[OwnModel], timer: Callable[[], float] = time.monotonic) -> None:
        self._models, self._timer, self._due = models, timer, timer() + CHECK_SECONDS
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="check")

    def step(self) -> list[Future[None]]:
        """The checks that began."""
        if self._timer() < self._due:
            return []
        self._due = self._timer() + CHECK_SECONDS
        return [self._thread.submit(model.check) for model in self._models]

    def close(self) -> None:
        self._thread.shutdown(cancel_futures=True)


def own_tokens(settings: ComputeWork, base: Path) -> list[TokenModel]:
    """Those that the settings name. Raises InputError naming what is not as it should be, CheckFailed where this
    machine computes wrongly."""
    return [
        served(settings, name, _prices(item), model_of(base / item.path, base / KEPT))
        for name, item in settings.tokens.items()
    ]


def own_vectors(settings: ComputeWork, base: Path) -> list[EmbeddingModel]:
    """The same of models that make vectors of texts."""
    return [
        EmbeddingModel(name, _prices(item), _stored_vectors(base / item.path))
        for name, item in settings.embeddings.items()
    ]


def served(
    settings: ComputeWork, name: str, prices: Prices, stored: Stored, claimed: Claimed | None = None,
    *, is_proved: bool = False, keep: Keep | None = None,
) -> TokenModel:  # fmt: skip
    return TokenModel(
        name, prices, stored, claimed, context=settings.context, users=settings.users, is_proved=is_proved, keep=keep
    )  # fmt: skip


def _prices(item: OwnFolder) -> Prices:
    return Prices(item.request, item.million_in, item.million_out)


def _stored_vectors(path: Path) -> embeddings.Stored:
    if not embeddings.is_embedding_model(path):
        raise InputError(f"{path} is no embedding model", remedy="keifu model build writes a folder of one")
    return embeddings.load(path)


def model_of(path: Path, kept: Path) -> Stored:
    """A GGUF file becomes integers once: they are kept under its digest, and what does not load is made anew."""
    if path.is_dir() and is_token_model(path):
        return load(path)
    if not path.is_file():
        raise InputError(f"{path} is no token model", remedy="keifu model build writes a folder of one")
    with path.open("rb") as file:
        folder = kept / hashlib.file_digest(file, "sha256").hexdigest()[:32]
    if folder.exists():
        try:
            return load(folder)
        except InputError:
            shutil.rmtree(folder)
    return build(path, folder)
