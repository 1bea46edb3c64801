"""The front door of the SDK: one connection, whose methods return (`connect`) or are awaited (`connect_async`)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from keifu.chain import ChainClient
from keifu.keys import Account
from keifu.sdk.acting import Agents
from keifu.sdk.areas import Datasets, Environments, Grants, Models, Staking, Verdict, verify_running
from keifu.sdk.chatting import Reply, chat
from keifu.sdk.covering import Covers
from keifu.sdk.doubting import Doubts
from keifu.sdk.embedding import Vectors, embed
from keifu.sdk.link import Link, Settings
from keifu.sdk.paying import Asked, Channels, Inferred, infer
from keifu.sdk.storing import Storage
from keifu.sdk.verbs import Area, Later, Now, verb

__all__ = ["AsyncKeifu", "Keifu", "connect", "connect_async"]

M = TypeVar("M", bound=Now | Later)
MAX_AGE = 600  # seconds, of a heartbeat


class _Connection(Area[M], Generic[M]):
    """What both have."""

    def __init__(self, mode: M) -> None:
        super().__init__(mode)
        self.datasets = Datasets(mode)
        self.models = Models(mode)
        self.environments = Environments(mode)
        self.staking = Staking(mode)
        self.grants = Grants(mode)
        self.channels = Channels(mode)
        self.storage = Storage(mode)
        self.covers = Covers(mode)
        self.doubts = Doubts(mode)
        self.agent = Agents(mode)

    @verb
    def infer(
        self,
        model: str,
        request: str | Mapping[str, Any],
        *,
        provider: str,
        operator: str,
        most: int,
        environment: str = "",
        endpoint: str = "chat/completions",
        deposit: int = 0,
        trust: str | Path | None = None,
        tees: Collection[str] = (),
        ahead: int | None = None,
        together: bool = False,
    ) -> Inferred:
        """Ask a model at the address `provider`, pay at most `most` by a voucher, and compare the answer with the
        receipt of `operator`, and with the registry where an environment (its id) has to answer. A text is a question;
        a mapping is a whole request for the endpoint. `deposit` opens a channel where there is none. With a `trust`
        file that pins a market, no chain is asked. `tees` are addresses of keys that you take for those of trusted
        execution environments. With `ahead` a voucher names so many requests where the provider takes it: what it names
        beyond the answers that came can be lost. Without it that is one request, and over https or on one
        machine as many as cost a 32nd of what the provider has answered, 1,024 at most. Several texts or pictures are
        asked one by one where each is proved then, for `most` and the fee of a request each, unless `together`. Raises
        ReplyRefused naming what differs."""
        return infer(
            self._link, model, request, provider=provider, operator=operator, most=most, environment=environment,
            endpoint=endpoint, deposit=deposit, trust=trust, tees=tees, ahead=ahead, together=together,
        )  # fmt: skip

    @verb
    def chat(
        self,
        /,
        model: str,
        messages: str | Sequence[Mapping[str, str]],
        *,
        provider: str,
        operator: str,
        most: int,
        on_text: Callable[[str], object] | None = None,
        integers: str | Path | None = None,
        environment: str = "",
        deposit: int = 0,
        trust: str | Path | None = None,
        **options: Any,
    ) -> Reply:
        """Chat with a model, streamed: `on_text` gets each part as it comes. The whole reply is compared with its
        receipt as `infer` does it. With `integers`, a folder of `keifu model build`, it is computed again: words, every
        token and the trace. `options` go into the request (max_tokens, stop, temperature, seed). Raises ReplyRefused
        naming what differs; what `on_text` got is not to be used then."""
        to = Asked(provider, operator, most, environment, deposit, trust)
        return chat(self._link, model, messages, to, on_text, integers, options)

    @verb
    def embed(
        self,
        /,
        model: str,
        texts: str | Sequence[str],
        *,
        provider: str,
        operator: str,
        most: int,
        integers: str | Path | None = None,
        environment: str = "",
        deposit: int = 0,
        trust: str | Path | None = None,
        together: bool = False,
    ) -> Vectors:
        """The vector of a text, or of each of several. The answer is compared with its receipt as `infer` does it: the
        tokens, the integers behind each vector, and the numbers made of them. Several texts are asked one by one where
        each vector is proved then, for `most` and the fee of a request each, unless `together`. With `integers`, a
        folder of `keifu model build`, all of it is computed again. Raises ReplyRefused naming what differs."""
        to = Asked(provider, operator, most, environment, deposit, trust)
        return embed(self._link, model, texts, to, integers, together=together)

    @verb
    def verify_running(
        self,
        environment: str,
        *,
        owner: str = "",
        path: str | Path | None = None,
        nodes: Sequence[str] = (),
        max_age: int = MAX_AGE,
    ) -> Verdict:
        """Whether an environment runs what was promoted there: the promotion as proved, the files at `path`, and what
        the operators at the addresses `nodes` have signed in the last `max_age` seconds."""
        return verify_running(self._link, environment, owner=owner, path=path, nodes=nodes, max_age=max_age)

    @property
    def chain(self) -> ChainClient:
        """The chain below, for whoever needs it: contracts, transactions, blocks."""
        return self._link.client

    @property
    def account(self) -> Account:
        """Who signs."""
        return self._link.account


class Keifu(_Connection[Now]):
    """A connection whose methods return when they are done. A context manager."""

    def close(self) -> None:
        self._mode.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.close()


class AsyncKeifu(_Connection[Later]):
    """A connection whose methods are awaited. An asynchronous context manager."""

    async def aclose(self) -> None:
        await self._mode.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        await self.aclose()


def connect(
    rpc: str = "",
    *,
    deployments: str | Path | None = None,
    role: str = "",
    key_file: str | Path | None = None,
    password: str = "",
) -> Keifu:
    """A connection to the chain at `rpc`, signing with a key file, or with a role on a local chain.

    What is left out comes from the variables that the commands read: KEIFU_RPC, KEIFU_DEPLOYMENTS, KEIFU_ROLE,
    KEIFU_KEY_FILE with KEIFU_PASSWORD_FILE or KEIFU_PASSWORD. Nothing is contacted before the first call.
    """
    return Keifu(Now(_link(rpc, deployments, role, key_file, password)))


def connect_async(
    rpc: str = "",
    *,
    deployments: str | Path | None = None,
    role: str = "",
    key_file: str | Path | None = None,
    password: str = "",
) -> AsyncKeifu:
    """As `connect`, for programs that run an event loop."""
    return AsyncKeifu(Later(_link(rpc, deployments, role, key_file, password)))


def _link(rpc: str, deployments: str | Path | None, role: str, key_file: str | Path | None, password: str) -> Link:
    return Link(
        Settings(rpc, Path(deployments) if deployments else None, role, Path(key_file) if key_file else None, password)
    )
