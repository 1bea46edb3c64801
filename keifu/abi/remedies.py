"""What to do about a contract's refusal, by the words of its reason.

A reader cannot change what has to hold, but its own call: so the words for what was wrong say what to bring instead.
Rooms with more to say have remedies of their own for single reasons (`…refusals.REMEDIES`).
"""

from __future__ import annotations

import re

__all__ = ["IN_GENERAL", "remedy_of"]

IN_GENERAL = "change the call so that this condition holds"
_FORM = "make the proof anew: it has more or less than what is due"
_OWNED = "the owner of the token sends it, or an account that it approved"
_NEARER = "sign again with a nearer deadline: this one is too far away"
_VESTED = "all that is vested so far was paid out; the next step of the schedule brings more"
_LISTED = "take index, total and proof of this account from the published list"
_SHARES = "ask for less: there is not so much in this position"
_SINGLE = {
    "account: coin without a limit": "give the session a limit for every coin that it may spend",
    "account: token without a limit": "give the session a limit for every token that it may spend",
    "account: two limits of a token": "give one limit for each token",
    "account: limit on no token": "a limit is on a token's contract, or on ether by the zero address",
    "account: session without targets": "name at least one contract that the session may call",
    "account: not the owner": "the owner of the account's token sends it, or a key with a session that allows it",
    "compute: fee was not paid": "a demand names what was claimed from the channel: wait until the provider claims",
    "compute: last day is earlier": "a promise is only prolonged: choose its last second or a later one",
    "compute: two operators": "both receipts have to be of one operator's keys",
    "compute: no answer is overdue": "wait until the answer's deadline is over",
    "orders: no answer is overdue": "wait until the answer's deadline is over",
    "orders: no demand is open": "there is no such demand: look up its number",
    "court: ballots to settle": "settle the cases that the juror voted on first: `keifu court settle`",
    "court: no party": "a party that the coin pays nothing to cannot be judged: name its own account",
    "court: the service can slash no more": "the hub removed the service: a case would end after its horizon",
    "court: nothing asked back": "ask for seats back first, and wait for the time that it takes",
    "verifier: nothing asked back": "ask for the deposit back first, and wait for the time that it takes",
    "create3: salt spent": "a contract of this label was made already: look at its address",
    "deals: may still be declared lost": "its client may at once, others three epochs after the shard's end",
    "deals: open it in the coin": "a deal in the suite's coin is opened by `open`, at a price in gwei",
    "deals: paid by the market": "the market pays a deal in the suite's coin: withdraw there",
    "deals: token is not listed": "pay in a token that the channels list: `Channels.isListed` says of each",
    "deals: shard is taken": "you or another provider has it already: look whose it is, and take one that is free",
    "deals: shard is under repair": "wait until its repair is over",
    "reexecution: no offer": "ask the operator for a new offer: it stands for three days, and is accepted once",
    "reexecution: court opens no case": "a case needs 400 seats of jurors whose coins count: keifu court status",
    "reexecution: was judged": "a receipt's number is judged once: show another receipt",
    "reexecution: slot is needed": "ask the slot back, settle its seats, and wait three days",
    "reexecution: nothing to accuse of": "the client accuses in the two days after enough members differed",
    "reexecution: has committed": "a word is sealed once: show the one that was sealed",
    "reexecution: has revealed": "a word is shown once: nothing is left to do until the demand is over",
    "reexecution: holds a slot": "an account has one slot of a pool: join by another account, or another pool",
    "reexecution: no seat to settle": "wait until the demand is over; a seat is settled once",
    "reexecution: no seed": "bring the seed first: keifu reexecute settle DEMAND does it as soon as its block is there",
    "reexecution: no slot of the caller": "name a slot that the account holds and has not asked back",
    "reexecution: no time to open": "choose an evidence window of more than seven days",
    "reexecution: not of that kind": "only receipts of the kind re-executed are judged by a panel",
    "reexecution: not the stage": "look what is due first: keifu reexecute status DEMAND",
    "reexecution: outside the promise": "the receipt's second has to lie between acceptance and the promise's last day",
    "reexecution: pool too small": "wait until more slots are mature, or ask the operator for terms of a larger pool",
    "hub: unknown operator": "announce your terms first, keifu staking register; or name an operator that has done it",
    "disputes: no reply": "a receipt without a token has nothing to dispute",
    "environments: not the owner": "the account that declared the environment sends it",
    "environments: not an earlier promotion": "go back to a promotion with a lower number than the one that runs",
    "game: one position": "a reply that is drawn at one position alone cannot be disputed",
    "game: tokens are drawn": "prove it by `drawn` of TraceVerifier: this reply's tokens are drawn, not the likeliest",
    "game: not proved": "prove the turn before this one first",
    "game: not in a transaction of its own": "an account without code sends it itself",
    "grants: escrow has a hub": "list an escrow without a hub: what is revoked has to come back at once",
    "grants: has not voted": "there is no vote to take back",
    "grants: no list is being paid": "the list's milestone is released first, and its time must not be over",
    "grants: token has no escrow": "the timelock lists a token's escrow; without one a milestone is paid at once",
    "heartbeats: last day is earlier": "a promise is only prolonged: choose its last second or a later one",
    "record proof: last day is earlier": "a promise is only prolonged: choose its last second or a later one",
    "identity: key is reserved": "the registry keeps this name for itself: choose another one",
    "inft: kinds of more items than there are": "name one kind for each item",
    "inft: no lease is running": "nobody has leased the token now",
    "registry: half is anchored": "another tree of yours has this half: anchor this one without its halves",
    "registry: not the root's halves": "give the two nodes below the root, or anchor the tree without them",
    "inft: not the owner": _OWNED,
    "inft: not the owner or an operator": _OWNED,
    "inft: not the owner or approved": _OWNED,
    "inft: not the owner's token": _OWNED,
    "market: seller does not own it": _OWNED,
    "market: account has acted": "the token's account has moved since the order was signed: look at it, and sign anew",
    "keys: key is taken": "an operator has this key already: look whose it is; another one needs a key of its own",
    "randomness: not a key": "name the key of drand's network, a point of the right group",
    "registry: attestation is irrevocable": "its schema says that it is never taken back: attest the contrary",
    "registry: key was replaced or lost": "act by the key that replaced it",
    "repairs: shard is reserved": "another provider may repair it first: wait until its time is over",
    "identity: deadline too far": _NEARER,
    "verifier: deadline too far": _NEARER,
    "grants: deadline has passed": "a milestone is released until its deadline: propose another one",
    "grants: deadline out of range": "choose a deadline after now that is not too far away",
    "orders: bad deadline": "choose a deadline after now that is not too far away",
    "orders: deadline has passed": "the order's time is over: its client takes the coins back, or places another one",
    "registry: already expired": "choose a later end, or none",
    "heartbeats: bad signature": "show both heartbeats as their node's key signed them",
    "randomness: not that signature": "bring the signature that drand published for this very round",
    "record proof: bad signature": "have the attestor sign this very header, by its account or a key that it named",
    "record proof: too few signatures": "bring the signatures of more attestors that the verifier trusts",
    "grants: record was shown before": "evidence counts once: show another record",
    "grants: not enough attestations": "have more attesters of the milestone attest the evidence first",
    "endowment: another one was first": "somebody else stands in for this shard now: take another one",
    "channels: another refund came first": "look at the channel, and sign a refund with its newest nonce",
    "grants: paid at once": "without an escrow there is no grant to be taken back: it was paid at once",
    "repairs: words left over": _FORM,
    "storage: words left over": _FORM,
    "storage: buffer is not used up": "it ends by itself once its buffer is used up",
    "storage: epoch is not open": "open the epoch's seed first: a keeper does that",
    "storage: prove first": "prove what is due in this epoch first",
    "storage: settle in parts first": "settle in parts, of fewer epochs each",
    "timelock_controller: insufficient delay": "queue it with the timelock's least delay, or a longer one",
    "token: invalid spender": "give an address that is not zero",
    "token: invalid receiver": "give an address that is neither zero nor the token's own",
    "collector: no Permit2": "give the address of Permit2 on this chain",
    "timelock_controller: operation cannot be cancelled": "only what is queued and not executed can be cancelled",
    "token: authorization used or cancelled": "it was carried out or cancelled: sign a new one, with another nonce",
    "token: takes no ether": "send no ether with the call",
    "distributor: nothing to claim": _VESTED,
    "escrow: nothing to claim": _VESTED,
    "distributor: not in the list": _LISTED,
    "hub: not matured": "wait until the ticket matures: the view `ticket` says when",
    "hub: no ticket": "nothing is leaving there: it was paid out, or never asked for",
    "hub: pool is full": "choose another operator, or a smaller amount: its own coins bound what it may take",
    "hub: below minimum stake": "stake more, or leave with all of it: the hub takes no smaller positions",
    "hub: dust left": "leave with everything, or leave more behind",
    "hub: too little": "its worth has changed meanwhile: look again, and ask for what there is",
    "hub: not enough shares": _SHARES,
    "escrow: not enough shares": _SHARES,
    "hub: operator retired": "choose another operator: this one takes no more stake",
    "registry: record is registered": "nothing is to be done: this very record stands in the registry",
    "registry: unknown parent": "register the parent first, or give the id of one that is registered",
    "registry: parent is revoked": "build on a record that stands",
    "trace_verifier: no tensor was shown": "show the tensor that the step reads",
}
_VERIFIERS = r"(game|verifier|trace_verifier|inference_verifier|state proof|record proof|validator|randomness): "
_PATTERNS = (
    # who may call
    (r"the owner$|must be timelock", "the timelock does it: `keifu deploy change` queues such a call"),
    (r"missing role", "an account with that role of the timelock does it: `keifu deploy status` names them"),
    (
        r"not (a |the |an )?(operator|provider|client|payer|receiver|author|attester|service|challenger|member"
        r"|validator|slasher|party|user|caller|account|grantee|successor|beneficiary|revoker|recovery|key|one to be"
        r"|agent|seller|buyer|token's owner|record's|attestor|signed by|proposed)|caller is not|only (its|the)"
        r"|not authorized|another one stores|not granted|never granted|can only renounce|is not authorized"
        r"|not the proposed",
        "send it from the account that the reason names, or have that account allow yours",
    ),
    # time
    (
        r"too early|not the time|not over|not ready|has not (passed|ended|begun|come)|still|may yet|not yet"
        r"|no seed yet|not matured|jurors|waits|under notice|is pending|is running|is open|is leased|under way"
        r"|sweep not open|phase not|insufficient delay|not past|before genesis|of an? epoch to come|epoch to come"
        r"|not this epoch|time is outside|are open|leased for longer|this epoch|being dropped|being judged"
        r"|an earlier case",
        "wait until that is over, then send the same call again; the chain's clock counts",
    ),
    # signatures and their time
    (r"signature|has not signed|is not signed|did not agree|nonce|not sealed|salt spent",
     "sign again: chain, contract, nonce and deadline are part of what is signed"),
    (r"deadline|expired|not yet valid", "sign again with a later deadline; the chain's clock counts"),
    (
        r"too late|is over|has ended|has passed|has expired|was closed|is closed|phase over|too old|lapsed|used up"
        r"|no longer|binding has ended|ends soon|seed was seen|given up|retired|was revoked|is revoked|was removed"
        r"|is removed|is void|no clone left|ended",
        "its time is over: begin anew, with a new one or a later end",
    ),
    # coins
    (r"transfer (failed|was refused|refused)|transfer: |coins were refused|payment refused|collector brought",
     "look at the balance and at the allowance for this contract; tokens that take a fee are not taken"),
    (r"takes a fee", "choose a token whose transfers bring the whole amount"),
    (r"allowance|approval|no Permit2|spender", "approve more coins for this contract"),
    (
        r"balance|not (enough|so much)|too few coins|too little|no bond|less than|below|lock too small|backed"
        r"|no buffer|asks too little|back less|no reserve|nothing is reserved|no reservation|not enough coins|buffer",
        "bring more coins, or ask for less",
    ),
    # what is there already, or is not
    (r"twice", "name each of them once"),
    (
        r"already|is known|known$|was used|used before|is registered|before$|has voted|has objected|has acted"
        r"|is taken|is anchored|minted before|was judged|was proved|contradiction was proved|was paid|is accepted"
        r"|: accepted|: claimed|: proved|once$|is authorized|was requested|owns it|was given|stands$|is carried"
        r"|is stored|reserved|is named|(came|was) first$|fixed|nothing to change|refund known|was shown",
        "nothing is to be done: it has happened before, and counts",
    ),
    (
        r"unknown|no such|not founded|no (longer )?(case|service|session|account|deal|order|demand|cover|offer|grant"
        r"|lease|ticket|withdrawal|binding|verdict|claim|promotion|answer|sums|tensor|operator|record|verifier|data"
        r"|sealed ballot|repairs|collection|epoch$)|is nowhere|not here|nobody|not stored|not carried|not drawn"
        r"|not absent|not proved|not listed|not proposed|not committed|no evidence|no fee|not bound|nothing answers"
        r"|not met|prove first|is not (lost|active|stored|under|named|trusted|sound|accepted|pending|used|backed)"
        r"|missing|not submitted|not a service|nothing runs|no answer|not accepted",
        "it is not there: look up its number or name, and whether the step before this one was made",
    ),
    (
        r"nothing|nobody was|no time to answer|no contradiction|no equivocation|is not false|is right|empty batch"
        r"|no plans|no place left|all places|to be removed|not in the hub",
        "there is nothing to be done by this call now: look at the state first",
    ),
    # proofs and what was committed to
    (
        r"not (in|on) the|no longer in|not that|not the (leaf|last|shared|secret|record|answer|proof|one|shard)"
        r"|not its|not what|is for (another|other)|not a leaf|node|not all|not five|not one|not of the|lane"
        r"|not a key|not on|is not (that|the)|data has|wrong key|another (turn|boundary|slot|receipt|request"
        r"|response)|other (sums|nodes|groups|data)|receipt|leaf|leaves",
        "show the very thing that was committed to, with its proof: make the proof anew from the whole",
    ),
    # the call's own values
    (r"is no contract|has no code|no code|no contract|no such oracle|hub does not answer|does not answer",
     "name the contract's address on this chain: `keifu deploy status` lists the suite's"),
    (
        r"out of range|too (large|many|long|short|high|low|old|much|dear|few)|above|beyond|over the|more than|below"
        r"|bad |malformed|invalid|too$|is full|all kept|less|at least|greater|only grows|after the last|dust",
        "choose a value within its bounds: `keifu explain` shows them beside the reason, docs/parameters.md by name",
    ),
    (r"zero|no (owner|receiver|endpoint|amount|hub|treasury|token|currency|executor|proposer|holder|heir|sink|stride"
     r"|client|user|wallet|root|name|epoch length|member|provider|attester|attestor|milestones|grantee|validator"
     r"|target|deals|channels|insurance|identity|period|payer|init code|beneficiary|data hash|session key|reason"
     r"|reward|proof|schedule|currency|attestors|clients|owner key|interest|length|court|proofs|randomness)|empty",
     "give what is missing: an address, an amount or a name that is not zero or empty"),
    (r"mismatch|length|in order|number of|another|other |changed|differs|different|does not hash|does not vest",
     "give what belongs to this one: same lengths, same order, same chain, and what stands there now"),
    (r"has moved|new owner|came first|sold", "somebody was faster: look at what stands there now, and decide anew"),
    (r"refuse|reverted|constructor failed|failed", "the contract that was called refused: simulate that call alone"),
    (r"prevrandao", "choose another source of seeds: the chain's prevrandao means nothing"),
    (r"cheats|circle|itself|is the (buyer|grantee)|member (is|made|has)|speaks of|not another account",
     "an account cannot do this with itself: choose another one"),
    (r"public data|private data", "data that everybody reads and data that is sealed have calls of their own"),
    (_VERIFIERS, "make the proof or the move anew from the whole trace: this one has not the form that is due"),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern), remedy) for pattern, remedy in _PATTERNS)


def remedy_of(reason: str) -> str:
    """What to do about a reason; `IN_GENERAL` when its words say too little."""
    if reason in _SINGLE:
        return _SINGLE[reason]
    return next((remedy for pattern, remedy in _COMPILED if pattern.search(reason)), IN_GENERAL)
