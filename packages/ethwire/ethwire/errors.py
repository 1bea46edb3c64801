"""The one exception tree.

EthwireError
├── UsageError          the caller asked for something that cannot be (exit status 2)
│   ├── AbiError            a value does not fit the ABI type, or no such function
│   └── InputError          a file or a field of one is malformed
├── CheckFailed         a verification ran and says no (exit status 1)
├── EnvironmentFault    something outside is missing or broken (exit status 3)
│   ├── RpcError            the node answered with an error, or not at all
│   │   ├── NoAnswer            nothing came back, or nothing that is an answer
│   │   ├── NotServed           the node lacks the method, the block or the state that was asked for
│   │   ├── RateLimited         too many requests; `retry_after` is how long the node wants to be left alone
│   │   ├── LimitExceeded       the node does not serve so large a range, batch or answer
│   │   └── Contradiction       the answer cannot be true: it contradicts a hash, another answer or another node
│   ├── ChainMismatch       another chain than the one that was asked for
│   └── ArtifactError       a contract does not compile, or its artefact is not there
└── Revert              the contract refused; `reason` is its own words (exit status 1)
    └── OutOfGas            it did not refuse: the gas limit of the transaction was too low
"""

from __future__ import annotations

__all__ = [
    "AbiError",
    "ArtifactError",
    "ChainMismatch",
    "CheckFailed",
    "Contradiction",
    "EnvironmentFault",
    "EthwireError",
    "InputError",
    "LimitExceeded",
    "NoAnswer",
    "NotServed",
    "OutOfGas",
    "RateLimited",
    "Revert",
    "RpcError",
    "UsageError",
]


class EthwireError(Exception):
    """Root of everything that is raised on purpose; says what happened and what to do about it."""

    exit_code = 1

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


class UsageError(EthwireError):
    """The caller asked for something that cannot be; change the call."""

    exit_code = 2


class AbiError(UsageError):
    """A value does not fit the ABI type, or the contract has no such function; check the artefact."""


class InputError(UsageError):
    """A file, or a field of one, is malformed; the message names the place."""


class CheckFailed(EthwireError):
    """A verification ran to its end and the answer is no; the message names what differs."""


class EnvironmentFault(EthwireError):
    """Something outside is missing or broken; the remedy says how to bring it back."""

    exit_code = 3


class RpcError(EnvironmentFault):
    """The node answered with an error, or did not answer in time; check its address and its log.

    `code` and `data` are the node's, 0 and None when it gave none; `url` is the endpoint that the error came from.
    """

    def __init__(self, message: str, *, remedy: str = "", code: int = 0, data: object = None, url: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.code = code
        self.data = data
        self.url = url


class NoAnswer(RpcError):
    """Nothing came back, or something that is no answer to what was asked."""


class NotServed(RpcError):
    """The node lacks the method, the block or the state that was asked for: it is behind, pruned, or another kind."""


class RateLimited(RpcError):
    """The node wants to be asked less often; `retry_after` is in seconds, 0 when it does not say."""

    def __init__(
        self,
        message: str,
        *,
        remedy: str = "",
        code: int = 0,
        data: object = None,
        url: str = "",
        retry_after: float = 0,
    ) -> None:
        super().__init__(message, remedy=remedy, code=code, data=data, url=url)
        self.retry_after = retry_after


class LimitExceeded(RpcError):
    """The node does not serve so many blocks, requests or results at once; ask for fewer."""


class Contradiction(RpcError):
    """The answer cannot be true; `url` names the endpoint that gave it."""


class ChainMismatch(EnvironmentFault):
    """The node serves another chain than the one that was asked for; nothing was sent."""


class ArtifactError(EnvironmentFault):
    """A contract does not compile, or its artefact is not there; run `make abi`."""


class Revert(EthwireError):
    """The contract refused the call.

    `reason` is the revert string, or "" when there is none; `data` the raw return data.
    """

    def __init__(self, reason: str, *, data: bytes = b"") -> None:
        super().__init__(f"reverted: {reason}" if reason else "reverted without a reason")
        self.reason = reason
        self.data = data


class OutOfGas(Revert):
    """The transaction used up its gas limit, so nothing that it did counts; send it again with a higher one."""

    def __init__(self, used: int, limit: int) -> None:
        super().__init__("")
        self.used = used
        self.limit = limit
        self.message = f"out of gas: {used:,} of {limit:,} used"
        self.remedy = "send it again with a higher limit"
