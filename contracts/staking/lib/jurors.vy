# pragma version 0.4.3
# pragma nonreentrancy on
"""
@title Jurors of the alignment court: what their locks weigh, and since when
@license MIT
@notice A juror locks coins behind the court at the hub and joins. What it adds counts seven epochs later; what it asks
    back stops counting at once and pays for cases opened before until those are over and 14 days have passed.
@dev The past never changes: a checkpoint names the first case that it counts for, and a case reads the one that was the
    last when it was opened. So the weights that a case reads sum up exactly to the total that it has stored.
"""

# ############################################################## #
#                            INTERFACES                          #
# ############################################################## #

from ...interfaces import IAlignmentCourt


# ############################################################## #
#                             MODULES                            #
# ############################################################## #

from . import cases

uses: cases


# ############################################################## #
#                             STRUCTS                            #
# ############################################################## #

# One word of a juror: 32 | 32 | 96 | 40 | 40 bits, the first lowest.
struct Account:
    checkpoints: uint256  # how many
    ballots: uint256  # committed and not settled
    leaving: uint256  # wei
    release_at: uint256
    last_case: uint256  # that the leaving coins pay for


# One word of a juror's history: 40 | 96 | 96 | 24 bits.
struct Checkpoint:
    from_case: uint256
    mature: uint256
    pending: uint256
    counts_from: uint256  # epoch


# ############################################################## #
#                            CONSTANTS                           #
# ############################################################## #

# Epochs until an addition counts.
MATURITY: public(constant(uint256)) = 7

# A juror that has lost more than this part of a seat weighs nothing any more: its coins would not cover its deposits.
LEAST_PART: constant(uint256) = 2

# Cases that `poke` looks at, at most, to find the first that is not over.
STEPS: constant(uint256) = 256


# ############################################################## #
#                             STORAGE                            #
# ############################################################## #

# juror -> Account.
accounts: HashMap[address, uint256]

# juror -> number -> Checkpoint.
checkpoints: HashMap[address, HashMap[uint256, uint256]]

# Mature weight of all jurors 96 | epoch up to which that is 24.
mature: uint256

# epoch modulo MATURITY + 1 -> wei that count from that epoch on.
ring: uint256[MATURITY + 1]

# All cases below are over.
first_open: uint256


# ############################################################## #
#                           CONSTRUCTOR                          #
# ############################################################## #

@deploy
def __init__():
    self.first_open = 1


# ############################################################## #
#                         JUROR FUNCTIONS                        #
# ############################################################## #

@external
def join() -> uint256:
    """
    @notice Let all that the caller has locked behind the court, and has not asked back, count seven epochs from now.
        What was pending starts anew.
    @return Wei that were added.
    """
    account: Account = empty(Account)
    weight: Checkpoint = empty(Checkpoint)
    lock: uint256 = 0
    account, weight, lock = self._load(msg.sender)
    counted: uint256 = weight.mature + weight.pending + account.leaving
    assert lock > counted, "court: nothing to add"
    added: uint256 = lock - counted
    assert weight.mature + weight.pending + added >= cases.SEAT * cases._unit(), "court: less than a seat"
    weight.pending += added
    weight.counts_from = cases._epoch() + MATURITY
    self._put_and_bind(msg.sender, account, weight)
    return added


@external
def leave(_amount: uint256):
    """
    @notice Ask back `_amount` wei: they stop counting at once, the newest first, and stay at risk for cases opened
        before until those are over and 14 days have passed. Asking again restarts the wait for all of them.
    """
    account: Account = empty(Account)
    weight: Checkpoint = empty(Checkpoint)
    lock: uint256 = 0
    account, weight, lock = self._load(msg.sender)
    assert _amount > 0 and _amount <= lock - account.leaving, "court: not so much to ask back"
    account.leaving += _amount
    account.release_at = block.timestamp + cases.LONGEST_WAIT
    account.last_case = cases.case_count
    weight = self._cut(weight, lock - account.leaving)
    self._put_and_bind(msg.sender, account, weight)


@external
def release() -> uint256:
    """
    @notice Unlock at the hub what the caller has asked back, once all its ballots are settled and every case opened
        before is over.
    @return Wei that are the caller's again.
    """
    account: Account = empty(Account)
    weight: Checkpoint = empty(Checkpoint)
    lock: uint256 = 0
    account, weight, lock = self._load(msg.sender)
    amount: uint256 = account.leaving
    assert amount > 0, "court: nothing asked back"
    assert block.timestamp >= account.release_at, "court: too early"
    assert account.ballots == 0, "court: ballots to settle"
    self._walk()
    assert self.first_open > account.last_case, "court: an earlier case is open"
    account.leaving = 0
    self._put(msg.sender, account, weight)
    extcall cases.hub.unlock(msg.sender, amount, weight.mature)
    return amount


# ############################################################## #
#                     PERMISSIONLESS FUNCTIONS                   #
# ############################################################## #

@external
def poke(_juror: address):
    """
    @notice Bring a juror's weight up to date: what has matured is bound at the hub, what its lock has lost stops
        counting. Also looks for the first case that is not over.
    """
    self._walk()
    self._refresh(_juror)


# ############################################################## #
#                              VIEWS                             #
# ############################################################## #

@external
@view
def get_juror(_juror: address) -> IAlignmentCourt.Juror:
    """
    @notice A juror's coins behind the court.
    """
    account: Account = self._account(_juror)
    weight: Checkpoint = self._now(self._checkpoint(_juror, account.checkpoints))
    return IAlignmentCourt.Juror(
        mature=weight.mature,
        pending=weight.pending,
        counts_from=weight.counts_from,
        leaving=account.leaving,
        release_at=account.release_at,
        ballots=account.ballots,
    )


@external
@view
def weight_in(_case: uint256, _juror: address) -> uint256:
    """
    @notice Wei of a juror that weigh in a case.
    """
    return self._weight_in(_case, cases.terms_of[_case] & cases.MASK_24, _juror)


@external
@view
def total_weight() -> uint256:
    """
    @notice Mature weight of all jurors now, wei.
    """
    total: uint256 = 0
    epoch: uint256 = 0
    total, epoch = self._rolled()
    return total


@external
@view
def reserved(_operator: address) -> uint256:
    """
    @notice Wei of a juror's lock that count, will count, or pay for earlier cases.
    """
    account: Account = self._account(_operator)
    weight: Checkpoint = self._checkpoint(_operator, account.checkpoints)
    return weight.mature + weight.pending + account.leaving


# ############################################################## #
#                             INTERNAL                           #
# ############################################################## #

@internal
@view
def _account(_juror: address) -> Account:
    word: uint256 = self.accounts[_juror]
    return Account(
        checkpoints=word & cases.MASK_32,
        ballots=(word >> 32) & cases.MASK_32,
        leaving=(word >> 64) & cases.MASK_96,
        release_at=(word >> 160) & cases.MASK_40,
        last_case=(word >> 200) & cases.MASK_40,
    )


@internal
@view
def _checkpoint(_juror: address, _number: uint256) -> Checkpoint:
    # Numbers start at 1; number 0 weighs nothing.
    word: uint256 = self.checkpoints[_juror][_number]
    return Checkpoint(
        from_case=word & cases.MASK_40,
        mature=(word >> 40) & cases.MASK_96,
        pending=(word >> 136) & cases.MASK_96,
        counts_from=word >> 232,
    )


@internal
@view
def _now(_weight: Checkpoint) -> Checkpoint:
    """
    @dev What is pending and has waited long enough is mature.
    """
    weight: Checkpoint = _weight
    if weight.counts_from <= cases._epoch():
        weight.mature += weight.pending
        weight.pending = 0
        weight.counts_from = 0
    return weight


@internal
@view
def _weight_in(_case: uint256, _epoch: uint256, _juror: address) -> uint256:
    """
    @dev By the last checkpoint that was there when the case was opened.
    """
    high: uint256 = self.accounts[_juror] & cases.MASK_32
    weight: Checkpoint = self._checkpoint(_juror, high)
    if weight.from_case > _case:
        low: uint256 = 0
        for _: uint256 in range(32):
            if high - low <= 1:
                break
            middle: uint256 = (low + high) // 2
            if self._checkpoint(_juror, middle).from_case > _case:
                high = middle
            else:
                low = middle
        weight = self._checkpoint(_juror, low)
    if weight.counts_from <= _epoch:
        return weight.mature + weight.pending
    return weight.mature


@internal
@view
def _rolled() -> (uint256, uint256):
    word: uint256 = self.mature
    total: uint256 = word & cases.MASK_96
    last: uint256 = word >> 96
    epoch: uint256 = cases._epoch()
    for passed: uint256 in range(MATURITY):
        if last + passed >= epoch:
            break
        total += self.ring[(last + passed + 1) % (MATURITY + 1)]
    return total, epoch


@internal
def _roll() -> uint256:
    """
    @dev The total as of now; the ring's sums that it took in are cleared.
    """
    total: uint256 = 0
    epoch: uint256 = 0
    total, epoch = self._rolled()
    last: uint256 = self.mature >> 96
    if last < epoch:
        for passed: uint256 in range(MATURITY):
            if last + passed >= epoch:
                break
            self.ring[(last + passed + 1) % (MATURITY + 1)] = 0
        self.mature = total | epoch << 96
    return total


@internal
@pure
def _cut(_weight: Checkpoint, _most: uint256) -> Checkpoint:
    """
    @dev At most `_most` wei count, the newest go first.
    """
    weight: Checkpoint = _weight
    excess: uint256 = weight.mature + weight.pending - min(weight.mature + weight.pending, _most)
    from_pending: uint256 = min(excess, weight.pending)
    weight.pending -= from_pending
    weight.mature -= excess - from_pending
    return weight


@internal
def _load(_juror: address) -> (Account, Checkpoint, uint256):
    """
    @dev A juror as of now and what it has locked, no more of it counted or leaving than is there; the total is rolled.
    """
    self._roll()
    lock: uint256 = cases._locked(_juror)
    account: Account = self._account(_juror)
    account.leaving = min(account.leaving, lock)
    weight: Checkpoint = self._now(self._checkpoint(_juror, account.checkpoints))
    return account, self._cut(weight, lock - account.leaving), lock


@internal
def _put(_juror: address, _account: Account, _weight: Checkpoint):
    """
    @dev Write account and weight, and move the total (rolled before) and the ring by what changed.
    """
    account: Account = _account
    weight: Checkpoint = _weight
    if weight.mature + weight.pending < cases.SEAT * cases._unit() // LEAST_PART:
        weight.mature = 0
        weight.pending = 0
    if weight.pending == 0:
        weight.counts_from = 0
    last: Checkpoint = self._checkpoint(_juror, account.checkpoints)
    before: Checkpoint = self._now(last)
    if before.mature != weight.mature:
        self.mature = self.mature + weight.mature - before.mature
    if before.pending != weight.pending or before.counts_from != weight.counts_from:
        if before.pending > 0:
            self.ring[before.counts_from % (MATURITY + 1)] -= before.pending
        if weight.pending > 0:
            self.ring[weight.counts_from % (MATURITY + 1)] += weight.pending
    from_case: uint256 = cases.case_count + 1
    if last.from_case != from_case:
        account.checkpoints += 1
    self.checkpoints[_juror][account.checkpoints] = (
        from_case | weight.mature << 40 | weight.pending << 136 | weight.counts_from << 232
    )
    self._put_account(_juror, account)
    log IAlignmentCourt.JurorWeighed(
        juror=_juror,
        mature=weight.mature,
        pending=weight.pending,
        counts_from=weight.counts_from,
        leaving=account.leaving,
    )


@internal
def _put_account(_juror: address, _account: Account):
    self.accounts[_juror] = (
        _account.checkpoints
        | _account.ballots << 32
        | _account.leaving << 64
        | _account.release_at << 160
        | _account.last_case << 200
    )


@internal
def _put_and_bind(_juror: address, _account: Account, _weight: Checkpoint):
    self._put(_juror, _account, _weight)
    extcall cases.hub.bind(_juror, _weight.mature)


@internal
def _refresh(_juror: address):
    account: Account = empty(Account)
    weight: Checkpoint = empty(Checkpoint)
    lock: uint256 = 0
    account, weight, lock = self._load(_juror)
    self._put_and_bind(_juror, account, weight)


@internal
def _penalise(_case: uint256, _juror: address, _asked: uint256) -> uint256:
    """
    @dev Take a penalty from a juror's lock, if there still is one, at once, and let its weight follow.
    @return Wei taken.
    """
    taken: uint256 = 0
    penalty: uint256 = 0
    delegated: uint256 = 0
    if cases._locked(_juror) > 0:
        taken, penalty, delegated = extcall cases.hub.slash(_juror, _asked, 0)
    log IAlignmentCourt.JurorPenalised(case_id=_case, juror=_juror, asked=_asked, taken=taken)
    self._refresh(_juror)
    return taken


@internal
def _count_ballot(_juror: address):
    self.accounts[_juror] += 1 << 32


@internal
def _settle_ballot(_juror: address):
    self.accounts[_juror] -= 1 << 32


@internal
def _walk():
    # Find the first case that is not over, some steps at a time.
    at: uint256 = self.first_open
    for _: uint256 in range(STEPS):
        if at > cases.case_count or cases.heads[at] >> cases.PHASE_AT & 15 != cases.OVER:
            break
        at += 1
    self.first_open = at
