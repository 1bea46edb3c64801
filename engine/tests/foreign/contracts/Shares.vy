# pragma version 0.4.3
# The packaged vault of shares, deployable. Without the six places more a giver of coins burns a depositor's for nothing.

from ethereum.ercs import IERC20
from snekmate.extensions import erc4626

initializes: erc4626

exports: erc4626.__interface__


@deploy
def __init__(asset: IERC20):
    erc4626.__init__("Shares", "SHARE", asset, 6, "Shares", "1")
