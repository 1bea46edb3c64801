"""What a program and an Ethereum node say to each other: contract ABI, keys, JSON-RPC, and a local node to try it on.

    abi        interfaces as data, calls and logs encoded and decoded, a contract handle over any backend
    keys       keccak-256, accounts on secp256k1, addresses
    rpc        JSON-RPC over HTTP, with the node's own words in every error
    anvil      a real local node that ends with its owner
    constants  the zero address, an ether in wei, a day in seconds
    ports      a port for a server that somebody else starts
    errors     one exception tree, each with a remedy and an exit status

Knows no contract. Every module is imported on its own: `from ethwire.abi import Interface`.
"""

from __future__ import annotations

__all__ = ["__version__"]

__version__ = "0.1.0"
