"""The sections of a node's configuration, and the forms that their values have."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from keifu.units import COIN, DAY, is_address, parse_amount, parse_duration

__all__ = [
    "AlertSettings",
    "AttestorWork",
    "CanaryWork",
    "ChainSettings",
    "ComputeWork",
    "CoverWork",
    "HttpSettings",
    "JurorWork",
    "KeeperWork",
    "KeySettings",
    "LogSettings",
    "MarketWork",
    "NotaryWork",
    "OperatorWork",
    "OwnFolder",
    "PassedOn",
    "RelayerWork",
    "RetrievalWork",
    "Seconds",
    "StorageWork",
    "WatcherWork",
    "split_address",
]

LARGEST_PORT = 65_535
LONGEST_PLACE = 256  # bytes of an endpoint, as the market takes it
HOST_AND_PORT = re.compile(r"(\[[0-9a-fA-F:]+\]|[^\s:\[\]]+):([0-9]{1,5})")


def _seconds(value: Any) -> Any:
    return parse_duration(value) if isinstance(value, str) else value


def _listen(text: str) -> str:
    _ = split_address(text)
    return text


def _id(text: str) -> str:
    plain = text.lower().removeprefix("0x")
    if re.fullmatch("[0-9a-f]{64}", plain) is None:
        raise ValueError("an environment's id has 64 hex digits")
    return plain


def _account(text: str) -> str:
    if text and not is_address(text):
        raise ValueError("an address is 0x and 40 hex digits")
    return text.lower()


def _hook(text: str) -> str:
    if text and not text.startswith(("http://", "https://")):
        raise ValueError("a webhook is https://…, or http://…")
    return text


def _place(text: str) -> str:
    if text and (not text.startswith(("http://", "https://")) or len(text.encode()) > LONGEST_PLACE):
        raise ValueError(f"clients find a provider at https://…, or http://…, of at most {LONGEST_PLACE} bytes")
    return text


def _token_amount(text: str) -> str:
    if parse_amount(text) == 0:
        raise ValueError("a price is above zero: leave out a token that is not taken")
    return text


def split_address(text: str) -> tuple[str, int]:
    """Host and port of `127.0.0.1:9650`. Raises ValueError."""
    match = HOST_AND_PORT.fullmatch(text)
    if match is None or int(match[2]) > LARGEST_PORT:
        raise ValueError(f"{text!r} is no address to listen on: 127.0.0.1:9650")
    return match[1].strip("[]"), int(match[2])


Seconds = Annotated[int, BeforeValidator(_seconds), Field(gt=0)]
Listen = Annotated[str, AfterValidator(_listen)]
Id = Annotated[str, AfterValidator(_id)]
Hook = Annotated[str, AfterValidator(_hook)]
Address = Annotated[str, AfterValidator(_account)]
Place = Annotated[str, AfterValidator(_place)]
TokenAmount = Annotated[str, AfterValidator(_token_amount)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ChainSettings(_Section):
    """Which chain, and how it is reached."""

    rpc: str  # several of one chain with commas between
    id: int = Field(gt=0)
    genesis: str  # hash of the first block: two local chains share a number, never that
    deployments: Path | None = None  # folder of deployment records


class KeySettings(_Section):
    """What the node signs with: a key file, or a role on a local chain."""

    file: Path | None = None
    password_file: Path | None = None  # else KEIFU_PASSWORD_FILE or KEIFU_PASSWORD
    role: str = ""


class HttpSettings(_Section):
    """Where health, status and metrics are: for the owner alone, so on loopback unless told otherwise."""

    listen: Listen


class LogSettings(_Section):
    """`auto` is console on a terminal, JSON elsewhere."""

    format: Literal["auto", "console", "json"] = "auto"
    level: Literal["debug", "info", "warning", "error"] = "info"


class AlertSettings(_Section):
    """Where the owner hears of what it must act on; the log has it in any case."""

    url: Hook = ""  # a webhook, which gets JSON
    timelock: bool = True  # whether actions that wait in the timelock are told
    after: Seconds = 600  # of not doing its work, after which a node says so


class OperatorWork(_Section):
    """What an operator's node serves, and how often it looks."""

    environment: Id
    artefacts: list[str]  # folders or files; a star stands for any name
    listen: Listen  # where anybody gets the heartbeats
    documents: list[Path] = []  # folders of manifests
    poll: Seconds = 5
    recheck: Seconds = 3600  # after which the bytes are hashed again
    rehear: bool = True  # whether it calls the re-hearing of a case that its operator has lost, and pays the bond


class JurorWork(_Section):
    """How a juror's node learns what its owner decided."""

    poll: Seconds
    decisions: Path = Path("decisions.toml")  # what the owner decided; `keifu node juror decide` writes it
    rule: list[str] = []  # a program that decides what the owner did not, with its arguments
    patience: Seconds = 600  # for one run of the rule
    warn: Seconds = 43_200  # before the time to vote is over, when a seat without a decision is told again


class KeeperWork(_Section):
    """What a keeper's node does for its tips, and what its owner adds to them, wei of ether."""

    poll: Seconds
    margin: float = Field(1.25, ge=1)  # what is earned has to be so many times the price of the gas
    for_seed: int = Field(0, ge=0)  # added to the tip of a seed that an open case waits for
    for_step: int = Field(0, ge=0)  # paid for the next step of a case, which has no tip
    for_epoch: int = Field(0, ge=0)  # paid for opening an epoch of the staking hub, which has no tip


class CanaryWork(_Section):
    """Canaries of a model, which a watcher buys as any client does. Amounts are of the suite's coin, in wei."""

    integers: Path | None = None  # the model's folder as it was promoted; without it none are bought
    texts: Path | None = None  # folder of ordinary texts, from which questions are cut; of pictures: JSON files
    environment: Literal[""] | Id = ""  # whose answers are bought
    model: str = "promoted"  # under which name providers answer
    every: Seconds = 3_600  # between two for one provider, on the average: the time is drawn
    tokens: int = Field(default=48, ge=4, le=512)  # of a reply, at most
    most: int = Field(default=COIN // 100, gt=0)  # for one answer
    day: int = Field(default=COIN, gt=0)  # for all answers and covers of a day (UTC)
    deposit: int = Field(default=COIN, gt=0)  # into a channel that is opened
    restitution: int = Field(default=10 * COIN, gt=0)  # of a cover
    providers: dict[str, str] = {}  # operator: URL, beside those of the market


class WatcherWork(_Section):
    """Whom a watcher asks, how often, and for how long."""

    poll: Seconds
    patience: Seconds = 5  # for one answer, from the first byte to the last
    private_peers: bool = False  # whether addresses inside a network are asked, beside local chains
    receiver: Address = ""  # of rewards; the node's own account when empty
    peers: dict[str, str] = {}  # operator: URL, over what the hub says
    canaries: CanaryWork = CanaryWork()
    canary_key: KeySettings | None = None  # which pays them, and nothing else: nobody may know it

    @property
    def missing_for_canaries(self) -> str:
        """The first setting that is not there."""
        own = self.canaries
        needed: dict[str, object] = {"canary_key": self.canary_key, "canaries.integers": own.integers}
        needed |= {"canaries.texts": own.texts, "canaries.environment": own.environment}
        return next((name for name, value in needed.items() if not value), "")


class PassedOn(_Section):
    """A model that another server has: any that speaks OpenAI's protocol. Prices are in the token's smallest unit."""

    upstream: Hook  # ends with /v1
    theirs: str = ""  # the model's name there, if it is another
    key_file: Path | None = None  # what that server wants to see
    endpoints: list[Literal["chat/completions", "completions", "embeddings", "classify"]] = ["chat/completions"]
    request: int = Field(0, ge=0)
    million_in: int = Field(0, ge=0)
    million_out: int = Field(0, ge=0)
    patience: Seconds = 60  # for its first byte, and for each after it
    tee: Address = ""  # of the key that signs its answers, when it runs in a trusted execution environment
    reexecuted: Literal[""] | Id = ""  # digest of a float model whose answers a panel may compute again


class OwnFolder(_Section):
    """A model of integers that this node runs itself. Prices are in the token's smallest unit."""

    path: Path  # a folder of keifu model build, or a GGUF file of a token model, whose integers are kept in the node's
    request: int = Field(0, ge=0)
    million_in: int = Field(0, ge=0)
    million_out: int = Field(0, ge=0)


class CoverWork(_Section):
    """Covers that a compute node signs, for coins that its operator has locked. Amounts in wei."""

    cap: int = Field(default=0, ge=0)  # of the lock, what covers by the receipt key may hold at a time
    cover_most: int = Field(default=1_000 * COIN, ge=0)  # restitution of one cover
    cover_price: int = Field(default=100, ge=0)  # of a cover's whole time, in basis points of its restitution
    cover_term: Seconds = 30 * DAY


class MarketWork(CoverWork):
    """What a compute node promises at the market; coins are locked there by its operator."""

    endpoint: Place = ""  # where clients find it; without one it offers nothing there
    operator: Address = ""  # whose promises, where that is not the node's own account: then its owner serves
    term: Seconds = 30 * DAY  # of a service, which is prolonged when half of it is over
    kept: int = Field(default=100_000, ge=1_000)  # answers that are kept for demands, at most
    orders: int = Field(default=4, ge=0)  # that are worked on at a time; 0 takes none


class ComputeWork(_Section):
    """What a compute node answers, for how much, and when it claims what it has earned."""

    listen: Listen  # where anybody asks
    poll: Seconds = 2
    environment: Literal[""] | Id = ""  # whose promoted artefact it serves
    artefacts: list[str] = []  # folders in which that is; a star stands for any name
    documents: list[Path] = []  # folders of manifests
    name: str = "promoted"  # under which the promoted artefact is asked for
    request: int = Field(0, ge=0)  # its prices
    million_in: int = Field(0, ge=0)
    million_out: int = Field(0, ge=0)
    models: dict[str, PassedOn] = {}  # by the names that they have here
    tokens: dict[str, OwnFolder] = {}  # the same, of token models that it runs itself
    embeddings: dict[str, OwnFolder] = {}  # and of models that make vectors of texts
    context: int = Field(2_048, ge=16, le=32_768)  # tokens of a chat, where the model has no fewer
    users: int = Field(4, ge=1, le=256)  # whose replies are computed at the same time
    receiver: Address = ""  # who is paid; the node's own account when empty
    token: Address = ""  # in which; the suite's coin when empty
    withdraw_delay: Seconds = DAY  # from a payer's asking for its deposit to its getting it
    credit: int = Field(0, ge=0)  # beyond a voucher, for who has paid before
    least_deposit: int = Field(0, ge=0)  # which is worth the gas of bringing it to the chain
    claim_after: Seconds = 3_600  # what was earned is claimed
    claim_above: int = Field(10 * COIN, ge=0)  # of one channel, what is claimed at once
    facilitator: Hook = ""  # who brings deposits by signature to the chain; the node itself when empty
    facilitator_channel: Literal[""] | Id = ""  # to it, whose vouchers this node's key signs for the gas
    facilitator_fee: int = Field(COIN, ge=0)  # of that channel's token, at most, for one of them
    deposits: Literal["eip3009", "permit2"] = "eip3009"  # what clients are asked to sign
    receipt: KeySettings | None = None  # the key that signs receipts and covers; the node's own without one
    market: MarketWork = MarketWork()
    disputes: CoverWork = CoverWork()  # of channels whose tokens can be disputed; without a cap it promises nothing


class RelayerWork(_Section):
    """What a relayer brings to the chain, and who pays for the gas. Gas is in wei of ether."""

    listen: Listen  # where servers and payers ask
    poll: Seconds = 2
    token: Address = ""  # in which gas is paid back; the suite's coin when empty
    per_ether: int = Field(0, ge=0)  # of the token's smallest unit for one ether of gas; 0: no refund is taken
    margin: float = Field(1.25, ge=1)  # times the price of the gas at the time of asking
    most_refund: int = Field(10 * COIN, ge=0)  # of the token, for one transaction
    free_each: int = Field(COIN // 100, ge=0)  # gas that is given away an hour, to one account
    free_all: int = Field(COIN // 10, ge=0)  # and to all
    most_gas: int = Field(COIN, ge=0)  # gas that is spent an hour, whoever pays for it
    least_deposit: int = Field(0, ge=0)  # of any token's smallest unit, that is brought
    patience: Seconds = 60  # until a block has it; who asked is then told that it is pending
    waiting: int = Field(256, gt=0)  # requests at a time


class AttestorWork(_Section):
    """What an attestor signs for, and where it stores what it encrypts anew. Amounts in wei."""

    listen: Listen  # where owners ask
    poll: Seconds = 2
    store: Path | None = None  # a folder that owners, attestors and buyers share; without one the storage network
    code: tuple[int, int] = (10, 4)  # of a file in the network: any k of k + m shards give it
    stored_for: Seconds = 30 * DAY  # of a file in the network; its owner stores it for longer
    most: int = Field(default=COIN, ge=0)  # that this node pays for one file
    backing: int = Field(default=1_000 * COIN, ge=0)  # of one transfer, that it signs
    reception: Seconds = DAY  # after which a key is erased, and what was sealed to it lost
    requests: int = Field(default=60, ge=1)  # that it signs an hour


class NotaryWork(_Section):
    """Whose headers a notary signs, for how long it promises at a time, and whom it looks at."""

    listen: Listen  # where anybody gets the signatures
    poll: Seconds
    sign: bool = True  # without it the node only looks at others
    foreign: str = ""  # endpoints of the other chain with commas between
    foreign_chain: int = Field(0, ge=0)
    foreign_genesis: str = ""  # hash of its first block
    every: int = Field(32, ge=1)  # a number is signed when it is a multiple: all notaries of a chain take the same
    term: Seconds = 60 * DAY  # prolonged when half of it is over
    watch: bool = True  # whether others are looked at
    patience: Seconds = 5  # for one answer, from the first byte to the last
    private_peers: bool = False  # whether addresses inside a network are asked, beside local chains
    receiver: Address = ""  # of rewards; the node's own account when empty
    peers: dict[str, str] = {}  # attestor: URL, over what the hub says


class AgainModel(_Section):
    """A float model of a re-executor's own: any server that speaks OpenAI's protocol. Rule and fee name its pool."""

    upstream: Hook  # ends with /v1
    digest: Id  # of the weights, as receipts name them
    weights: Path | None = None  # that the digest is compared with
    rule: Literal["numbers", "text"] = "numbers"
    absolute: float = 0.0  # how far numbers may be apart, and as a part of one's own
    relative: float = 0.0
    fee: int = Field(8 * COIN, ge=COIN, le=100 * COIN)  # wei of a seat, as promises name it
    theirs: str = ""  # the model's name there
    key_file: Path | None = None
    endpoints: list[Literal["chat/completions", "completions", "embeddings", "classify"]] = ["chat/completions"]
    patience: Seconds = 60


class ReExecutorWork(_Section):
    """What a re-executor computes again, and how often it looks."""

    poll: Seconds
    models: dict[str, AgainModel] = {}
    turn: Seconds = 600  # that each seat before its own has to close a demand


class RetrievalWork(_Section):
    """What a storage node takes for segments that are asked for. Amounts in the token's smallest unit."""

    price: int = Field(default=0, ge=0)  # of a gibibyte; 0: nobody pays
    free: int = Field(default=1 << 30, ge=0)  # bytes a day, for all together, that nobody pays for
    token: Address = ""  # the suite's coin when empty
    withdraw_delay: Seconds = DAY
    credit: int = Field(default=0, ge=0)
    least_deposit: int = Field(default=0, ge=0)
    claim_after: Seconds = 3_600
    claim_above: int = Field(default=10 * COIN, ge=0)


class StorageWork(_Section):
    """What a storage node keeps, for how much, and what it does beside. Prices are gwei of the suite's coin."""

    listen: Listen  # where anybody asks
    poll: Seconds = 2
    url: Place = ""  # where clients find it; without one it offers nothing
    region: str = Field("", max_length=64)  # as its owner declares it
    operator: str = Field("", max_length=64)  # whose machines these are: a client takes one shard to each
    room: int = Field(1 << 40, gt=0)  # bytes of all that is stored
    unpaid: int = Field(16 << 30, gt=0)  # of it, for what nobody has paid for
    unpaid_for: Seconds = DAY  # after which that goes
    price: int = Field(0, ge=0)  # of a gibibyte and epoch
    tokens: dict[Address, TokenAmount] = {}  # listed tokens that it takes, too, and the same price in each
    restitution: int = Field(1_000_000_000_000, ge=0)  # of a gibibyte, at most
    signed_for: Seconds = 600  # that a signed acceptance can be used
    repairs: bool = True  # whether it takes over shards that others have lost
    epochs: bool = True  # whether it names and shows the epoch's seed, for the tip
    term_reward: int = Field(COIN // 10, ge=0)  # wei for which it opens the next term of an endowment
    turns: float = Field(1.0, ge=0)  # how long it lets others do that first
    sweep: Seconds = 600  # between two rounds that give room back
    withdraw_above: int = Field(COIN, ge=0)  # wei of pay that is worth the gas
    collect_epochs: int = Field(30, ge=1)  # of pay in another token that are worth it
    receiver: Address = ""  # who is paid; the node's own account when empty
    retrieval: RetrievalWork = RetrievalWork()
