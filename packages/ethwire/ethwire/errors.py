"""The one exception tree.

EthwireError
├── UsageError          the caller asked for something that cannot be (exit status 2)
│   ├── AbiError            a value does not fit the ABI type, or no such function
│   └── InputError          a file or a field of one is malformed
├── CheckFailed         a verification ran and says no (exit status 1)
├── EnvironmentFault    something outside is missing or broken (exit status 3)
│   ├── RpcError            the node answered with an error, or not at all
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
    "EnvironmentFault",
    "EthwireError",
    "InputError",
    "OutOfGas",
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
    """The node answered with an error, or did not answer in time; check its address and its log."""

    def __init__(self, message: str, *, remedy: str = "", code: int = 0, data: object = None) -> None:
        super().__init__(message, remedy=remedy)
        self.code = code
        self.data = data


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
