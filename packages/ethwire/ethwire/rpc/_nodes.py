"""Several endpoints of one chain as one: the next one answers when one fails, and most must agree where money is."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import msgspec

from ethwire.errors import ChainMismatch, Contradiction, NoAnswer, NotServed, RateLimited, Revert, RpcError, UsageError
from ethwire.rpc._heads import WEB_SOCKETS
from ethwire.rpc._values import quantity
from ethwire.rpc.endpoint import ATTEMPTS, Calls, Rpc

__all__ = ["Nodes", "connect"]

FURTHEST_APART = 32  # blocks, between two endpoints whose newest state is compared

T = TypeVar("T")


class Nodes(Rpc):
    """Asks the endpoint that answered last, and the others in attempt when that one is silent, busy, or lacks what was
    asked for. What changes the chain goes to one endpoint and is not repeated at another.

    Raises ChainMismatch from `require_chain` when one of them serves another chain.
    """

    def __init__(
        self,
        *urls: str,
        timeout: float | None = None,
        attempts: int = ATTEMPTS,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(urls[0], timeout=timeout, attempts=attempts, sleep=sleep)
        self._wires = None  # whoever reads ahead asks one endpoint
        # One try each before the next is asked: the others are the back-off.
        self._nodes = tuple(Rpc(url, timeout=timeout, attempts=1, sleep=sleep) for url in urls)
        self._current = 0

    @classmethod
    def of(cls, endpoints: Sequence[Rpc]) -> Nodes:
        """Endpoints that are there already, each with its own settings."""
        nodes = cls(*(endpoint.url for endpoint in endpoints), sleep=endpoints[0]._sleep)
        for node in nodes._nodes:
            node.close()
        nodes._nodes = tuple(endpoints)
        return nodes

    @property
    def endpoints(self) -> tuple[Rpc, ...]:
        return self._nodes

    def prefer(self, endpoint: Rpc) -> None:
        """Ask this one first from now on."""
        self._current = self._nodes.index(endpoint)
        self.url = endpoint.url

    def agreed(self, method: str, *params: Any) -> Any:
        """What more than half of all endpoints say. `latest` is read as the newest block that more than half have.
        Raises Contradiction, which names who says what, and NoAnswer when too few answer."""
        if "latest" in params:
            newest = hex(self._newest())
            params = tuple(newest if item == "latest" else item for item in params)
        return self._majority(method, params)

    def agreed_many(self, calls: Calls, of: Callable[[Any], Any]) -> list[Any]:
        """A Contradiction stands in the place of what more than half do not tell alike; it may only be that some are
        behind. Raises NoAnswer when too few answer at all."""
        if not calls:
            return []
        said = self._each(calls)
        answered = sum(not isinstance(answers[0], RpcError) for answers in said)
        if answered <= len(self._nodes) // 2:
            raise self._too_few(calls[0][0], answered)
        return [self._most(method, answers, of) for (method, _), *answers in zip(calls, *said, strict=True)]

    def estimated_many(self, calls: Calls) -> list[Any]:
        """Of each amount the middle one of what they say, of two the larger. Where one names an amount and another
        refuses, what more than half say; a Contradiction stands in its place when they do neither."""
        if not calls:
            return []
        said = self._each(calls)
        return [self._middle(method, answers) for (method, _), *answers in zip(calls, *said, strict=True)]

    def _each(self, calls: Calls) -> list[list[Any]]:
        """What each endpoint answers, its fault in every place when that is nothing."""
        said: list[list[Any]] = []
        for node in self._nodes:
            try:
                said.append(node.batch(calls))
            except RpcError as error:
                said.append([error] * len(calls))
        return said

    def require_chain(self, chain_id: int) -> None:
        silent: list[NoAnswer] = []
        for node in self._nodes:
            try:
                node.require_chain(chain_id)
            except NoAnswer as error:
                silent.append(error)
        if len(silent) == len(self._nodes):
            raise silent[0]

    def close(self) -> None:
        super().close()
        for node in self._nodes:
            node.close()

    def _ask_all(self, method: str) -> dict[str, int]:
        found: dict[str, int] = {}
        for node in self._nodes:
            try:
                found[node.url] = node.quantity(method)
            except RpcError:
                continue
        if len(found) <= len(self._nodes) // 2:
            raise self._too_few(method, len(found))
        return found

    def _newest(self) -> int:
        """The newest block that more than half have. Of two endpoints, one that is far behind is told: what both have
        would be old."""
        heads = sorted(self._ask_all("eth_blockNumber").values(), reverse=True)
        shared = heads[len(self._nodes) // 2]
        apart = heads[(len(self._nodes) - 1) // 2] - shared
        if apart > FURTHEST_APART:
            raise NoAnswer(
                f"the endpoints are {apart:,} blocks apart, too far for a fact about the newest state",
                remedy="wait for the one that is behind, or name a third endpoint",
            )
        return shared

    def _most(self, method: str, answers: Sequence[Any], of: Callable[[Any], Any]) -> Any:
        alike: dict[bytes, list[Any]] = {}
        for answer in answers:
            if not isinstance(answer, RpcError):
                alike.setdefault(_canonical(answer if isinstance(answer, Revert) else of(answer)), []).append(answer)
        most = max(alike.values(), key=len, default=[])
        if len(most) > len(self._nodes) // 2:
            return most[0]
        said = dict(zip((node.url for node in self._nodes), answers, strict=False))
        return self._disagreement(method, said, "one is behind, or wrong")

    def _middle(self, method: str, answers: Sequence[Any]) -> Any:
        half = len(self._nodes) // 2
        amounts = sorted((answer for answer in answers if _is_amount(answer)), key=lambda answer: int(answer, 16))
        refusals = [answer for answer in answers if isinstance(answer, Revert) or _is_refusal(answer)]
        for wanted, place in ((amounts, len(amounts) // 2), (refusals, 0)):
            if len(wanted) > half:
                return wanted[place]
        said = dict(zip((node.url for node in self._nodes), answers, strict=False))
        return self._disagreement(method, said, "one is behind, or wrong")

    def _disagreement(self, method: str, said: Mapping[str, Any], remedy: str) -> Contradiction:
        reported = "; ".join(f"{url} says {_shown(answer)}" for url, answer in said.items())
        return Contradiction(f"the endpoints disagree about {method}: {reported}", remedy=remedy)

    def _majority(self, method: str, params: tuple[Any, ...]) -> Any:
        answers: dict[str, Any] = {}
        for node in self._nodes:
            try:
                answers[node.url] = node.call(method, *params)
            except Revert as error:
                answers[node.url] = error
            except RpcError:
                continue
        if len(answers) <= len(self._nodes) // 2:
            raise self._too_few(method, len(answers))
        votes = Counter(_canonical(answer) for answer in answers.values())
        winner, count = votes.most_common(1)[0]
        if count <= len(self._nodes) // 2:
            raise self._disagreement(method, answers, "find out which one is wrong")
        result = next(answer for answer in answers.values() if _canonical(answer) == winner)
        if isinstance(result, Revert):
            raise result
        return result

    def _too_few(self, method: str, count: int) -> NoAnswer:
        return NoAnswer(
            f"{count} of {len(self._nodes)} endpoints answered {method}, and more than half are needed",
            remedy="look at the others, or name one more",
        )

    def _exchange(self, content: bytes, read: Callable[[bytes, str], T], *, retry: bool, what: str) -> T:
        if not retry:
            return self._nodes[self._current]._exchange(content, read, retry=False, what=what)
        first = self._current
        for attempt in range(self._attempts * len(self._nodes)):
            number = (first + attempt) % len(self._nodes)
            node = self._nodes[number]
            last = attempt == self._attempts * len(self._nodes) - 1
            try:
                found = node._exchange(content, read, retry=True, what=what)
            except (NoAnswer, RateLimited):
                if last:
                    raise
                if number == first and attempt:
                    self._sleep(2.0 ** (attempt // len(self._nodes)))
            except NotServed:
                if attempt >= len(self._nodes) - 1:
                    raise
            else:
                self.prefer(node)
                return found
        raise AssertionError("unreachable")


def _is_amount(answer: Any) -> bool:
    try:
        quantity(answer, "")
    except RpcError:
        return False
    return True


def _is_refusal(answer: Any) -> bool:
    """An answer of the node, not the want of one."""
    return isinstance(answer, RpcError) and not isinstance(answer, (NoAnswer, RateLimited, NotServed))


def _shown(answer: Any) -> str:
    return str(answer) if isinstance(answer, RpcError) else _canonical(answer)[:80].decode(errors="replace")


def _canonical(answer: Any) -> bytes:
    return b"reverted: " + answer.data if isinstance(answer, Revert) else msgspec.json.encode(answer, order="sorted")


def connect(
    urls: str,
    *,
    timeout: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> Rpc:
    """The endpoint at a URL, or several at URLs separated by commas. Raises UsageError when there is none, and
    ChainMismatch when they serve different chains."""
    named = dict.fromkeys(url.strip() for url in urls.split(","))  # one that is named twice has one voice
    wanted = [url for url in named if url and not url.startswith(WEB_SOCKETS)]
    if not wanted:
        raise UsageError(f"{urls!r} holds no address of a node", remedy="like https://rpc.example")
    if len(wanted) == 1:
        return Rpc(wanted[0], timeout=timeout, sleep=sleep)
    nodes = Nodes(*wanted, timeout=timeout, sleep=sleep)
    chains = nodes._ask_all("eth_chainId")
    if len(set(chains.values())) > 1:
        nodes.close()
        said = ", ".join(f"{url} {number}" for url, number in chains.items())
        raise ChainMismatch(f"the endpoints serve different chains: {said}", remedy="name endpoints of one chain")
    return nodes
