"""Bugs of AccountRegistry. What stands twice in it is named with its surroundings."""

from __future__ import annotations

from evmstorm.mutation.seeded_bugs import seeder

__all__ = ["BUGS"]

_bug = seeder("inft/AccountRegistry.vy", "AccountRegistry")

BUGS = [
    _bug("proxy of another call", "0x5af43d82803e903d91602b57fd5bf3", "0x5af43d82803e903d91602b57fd5bf2"),
    _bug("one byte less is copied", "0x3d60ad80600a3d3981f3", "0x3d60ac80600a3d3981f3"),
    _bug("the salt is left out of the creation", "raw_create(code, salt=_salt,", "raw_create(code, salt=empty(bytes32),"),
    _bug("an account is made again", "    if account.is_contract:\n        return account\n", ""),
    _bug("nothing is made", "if raw_create(code, salt=_salt, revert_on_failure=False) == empty(address):", "if False:"),
    _bug("the event names the registry", "        account=account,\n", "        account=self,\n"),
    _bug("the event names another implementation", "implementation=_implementation,", "implementation=_token_contract,"),
    _bug("the event names another chain", "chainId=_chain_id", "chainId=chain.id"),
    _bug("the event names another number", "tokenId=_token_id", "tokenId=_chain_id"),
    _bug("the event names another salt", "        salt=_salt,\n", "        salt=empty(bytes32),\n"),
    _bug("addresses are cut", "U160: constant(uint256) = 2**160 - 1", "U160: constant(uint256) = 2**152 - 1"),
    _bug(
        "where it will be is asked without the salt",
        "    digest: bytes32 = keccak256(concat(0xff, convert(self, bytes20), _salt, keccak256(code)))\n    return",
        "    digest: bytes32 = keccak256(concat(0xff, convert(self, bytes20), empty(bytes32), keccak256(code)))\n    return",
    ),
]  # fmt: skip
