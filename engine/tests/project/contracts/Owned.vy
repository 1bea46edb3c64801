# pragma version 0.4.3
"""
@title Owned
@license MIT
@notice A contract that carries a module of an installed package.
"""

from snekmate.auth import ownable

initializes: ownable

exports: (ownable.owner, ownable.transfer_ownership)


@deploy
def __init__():
    ownable.__init__()
