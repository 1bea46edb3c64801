# pragma version 0.4.3
"""
@title TokenReceiver
@license MIT
@notice Hostile: a contract that is given tokens and takes them, refuses them, answers something else, or comes back
    with a call of its own. It also calls what it is told to.
"""

# What it does when a token reaches it.
TAKE: constant(uint256) = 0
REFUSE: constant(uint256) = 1
MUMBLE: constant(uint256) = 2
COME_BACK: constant(uint256) = 3

# Longest call, bytes.
MAX_CALL: constant(uint256) = 8_192

mood: public(uint256)
target: public(address)
payload: public(Bytes[MAX_CALL])
got_through: public(bool)

# What it saw while it was called, and what it was called with, by hash.
seen_owner: public(address)
seen_call: public(bytes32)


interface Token:
    def ownerOf(_id: uint256) -> address: view


@external
def arm(_mood: uint256, _target: address, _payload: Bytes[MAX_CALL]):
    self.mood = _mood
    self.target = _target
    self.payload = _payload


@external
def visit(_target: address, _payload: Bytes[MAX_CALL]):
    raw_call(_target, _payload)


@external
def onERC721Received(_operator: address, _from: address, _id: uint256, _data: Bytes[1024]) -> bytes4:
    assert self.mood != REFUSE, "attacker: no"
    self.seen_owner = staticcall Token(msg.sender).ownerOf(_id)
    self.seen_call = keccak256(abi_encode(_operator, _from, _id, _data))
    if self.mood == MUMBLE:
        return 0x12345678
    if self.mood == COME_BACK:
        self.got_through = raw_call(self.target, self.payload, revert_on_failure=False)
    return 0x150b7a02
