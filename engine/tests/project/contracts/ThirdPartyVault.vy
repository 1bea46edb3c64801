# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title ThirdPartyVault
@license MIT
@notice A staking vault such as an auditor is handed: shares of a pool, rewards that stream in over a week, exits that
        wait three days and stay slashable meanwhile. It is no part of the suite; the auditor's guide describes it to
        the fuzzer, and bugs are seeded here to see whether a campaign finds them.
@dev Trusted: the guardian may slash and the funder may add rewards; neither can take a user's coins for itself.
@custom:security Direct transfers to the vault are given to nobody.
@custom:kill Never deployed.
"""

################################################################
#                          INTERFACES                          #
################################################################

from ethereum.ercs import IERC20


################################################################
#                            EVENTS                            #
################################################################

event Deposited:
    owner: indexed(address)
    assets: uint256
    shares: uint256


event ExitRequested:
    owner: indexed(address)
    assets: uint256
    ripe_at: uint256


event Exited:
    owner: indexed(address)
    assets: uint256


event Funded:
    assets: uint256
    until: uint256


event Slashed:
    assets: uint256
    from_exits: uint256


event SharesMoved:
    sender: indexed(address)
    receiver: indexed(address)
    shares: uint256


################################################################
#                          CONSTANTS                           #
################################################################

# Seconds between asking to leave and leaving.
EXIT_DELAY: public(constant(uint256)) = 3 * 86_400
# Seconds over which a reward streams in.
STREAM: public(constant(uint256)) = 7 * 86_400
# Shares and assets that are always there, so that the first depositor cannot set the price.
VIRTUAL: constant(uint256) = 1_000


################################################################
#                          IMMUTABLES                          #
################################################################

# The only coin that the vault takes.
TOKEN: public(immutable(IERC20))
# Who may slash; also receives what is slashed.
GUARDIAN: public(immutable(address))
# Who may add rewards.
FUNDER: public(immutable(address))


################################################################
#                           STORAGE                            #
################################################################

# Shares of each depositor.
shares: public(HashMap[address, uint256])
# Sum of all shares.
total_shares: public(uint256)
# Base units behind the shares.
active: public(uint256)
# Claims of each leaver on the exit pool.
exit_claims: public(HashMap[address, uint256])
# Sum of all claims.
total_claims: public(uint256)
# Base units behind the claims.
exiting: public(uint256)
# Time from which a leaver may take what is due.
ripe_at: public(HashMap[address, uint256])
# Base units that have yet to stream in.
unstreamed: public(uint256)
# When the stream ends.
stream_end: public(uint256)
# When the stream was last settled.
settled_at: public(uint256)


################################################################
#                         CONSTRUCTOR                          #
################################################################

@deploy
def __init__(token: address, guardian: address, funder: address):
    """
    @notice Fix the coin and the two roles for good.
    @param token The only coin that the vault takes.
    @param guardian Who may slash.
    @param funder Who may add rewards.
    """
    TOKEN = IERC20(token)
    GUARDIAN = guardian
    FUNDER = funder


################################################################
#                    PERMISSIONLESS FUNCTIONS                  #
################################################################

@external
def deposit(assets: uint256) -> uint256:
    """
    @notice Stake `assets`; the shares are worth no more than that.
    @param assets Base units.
    @return Shares that were made.
    """
    assert assets > 0, "vault: nothing to deposit"
    self._settle()
    made: uint256 = assets * (self.total_shares + VIRTUAL) // (self.active + VIRTUAL)
    assert made > 0, "vault: too little for a share"
    self.shares[msg.sender] += made
    self.total_shares += made
    self.active += assets
    log Deposited(owner=msg.sender, assets=assets, shares=made)
    assert extcall TOKEN.transferFrom(msg.sender, self, assets, default_return_value=True), "vault: transfer failed"
    return made


@external
def request_exit(amount: uint256) -> uint256:
    """
    @notice Turn `amount` shares into a claim that can be taken after `EXIT_DELAY`; asking again starts the wait anew.
    @param amount Shares.
    @return Base units that the shares were worth.
    """
    assert amount > 0, "vault: nothing to exit"
    assert self.shares[msg.sender] >= amount, "vault: not enough shares"
    self._settle()
    # After a loss the virtual part would make the last shares worth more than there is.
    assets: uint256 = min(amount * (self.active + VIRTUAL) // (self.total_shares + VIRTUAL), self.active)
    claims: uint256 = assets * (self.total_claims + VIRTUAL) // (self.exiting + VIRTUAL)
    self.shares[msg.sender] -= amount
    self.total_shares -= amount
    self.active -= assets
    self.exit_claims[msg.sender] += claims
    self.total_claims += claims
    self.exiting += assets
    self.ripe_at[msg.sender] = block.timestamp + EXIT_DELAY
    log ExitRequested(owner=msg.sender, assets=assets, ripe_at=block.timestamp + EXIT_DELAY)
    return assets


@external
def exit() -> uint256:
    """
    @notice Take what is due, less what was slashed while it waited.
    @return Base units paid.
    """
    claims: uint256 = self.exit_claims[msg.sender]
    assert claims > 0, "vault: no exit asked for"
    assert block.timestamp >= self.ripe_at[msg.sender], "vault: exit is not ripe"
    assets: uint256 = min(claims * (self.exiting + VIRTUAL) // (self.total_claims + VIRTUAL), self.exiting)
    self.exit_claims[msg.sender] = 0
    self.total_claims -= claims
    self.exiting -= assets
    log Exited(owner=msg.sender, assets=assets)
    assert extcall TOKEN.transfer(msg.sender, assets, default_return_value=True), "vault: payment failed"
    return assets


@external
def move_shares(receiver: address, amount: uint256):
    """
    @notice Give `amount` of the caller's shares to `receiver`.
    @param receiver Who gets them.
    @param amount Shares.
    """
    assert self.shares[msg.sender] >= amount, "vault: too few shares to move"
    self.shares[msg.sender] -= amount
    self.shares[receiver] += amount
    log SharesMoved(sender=msg.sender, receiver=receiver, shares=amount)


################################################################
#                       FUNDER FUNCTIONS                       #
################################################################

@external
def fund(assets: uint256):
    """
    @notice Add `assets`, which stream to the depositors over `STREAM` together with what has not streamed yet.
    @param assets Base units.
    """
    assert msg.sender == FUNDER, "vault: not the funder"
    self._settle()
    self.unstreamed += assets
    self.stream_end = block.timestamp + STREAM
    log Funded(assets=assets, until=block.timestamp + STREAM)
    assert extcall TOKEN.transferFrom(msg.sender, self, assets, default_return_value=True), "vault: funding failed"


################################################################
#                      GUARDIAN FUNCTIONS                      #
################################################################

@external
def slash(assets: uint256) -> uint256:
    """
    @notice Take up to `assets`, and at most half, from stake and exits alike; the exits' part is rounded up.
    @param assets Base units asked for.
    @return Base units taken.
    """
    assert msg.sender == GUARDIAN, "vault: not the guardian"
    self._settle()
    whole: uint256 = self.active + self.exiting
    assert whole > 0, "vault: nothing to slash"
    taken: uint256 = min(assets, whole // 2)
    from_exits: uint256 = min((taken * self.exiting + whole - 1) // whole, self.exiting)
    self.exiting -= from_exits
    self.active -= taken - from_exits
    log Slashed(assets=taken, from_exits=from_exits)
    assert extcall TOKEN.transfer(GUARDIAN, taken, default_return_value=True), "vault: penalty failed"
    return taken


################################################################
#                            VIEWS                             #
################################################################

@external
@view
def streamed() -> uint256:
    """
    @notice Reward that has streamed in since the last settlement.
    @return Base units.
    """
    return self._streamed()


################################################################
#                      INTERNAL FUNCTIONS                      #
################################################################

@internal
@view
def _streamed() -> uint256:
    if block.timestamp >= self.stream_end:
        return self.unstreamed
    return self.unstreamed * (block.timestamp - self.settled_at) // (self.stream_end - self.settled_at)


@internal
def _settle():
    part: uint256 = self._streamed()
    self.unstreamed -= part
    self.active += part
    self.settled_at = block.timestamp
