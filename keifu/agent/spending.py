"""What an agent's key does through its account. The contract holds the limits of the session; what it would refuse is
found before anything is sent, and said by the bound that it would break.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from keifu.abi import Contract
from keifu.accounts import APPROVABLE, PAYMENT, Call, SessionStatus, selector
from keifu.accounts import actions as accounts
from keifu.accounts.session import COIN_OF_THE_CHAIN
from keifu.agent.faults import ChoreFault
from keifu.agent.plan import Plan, session_key
from keifu.chain import ChainClient, RpcDeployer
from keifu.chain.suite import ACCOUNT
from keifu.errors import Revert, RpcError
from keifu.keys import Account
from keifu.units import coins, day

__all__ = ["UNSURE", "BeyondGrant", "Spender", "spender_of"]

UNSURE = "not_known"  # whether a call was made

WORD = 32
SELECTOR_BYTES = 4
APPROVING = {selector("approve(address,uint256)"), selector("increaseAllowance(address,uint256)")}
# Functions whose second argument is the amount that goes, or may go.
NAMING = APPROVING | {
    selector(name)
    for name in (
        "transfer(address,uint256)", "transferAndCall(address,uint256)", "transferAndCall(address,uint256,bytes)",
    )
}  # fmt: skip
PASSING_ON = selector("transferFrom(address,address,uint256)")  # the third, of whom the first names
GAS_ROOM = 1.5  # times the estimate at the price of now
# What the contract says of a bound that shows itself in the call alone, or has changed since it was looked at.
LATE = {
    "account: no session": ("no_session", "its owner grants one: keifu account grant"),
    "account: session has not begun": ("too_early", "wait until it begins"),
    "account: call not granted": ("not_granted", "its owner decides what the key may call: keifu account grant"),
    "account: spender not granted": ("spender_not_granted", "its owner decides who may be approved"),
    "account: over the limit": ("over_limit", "ask for less, or wait for the next period"),
    "account: session is over": ("session_over", "its owner grants another one: keifu account grant"),
    "account: session used up": ("used_up", "its owner grants another one: keifu account grant"),
    "account: token has a new owner": ("sold", "the agent was sold: its new owner grants"),
    "account: coin without a limit": ("over_limit", "its owner grants a limit of the coin"),
}


class BeyondGrant(ChoreFault):
    """A call that the session does not allow. Nothing was sent."""


@dataclass(frozen=True)
class Spender:
    """One key of one account. `most` is a bound of this program's own for one call, wei of any token; 0 for none."""

    client: ChainClient
    key: Account
    address: str
    most: int = 0

    @property
    def account(self) -> Contract:
        return self.client.at(self.address, ACCOUNT)

    def session(self) -> SessionStatus:
        """Raises BeyondGrant when the key has none that counts now."""
        key, account = self.key.address, self.account
        if not self.client.code(self.address):
            raise BeyondGrant("no_account", f"{self.address} is not made yet", "its owner makes it: keifu agent create")
        found, now = accounts.read_session(account, key), self.client.now
        if not found.valid_until:
            raise BeyondGrant("no_session", f"{key} has no session of {self.address}", "its owner grants one")
        if found.valid_until <= now:
            raise BeyondGrant("session_over", f"the session ended on {day(found.valid_until)}", "its owner grants one")
        if not found.alive and found.valid_after <= now and found.uses:
            raise BeyondGrant("sold", "the session ended with the sale of the agent", "its new owner grants one")
        if found.valid_after > now:
            raise BeyondGrant("too_early", f"the session begins on {day(found.valid_after)}", "wait until then")
        if not found.uses:
            raise BeyondGrant("used_up", "the session has no call left", "its owner grants another one")
        return found

    def uses_left(self) -> int:
        return accounts.read_session(self.account, self.key.address).uses

    def require_granted(self, call: Call) -> None:
        """Raises BeyondGrant naming the bound that the call would break."""
        self.session()
        function = call.data[:SELECTOR_BYTES] or PAYMENT
        if 0 < len(call.data) < SELECTOR_BYTES or function == APPROVABLE:
            raise BeyondGrant("not_granted", "this is no call of a function", "name a function and its arguments")
        if not self.account.allows(self.key.address, call.to, function):
            raise BeyondGrant(
                "not_granted", f"the session does not name function 0x{function.hex()} of {call.to}",
                "its owner decides what the key may call: keifu account grant",
            )  # fmt: skip
        self.require_below(COIN_OF_THE_CHAIN, call.value, "ether")
        if function in NAMING and len(call.data) >= SELECTOR_BYTES + 2 * WORD:
            self._require_named(call, function)
        if function == PASSING_ON and len(call.data) >= SELECTOR_BYTES + 3 * WORD:
            words = call.data[SELECTOR_BYTES:]
            if _address(words) == self.address.lower():
                self.require_below(call.to, int.from_bytes(words[2 * WORD : 3 * WORD]), f"of {call.to}")

    def try_out(self, call: Call) -> None:
        """What the chain would say, without sending. Raises BeyondGrant, and Revert with the target's own reason."""
        self.require_granted(call)
        try:
            self._chain.simulate(self.address, ACCOUNT, "execute_session", *call.args)
        except Revert as refusal:
            raise self._read(refusal) from refusal

    def send(self, call: Call) -> str:
        """Make the call; the transaction. Raises BeyondGrant before it is sent, Revert, and ChoreFault when nobody says
        whether it was made."""
        self.try_out(call)
        self._require_gas(call)
        try:
            return self._chain.transact(self.address, ACCOUNT, "execute_session", *call.args).tx_hash
        except Revert as refusal:
            raise self._read(refusal) from refusal
        except RpcError as error:  # no answer, or no block: what was signed may be on its way
            raise ChoreFault(
                UNSURE,
                f"whether the call was made is not known: {error}",
                "do not ask again before the account's session and balance have been looked at: it may be made yet",
            ) from error

    @property
    def _chain(self) -> RpcDeployer:
        return RpcDeployer(self.client, self.key)

    def _require_named(self, call: Call, function: bytes) -> None:
        words = call.data[SELECTOR_BYTES:]
        who = _address(words)
        if function in APPROVING and not self.account.allows(self.key.address, who, APPROVABLE):
            raise BeyondGrant(
                "spender_not_granted", f"the session does not let {who} be approved",
                "its owner decides who may be: keifu account grant --target ADDRESS:approvable",
            )  # fmt: skip
        self.require_below(call.to, int.from_bytes(words[WORD : 2 * WORD]), f"of {call.to}")

    def require_below(self, token: str, amount: int, what: str, counted: int = 1) -> None:
        """Raises BeyondGrant for more than is left; an amount may count more than once, as by approval and use."""
        if not amount:
            return
        if self.most and amount > self.most:
            raise BeyondGrant(
                "over_own_bound", f"{coins(amount)} {what} in one call, this server lets {coins(self.most)} go",
                "ask for less; its owner raises --most",
            )  # fmt: skip
        spent, limit = self.account.spent(self.key.address, token)
        if counted * amount > limit - spent:
            twice = "" if counted == 1 else f", which count {counted} times"
            left = f"the session has {coins(limit - spent)} of {coins(limit)} left in this period"
            raise BeyondGrant(
                "over_limit",
                f"{coins(amount)} {what}{twice}, {left}",
                "ask for less, or wait for the next period",
            )

    def _require_gas(self, call: Call) -> None:
        """The key pays for its own transactions."""
        data = self.account.interface.function("execute_session", len(call.args)).encode(list(call.args))
        request = {"from": self.key.address, "to": self.address, "data": "0x" + data.hex()}
        gas = self.client.rpc.quantity("eth_estimateGas", request)
        needed = round(gas * self.client.rpc.quantity("eth_gasPrice") * GAS_ROOM)
        if (has := self.client.balance(self.key.address)) < needed:
            raise ChoreFault(
                "no_gas", f"the agent's key has {coins(has)} ether, the call may take {coins(needed)}",
                "its owner gives some: keifu agent fund FOLDER --ether",
            )  # fmt: skip

    @staticmethod
    def _read(refusal: Revert) -> Exception:
        if refusal.reason in LATE:
            code, remedy = LATE[refusal.reason]
            return BeyondGrant(code, f"the session does not allow it: {refusal.reason}", remedy)
        return refusal


def _address(words: bytes) -> str:
    """In the first argument."""
    return "0x" + words[:WORD][-20:].hex()


def spender_of(client: ChainClient, plan: Plan | None, place: Path | None, most: int = 0) -> Spender:
    """The agent's own key. Raises ChoreFault for a folder without an agent, and for another agent's key."""
    if plan is None or place is None:
        raise ChoreFault("no_agent", "an agent's account pays, and no agent was named", "name its folder")
    key = session_key(place)
    if key.address.lower() != plan.session.lower():
        raise ChoreFault(
            "wrong_key", f"the key in {place} is {key.address}, the agent's sessions are for {plan.session}",
            "restore the folder: its owner grants to the key that is named there",
        )  # fmt: skip
    return Spender(client, key, plan.account, most)
