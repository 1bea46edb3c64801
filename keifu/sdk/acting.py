"""What the SDK offers of agents: made, paid, brought to life, leased, sold and cloned, and what their keys do.

Amounts are coins, as decimal numbers. `place` is an agent's folder: its data and its keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from keifu.accounts import Call, Limit, Target
from keifu.agent import deploying, making, spending, trading
from keifu.agent.allowing import Allowance, encoded
from keifu.agent.plan import Plan
from keifu.agent.scene import Scene
from keifu.agent.standing import Standing, standing
from keifu.chain.suite import TOKEN
from keifu.compute.client.store import usual_folder as channels_folder
from keifu.inft.requesting import Owner, Wanted, chosen_store
from keifu.sdk.amounts import Amount, wei_of
from keifu.sdk.link import Link
from keifu.sdk.verbs import Area, Later, Now, verb
from keifu.storage.client.ledger import usual_folder
from keifu.units import DAY

__all__ = ["Agents", "Made"]

M = TypeVar("M", bound=Now | Later)
Code = tuple[int, int]
CODE: Code = (10, 4)


@dataclass(frozen=True)
class Made:
    """An agent: its token, the token's account, and the address of the key that acts for it."""

    token: str
    account: str
    session: str


class Agents(Area[M]):
    """Agents of the account's own."""

    @verb
    def create(
        self, place: str | Path, files: Sequence[str | Path] = (), kinds: Sequence[str] = (), *, royalty_bps: int = 0,
        clones: int = 0, generations: int = 0,
    ) -> Made:  # fmt: skip
        """Encrypt files into a new folder, mint their token, make its account. Safe to call again."""
        breed = making.Breed(royalty_bps, clones, generations)
        return _made(making.create(_scene(self._link), Path(place), [Path(item) for item in files], kinds, breed))

    @verb
    def take(self, bought: str | Path, place: str | Path) -> Made:
        """Take over an agent that was bought, or cloned for the account."""
        return _made(making.take(_scene(self._link), Path(bought), Path(place)))

    @verb
    def fund(self, place: str | Path, amount: Amount = 0, ether: Amount = 0) -> None:
        """Coins into the agent's account, ether for its key."""
        scene = _scene(self._link)
        making.fund(scene, making.read_plan(scene, Path(place)), wei_of(amount), wei_of(ether))

    @verb
    def deploy(
        self, place: str | Path, *, uri: str = "", a_day: Amount = 1, seconds: int = 30 * DAY, uses: int = 1_000,
        targets: Sequence[Target] = (), limits: Sequence[Limit] = (), store: str | Path | None = None,
        most: Amount | None = None, code: Code = CODE,
    ) -> deploying.Deployed:  # fmt: skip
        """Store the data where `store` or `most` says how, register the identity, let the key act. Safe to call
        again."""
        scene = _scene(self._link)
        kept = None if store is None and most is None else _asking(scene, (), store, most, code).store
        allowance = Allowance(seconds, uses, wei_of(a_day), targets, limits)
        return deploying.deploy(scene, Path(place), making.read_plan(scene, Path(place)), allowance, uri, kept)

    @verb
    def status(self, place: str | Path) -> Standing:
        """How an agent stands. Amounts in it are wei."""
        return standing(_scene(self._link), Plan.read(Path(place)))

    @verb
    def lease(self, place: str | Path, price: Amount, *, seconds: int, uses: int, opened: int = 90 * DAY) -> None:
        """Let anybody lease the agent's data on these terms."""
        trading.lease(_scene(self._link), Path(place), wei_of(price), seconds, uses, opened)

    @verb
    def sell(
        self, place: str | Path, buyer: str, public_key: bytes, price: Amount, out: str | Path, *,
        backing: Amount = 0, seconds: int = DAY, attestors: Sequence[str] = (), store: str | Path | None = None,
        most: Amount | None = None, code: Code = CODE, with_account: bool = False,
    ) -> trading.Traded:  # fmt: skip
        """Sell the agent with its data; call it again when the buyer has agreed to what is in `out`."""
        scene, wanted = _scene(self._link), Wanted(buyer.lower(), public_key, wei_of(backing), seconds)
        asking = _asking(scene, attestors, store, most, code)
        where = Path(place), wanted, wei_of(price), asking, Path(out)
        return trading.sell(scene, *where, with_account=with_account)

    @verb
    def clone(
        self, place: str | Path, buyer: str, public_key: bytes, out: str | Path, *, backing: Amount = 0,
        seconds: int = DAY, attestors: Sequence[str] = (), store: str | Path | None = None,
        most: Amount | None = None, code: Code = CODE,
    ) -> trading.Traded:  # fmt: skip
        """Have a clone made for somebody; call it again when it has agreed to what is in `out`."""
        scene = _scene(self._link)
        wanted = Wanted(buyer.lower(), public_key, wei_of(backing), seconds, is_clone=True)
        return trading.clone(scene, Path(place), wanted, _asking(scene, attestors, store, most, code), Path(out))

    @verb
    def pay(self, place: str | Path, to: str, amount: Amount) -> str:
        """Pay from the agent's account by its key; the transaction. Raises BeyondGrant naming the bound, before
        anything is sent."""
        link = self._link
        call = encoded(link.client, link.suite[TOKEN], TOKEN, "transfer", to, wei_of(amount))
        return _acting(link, place).send(call)

    @verb
    def act(self, place: str | Path, call: Call) -> str:
        """Make any call that the key's session names; the transaction. Raises BeyondGrant."""
        return _acting(self._link, place).send(call)


def _scene(link: Link) -> Scene:
    params = link.record.params
    return Scene(
        link.client, link.suite, link.deployer, link.account.sign, link.record.first_block, usual_folder(),
        channels_folder(), params.account_registry if params else "",
    )  # fmt: skip


def _made(plan: Plan) -> Made:
    return Made(plan.token, plan.account, plan.session)


def _acting(link: Link, place: str | Path) -> spending.Spender:
    return spending.spender_of(link.client, Plan.read(Path(place)), Path(place))


def _asking(
    scene: Scene, attestors: Sequence[str], store: str | Path | None, most: Amount | None, code: Code
) -> trading.Asking:
    owner = Owner(scene.client, scene.suite, scene.chain.sender, scene.sign, scene.first_block)
    folder, bound = None if store is None else Path(store), None if most is None else wei_of(most)
    return trading.Asking(attestors, chosen_store(owner, scene.chain, folder, scene.storage, code, bound))
