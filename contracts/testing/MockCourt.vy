# pragma version 0.4.3
"""
@title MockCourt
@license MIT
@notice Stands for the court before a service: it holds bonds, and its verdicts are whatever the test says.
"""

from ethereum.ercs import IERC20
from ..interfaces import IAlignmentCourt

# What it asks of an accuser, and most costs of a case, wei.
BOND: constant(uint256) = 160 * 10**18
COSTS: constant(uint256) = 140 * 10**18

# What it takes to open a case: mature seats of so many coins, and the costs of a case over nothing, which tell what a
# coin of its table is worth.
LEAST_SEATS: public(constant(uint256)) = 400
SEAT: public(constant(uint256)) = 2_000
COSTS_OF_NOTHING: constant(uint256) = 1_318

token: public(IERC20)

# Where its seeds come from.
randomness: public(address)

# Mature weight of its jurors, and wei of a coin of its table.
total_weight: public(uint256)
unit: uint256

# case -> verdict, amount, costs; and whether it is over.
verdicts: HashMap[uint256, uint256[3]]
over: public(HashMap[uint256, bool])

# case -> hearing -> its votes.
tallies: HashMap[uint256, HashMap[uint256, IAlignmentCourt.Tally]]

# What the last case was opened with.
case_count: public(uint256)
service: public(address)
operator: public(address)
fault: public(bytes32)
amount: public(uint256)
accuser: public(address)
evidence: public(Bytes[2048])


@deploy
def __init__(_token: address):
    self.token = IERC20(_token)
    self.unit = 10**18
    self.total_weight = LEAST_SEATS * SEAT * 10**18


@external
@view
def bond_for(_service: address, _fault: bytes32, _amount: uint256) -> uint256:
    return BOND


@external
@view
def most_costs(_amount: uint256) -> uint256:
    return COSTS if _amount > 0 else COSTS_OF_NOTHING * self.unit


@external
@view
def verdict(_case: uint256) -> (uint256, uint256, uint256):
    return self.verdicts[_case][0], self.verdicts[_case][1], self.verdicts[_case][2]


@external
def open(_operator: address, _fault: bytes32, _amount: uint256, _accuser: address, _evidence: Bytes[2048]) -> uint256:
    assert extcall self.token.transferFrom(msg.sender, self, BOND), "court: no bond"
    self.service = msg.sender
    self.operator = _operator
    self.fault = _fault
    self.amount = _amount
    self.accuser = _accuser
    self.evidence = _evidence
    number: uint256 = self.case_count
    self.case_count = number + 1
    return number


@external
@view
def tally(_case: uint256, _hearing: uint256) -> IAlignmentCourt.Tally:
    return self.tallies[_case][_hearing]


@external
def concede(_case: uint256):
    assert msg.sender == self.service, "court: not the service"
    self._decide(_case, 2, 0)


@external
def decide(_case: uint256, _verdict: uint256, _costs: uint256):
    """
    @notice Say what the jury says: all seven of it, where it decides anything.
    """
    self._decide(_case, _verdict, _costs)
    self.tallies[_case][0].innocent = 7 if _verdict == 1 else 0
    self.tallies[_case][0].guilty = 7 if _verdict == 2 else 0


@external
def count(_case: uint256, _hearing: uint256, _innocent: uint256, _guilty: uint256):
    """
    @notice Say how a hearing voted.
    """
    self.tallies[_case][_hearing].innocent = _innocent
    self.tallies[_case][_hearing].guilty = _guilty


@external
def seed_from(_randomness: address):
    self.randomness = _randomness


@external
def weigh(_total: uint256, _unit: uint256):
    """
    @notice Say what the jurors weigh, and what a coin of the table is worth.
    """
    self.total_weight = _total
    self.unit = _unit


@internal
def _decide(_case: uint256, _verdict: uint256, _costs: uint256):
    self.verdicts[_case] = [_verdict, self.amount, _costs]
    self.over[_case] = True
