# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title PlainToken
@license MIT
@notice The smallest ERC-20 that behaves, for tests of contracts that take somebody else's token. Anyone may mint.
@custom:security Never deployed.
@custom:kill Nothing to stop.
"""

################################################################
#                            EVENTS                            #
################################################################

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256


event Approval:
    owner: indexed(address)
    spender: indexed(address)
    amount: uint256


################################################################
#                           STORAGE                            #
################################################################

# Base units that each account holds.
balanceOf: public(HashMap[address, uint256])
# Base units that the second may move for the first.
allowance: public(HashMap[address, HashMap[address, uint256]])
# Base units that exist.
totalSupply: public(uint256)


################################################################
#                    PERMISSIONLESS FUNCTIONS                  #
################################################################

@external
def mint(receiver: address, amount: uint256):
    """
    @notice Make `amount` base units for `receiver`.
    @param receiver Who gets them.
    @param amount Base units.
    """
    self.balanceOf[receiver] += amount
    self.totalSupply += amount
    log Transfer(sender=empty(address), receiver=receiver, amount=amount)


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Let `spender` move up to `amount` of the caller's.
    @param spender Who may move them.
    @param amount Base units.
    @return True.
    """
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, amount=amount)
    return True


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Move `amount` of the caller's to `receiver`.
    @param receiver Who gets them.
    @param amount Base units.
    @return True.
    """
    self._move(msg.sender, receiver, amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Move `amount` of `owner`'s to `receiver` out of the caller's allowance.
    @param owner Whose they are.
    @param receiver Who gets them.
    @param amount Base units.
    @return True.
    """
    assert self.allowance[owner][msg.sender] >= amount, "plain: allowance too small"
    self.allowance[owner][msg.sender] -= amount
    self._move(owner, receiver, amount)
    return True


################################################################
#                      INTERNAL FUNCTIONS                      #
################################################################

@internal
def _move(owner: address, receiver: address, amount: uint256):
    assert self.balanceOf[owner] >= amount, "plain: balance too small"
    self.balanceOf[owner] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=owner, receiver=receiver, amount=amount)
