"""Contract interfaces as data: calls, results, logs and reverts, encoded and decoded, and a handle on a contract.

`Interface` works from the JSON ABI; `Contract` is an interface at an address over any `Backend`; `call_encoder` makes
the fastest encoder of one function, for loops of millions of calls.
"""

from __future__ import annotations

from ethwire.abi._codec import EventAbi, FunctionAbi, Interface, Log, decode_revert
from ethwire.abi._decoder import decode_args
from ethwire.abi._encoder import WORD, CallEncoder, call_encoder, encoder, word
from ethwire.abi._handle import Backend, BoundFunction, Contract, Receipt
from ethwire.abi._strict import encode_args

__all__ = [
    "WORD",
    "Backend",
    "BoundFunction",
    "CallEncoder",
    "Contract",
    "EventAbi",
    "FunctionAbi",
    "Interface",
    "Log",
    "Receipt",
    "call_encoder",
    "decode_args",
    "decode_revert",
    "encode_args",
    "encoder",
    "word",
]
