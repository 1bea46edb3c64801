# pragma version 0.4.3
"""
@title MockChannels
@license MIT
@notice Stands for the channels before a market: an id is the hash of the configuration, and what was claimed is whatever
    the test says.
"""

from ..interfaces import IChannels

# channel -> claims so far.
claims: HashMap[bytes32, uint128]


@external
def set_claimed(_id: bytes32, _amount: uint128):
    self.claims[_id] = _amount


@external
@view
def getChannelId(_config: IChannels.ChannelConfig) -> bytes32:
    return keccak256(abi_encode(_config, self))


@external
@view
def channels(_id: bytes32) -> (uint128, uint128):
    return self.claims[_id], self.claims[_id]
