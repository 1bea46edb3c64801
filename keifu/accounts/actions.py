"""Accounts of tokens on a chain: made, used by the token's owner, by a session's key, and by anybody who brings what
they signed. Amounts are wei, times unix seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from ethwire.rpc import Rpc, octets
from keifu._handed import Handed
from keifu.abi import Contract, load
from keifu.accounts.identity import NO_SALT, Token, address_of
from keifu.accounts.session import AccountDomain, Call, Grant
from keifu.chain import Deployer, Deployment
from keifu.chain.suite import ACCOUNT, ACCOUNT_REGISTRY, NFT
from keifu.errors import RpcError, UsageError

__all__ = [
    "AccountStatus",
    "Brought",
    "Intent",
    "SessionStatus",
    "account_of",
    "cancel",
    "create",
    "execute",
    "grant",
    "read_account",
    "read_session",
    "relay",
    "revoke",
    "run_session",
    "sign_batch",
    "sign_session",
    "sign_statement",
    "spent_at",
]

MAX_CALLS = 16
MAX_DATA = 4_096  # bytes of a call
A_CALL = 0  # ERC-6551's only operation that the account takes
Sign = Callable[[bytes], bytes]  # a 32-byte digest to r, s, v


@dataclass(frozen=True)
class AccountStatus:
    """One account, and whose it is."""

    address: str
    token: Token
    owner: str  # of the token; the zero address when nobody owns it
    state: int  # grows with everything that is done through the account
    holding: int  # what sessions and signatures are bound to; a sale of the token changes it

    def data(self) -> dict[str, Any]:
        """For `--json`: large numbers as text."""
        token = {
            "chain_id": self.token.chain_id,
            "contract": self.token.contract,
            "number": f"{self.token.number:064x}",
        }
        return {**vars(self), "token": token, "holding": str(self.holding)}


@dataclass(frozen=True)
class SessionStatus:
    """What is left of a key's session."""

    key: str
    number: int
    valid_after: int
    valid_until: int
    uses: int
    period: int
    alive: bool

    def data(self) -> dict[str, Any]:
        return vars(self)


class _IntentCall(msgspec.Struct, frozen=True):
    to: str
    value: str  # wei
    data: str  # hex


class Intent(Handed):
    """Calls that their signer lets anybody bring, once: the token owner's batch, or with `session` a session's call."""

    NOUN, WRITER = "intent", "keifu account sign"

    chain_id: int
    account: str
    signer: str
    calls: list[_IntentCall]
    nonce: int
    deadline: int
    signature: str
    session: bool = False

    @property
    def made(self) -> list[Call]:
        return [Call(call.to, int(call.value), bytes.fromhex(call.data)) for call in self.calls]

    def require_readable(self) -> None:
        _ = self.made, bytes.fromhex(self.signature)


class Brought(msgspec.Struct, frozen=True):
    """Where an intent stands that a relayer was given: sent, done, or refused for a reason."""

    state: str
    transaction: str = ""
    reason: str = ""


# reading -----------------------------------------------------------------------------------------------------------


def account_of(suite: Deployment, chain_id: int, number: int, registry: str = "", salt: bytes = NO_SALT) -> str:
    """Where the account of a token of the suite is, or will be; `registry` when it is not the suite's."""
    return address_of(registry or suite[ACCOUNT_REGISTRY], suite[ACCOUNT], Token(chain_id, suite[NFT], number), salt)


def read_account(account: Contract) -> AccountStatus:
    chain_id, contract, number = account.token()
    return AccountStatus(
        account.address, Token(chain_id, contract, number), account.owner(), account.state(), account.holding()
    )


def read_session(account: Contract, key: str) -> SessionStatus:
    return SessionStatus(key, *account.session(key))


def spent_at(rpc: Rpc, account: str, asked: Sequence[tuple[str, str]], block_hash: str) -> dict[tuple[str, str], int]:
    """What the account lost through sessions in their period at a block, by key and token. Raises RpcError and AbiError
    for what the node does not answer; a refusal is left out."""
    function = load(ACCOUNT).interface.function("spent")
    at = {"blockHash": block_hash}
    calls = [("eth_call", [{"to": account, "data": "0x" + function.encode(pair).hex()}, at]) for pair in asked]
    found: dict[tuple[str, str], int] = {}
    for pair, answer in zip(asked, rpc.batch(calls), strict=True):
        if isinstance(answer, RpcError):
            raise answer
        if not isinstance(answer, Exception):
            found[pair] = int(function.decode(octets(answer, "spent", rpc.url))[0])
    return found


# sending -----------------------------------------------------------------------------------------------------------


def create(chain: Deployer, suite: Deployment, token: Token, registry: str = "", salt: bytes = NO_SALT) -> str:
    """Make the account of a token, unless it is there; its address. Anybody may. Raises Revert."""
    where = registry or suite[ACCOUNT_REGISTRY]
    arguments = (suite[ACCOUNT], salt, token.chain_id, token.contract, token.number)
    chain.call(where, ACCOUNT_REGISTRY, "createAccount", *arguments)
    return address_of(where, suite[ACCOUNT], token, salt)


def execute(chain: Deployer, account: str, calls: Sequence[Call]) -> None:
    """Make one call, or several of which all or none happen, as the token's owner. Raises Revert with the target's
    reason."""
    _require_calls(calls)
    if len(calls) == 1:
        chain.call(account, ACCOUNT, "execute", *calls[0].args, A_CALL)
    else:
        chain.call(account, ACCOUNT, "execute_batch", [call.args for call in calls])


def grant(chain: Deployer, account: str, given: Grant) -> None:
    """Let a key act within limits, as the token's owner; a second grant takes the place of the first. Raises Revert."""
    chain.call(account, ACCOUNT, "grant_session", given.args)


def revoke(chain: Deployer, account: str, key: str) -> None:
    """End a key's session at once, as the token's owner or as the key. Raises Revert."""
    chain.call(account, ACCOUNT, "revoke_session", key)


def run_session(chain: Deployer, account: str, call: Call) -> None:
    """Make a call within the sender's session. Raises Revert naming the limit that it would break."""
    _require_calls([call])
    chain.call(account, ACCOUNT, "execute_session", *call.args)


def sign_batch(
    chain: Deployer, chain_id: int, account: str, calls: Sequence[Call], deadline: int, sign: Sign
) -> Intent:
    """The token owner's calls, for anybody to bring before `deadline`. Raises UsageError for anybody else."""
    _require_calls(calls)
    owner = _owner(chain, account)
    nonce = chain.call(account, ACCOUNT, "nonces", owner)
    holding = chain.call(account, ACCOUNT, "holding")
    digest = AccountDomain(chain_id, account).batch_digest(calls, holding, nonce, deadline)
    return Intent(chain_id, account, owner, _written(calls), nonce, deadline, sign(digest).hex())


def sign_session(chain: Deployer, chain_id: int, account: str, call: Call, deadline: int, sign: Sign) -> Intent:
    """A call of the sender's session, for anybody to bring before `deadline`. Raises UsageError without a session."""
    _require_calls([call])
    key = chain.sender
    number, *_, alive = chain.call(account, ACCOUNT, "session", key)
    if not alive:
        raise UsageError(f"{key} has no session of {account} that lives", remedy="the token's owner grants one")
    nonce = chain.call(account, ACCOUNT, "nonces", key)
    digest = AccountDomain(chain_id, account).session_digest(key, number, call, nonce, deadline)
    return Intent(chain_id, account, key, _written([call]), nonce, deadline, sign(digest).hex(), session=True)


def sign_statement(chain: Deployer, chain_id: int, account: str, digest: bytes, sign: Sign) -> bytes:
    """The token owner's signature, with which the account has signed `digest` until the token is sold (ERC-1271).
    Raises UsageError for anybody else."""
    _owner(chain, account)
    holding = chain.call(account, ACCOUNT, "holding")
    return sign(AccountDomain(chain_id, account).statement_digest(digest, holding))


def relay(chain: Deployer, chain_id: int, intent: Intent) -> None:
    """Bring what somebody has signed. Raises UsageError for an intent of another chain, and Revert."""
    if intent.chain_id != chain_id:
        raise UsageError(f"the intent is for chain {intent.chain_id}, this is {chain_id}", remedy="name another node")
    terms = (intent.nonce, intent.deadline, bytes.fromhex(intent.signature))
    if intent.session:
        call = intent.made[0].args
        chain.call(intent.account, ACCOUNT, "execute_session_signed", intent.signer, call, *terms)
    else:
        chain.call(intent.account, ACCOUNT, "execute_signed", [call.args for call in intent.made], *terms)


def cancel(chain: Deployer, account: str) -> int:
    """Make every intent that the sender has signed so far worthless; the nonce of the next one. Raises Revert."""
    nonce: int = chain.call(account, ACCOUNT, "nonces", chain.sender)
    chain.call(account, ACCOUNT, "cancel_nonces", nonce + 1)
    return nonce + 1


def _owner(chain: Deployer, account: str) -> str:
    """The sender, who owns the token. Raises UsageError for anybody else."""
    owner: str = chain.call(account, ACCOUNT, "owner")
    if owner != chain.sender:
        raise UsageError(f"{owner} owns the token, not {chain.sender}", remedy="sign as the token's owner")
    return owner


def _written(calls: Sequence[Call]) -> list[_IntentCall]:
    return [_IntentCall(call.to, str(call.value), call.data.hex()) for call in calls]


def _require_calls(calls: Sequence[Call]) -> None:
    """Raises UsageError for what no account takes."""
    if not 0 < len(calls) <= MAX_CALLS:
        raise UsageError(f"{len(calls)} calls", remedy=f"a batch has 1 to {MAX_CALLS}")
    if longest := max((len(call.data) for call in calls if len(call.data) > MAX_DATA), default=0):
        raise UsageError(f"a call of {longest:,} bytes", remedy=f"an account passes on at most {MAX_DATA:,}")
