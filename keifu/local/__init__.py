"""Local chains: anvil with the suite, named accounts with ether and coins, and a note where every command finds it.

`notes` says which chains of this user run, `roles` names the accounts, `suite` deploys and funds, `grants` adds a
distribution and an operator.
"""

from __future__ import annotations

from keifu.local.notes import Note, claimed, running, stop, the_chain
from keifu.local.roles import ROLES, Role, address_of

__all__ = ["ROLES", "Note", "Role", "address_of", "claimed", "running", "stop", "the_chain"]
