"""Agents: whose each is, what its data was and is, who leases it, what it cost, and what others say of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ethwire.constants import ZERO_ADDRESS
from keifu.accounts.identity import Token, address_of
from keifu.chain.suite import ACCOUNT, ACCOUNT_REGISTRY, IDENTITY, MARKET, NFT, REPUTATION
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.parts import facts, pager, section, table
from keifu.explorer.sessions import calls, sessions
from keifu.explorer.view import Event, NotFound, Sheet, View, place_of

__all__ = ["agent", "agents"]

ON_PAGE, SHORT = 25, 8
FEEDBACKS = 50  # newest first


def agents(view: View) -> Sheet:
    """Those that were minted or cloned last."""
    words = view.words
    page = view.page(NFT, "Transfer", ON_PAGE, {"from": ZERO_ADDRESS})
    names = ("agent", "owner", "versions", "moves", "proof")
    rows = (
        (
            _link(view, event["args"]["tokenId"]),
            _owner(view, event["args"]["tokenId"]),
            f"{len(_versions(view, event['args']['tokenId'])):,}",
            f"{len(_moves(view, event['args']['tokenId'])) - 1:,}",
            view.proof(event),
        )
        for event in page.events
    )
    body = [
        el("p", words("agents.lead"), class_="lead"),
        table([words(f"agents.{name}") for name in names], rows, words("agents.none")),
        pager(view, page, "agents"),
    ]
    return Sheet(words("agents.title"), body, [("keifu", "inft", "list")])


def agent(view: View, text: str) -> Sheet:
    """One of them, by the hex digits of its token's number."""
    words = view.words
    number = str(int(view.word(text, "agent"), 16))
    moves = _moves(view, number)
    if not moves:
        raise NotFound(f"there is no agent {text[:80]}", remedy="a number of the list of agents")
    terms = view.last(NFT, "TermsSet", token_id=number)
    parent = view.last(NFT, "Cloned", _newTokenId=number)
    plain = f"{int(number):064x}"
    made = _account(view, number)
    account = made["args"]["account"] if made else ""
    moved = view.last(NFT, "Transfer", tokenId=number) or moves[-1]
    missing = [el("p", words("session.no-account"), class_="empty")]
    body: list[Child] = [
        facts(
            (words("agent.number"), el("code", plain)),
            (words("agents.owner"), [_owner(view, number), " ", view.proof(moved)]),
            (
                words("agent.parent"),
                [_link(view, parent["args"]["_tokenId"]), " ", view.proof(parent)] if parent else None,
            ),
            *_terms(view, terms),
            (words("agent.account"), [view.address(account), " ", view.proof(made)] if made else None),
        ),
        section(words("agent.data"), _data(view, number), name="data"),
        section(words("agent.owners"), _owners(view, moves), name="owners"),
        section(words("agent.leases"), _leases(view, number), name="leases"),
        section(words("agent.clones"), _clones(view, number), name="clones"),
        section(words("session.title"), *(sessions(view, account, moved) if account else missing), name="sessions"),
        section(words("session.calls"), *(calls(view, account) if account else missing), name="calls"),
        section(words("agent.reputation"), *_reputation(view, number), name="reputation"),
    ]
    checks = [("keifu", "inft", "show", plain[:SHORT]), ("keifu", "account", "show", plain[:SHORT])]
    return Sheet(words("agent.title", short=plain[:SHORT]), body, checks)


def _link(view: View, number: str) -> Markup:
    plain = f"{int(number):064x}"
    return view.link(el("code", plain[:SHORT]), "agent", plain, title=plain)


def _owner(view: View, number: str) -> Child:
    moved = view.last(NFT, "Transfer", tokenId=number)
    owner = moved["args"]["to"] if moved else ZERO_ADDRESS
    return view.words("agents.burned") if owner == ZERO_ADDRESS else view.address(owner)


def _moves(view: View, number: str) -> list[Event]:
    return view.events(NFT, "Transfer", tokenId=number)


def _versions(view: View, number: str) -> list[Event]:
    return view.events(NFT, "Updated", _tokenId=number)


def _terms(view: View, event: Event | None) -> Iterable[tuple[str, Child]]:
    if event is None:
        return ()
    words, said = view.words, event["args"]
    royalty = [f"{int(said['royalty_bps']) / 100:g} %", " ", view.proof(event)]
    return (
        (words("agent.creator"), view.address(said["creator"])),
        (words("agent.royalty"), royalty),
        (words("agent.cap"), words("agent.clones-of", cap=said["clone_cap"], generations=said["generations"])),
    )


def _account(view: View, number: str) -> Event | None:
    """Where the one was made that the suite's implementation makes. Anybody may make others, of code that obeys
    somebody else."""
    known = view.totals.addresses
    if not known.keys() >= {ACCOUNT_REGISTRY, ACCOUNT, NFT}:
        return None
    token = Token(view.store.suite.chain_id, known[NFT], int(number))
    place = address_of(known[ACCOUNT_REGISTRY], known[ACCOUNT], token)
    return view.last(ACCOUNT_REGISTRY, "ERC6551AccountCreated", tokenId=number, account=place)


def _data(view: View, number: str) -> Markup:
    words = view.words
    versions = _versions(view, number)
    rows = (
        (f"{place:,}", view.time(event["block_time"]), _hashes(event["args"]["_newDataHashes"]), view.proof(event))
        for place, event in enumerate(versions)
    )
    return table([words(f"agent.{name}") for name in ("version", "time", "hashes", "proof")], rows, words("agent.none"))


def _hashes(hashes: Sequence[str]) -> Child:
    return [child for item in hashes for child in (el("code", item.removeprefix("0x")[:SHORT], title=item), " ")]


def _owners(view: View, moves: Sequence[Event]) -> Markup:
    """With the price, where a sale was settled in the same transaction."""
    words = view.words
    rows = (
        (view.time(event["block_time"]), view.address(event["args"]["to"]), _price(view, event), view.proof(event))
        for event in moves
    )
    return table([words(f"agent.{name}") for name in ("time", "to", "price", "proof")], rows, words("agent.none"))


def _price(view: View, moved: Event) -> Child:
    number = moved["args"]["tokenId"]
    for event in view.transaction(moved["transaction_hash"]):
        said = event["args"] if (event["contract"], event["event"]) == (MARKET, "Settled") else {}
        if said.get("token_id") == number and event["log_index"] > moved["log_index"]:
            return view.amount(int(said["price"]), said["currency"])
    return "–"


def _leases(view: View, number: str) -> Markup:
    words = view.words
    rows = (
        (
            view.address(event["args"]["user"]),
            view.amount(int(event["args"]["price"]), event["args"]["currency"]),
            view.time(int(event["args"]["expires_at"])),
            _used(view, event),
            view.proof(event),
        )
        for event in view.events(NFT, "Leased", token_id=number)
    )
    return table(
        [words(f"agent.{name}") for name in ("user", "price", "ends", "used", "proof")], rows, words("agent.none")
    )


def _used(view: View, lease: Event) -> str:
    """Of this lease: a user's next one begins anew."""
    said = lease["args"]
    of_both = {"token_id": said["token_id"], "user": said["user"]}
    later = [item for item in view.events(NFT, "Leased", **of_both) if place_of(item) > place_of(lease)]
    end = place_of(later[0]) if later else (1 << 63, 0)
    uses = [
        int(item["args"]["uses"])
        for item in view.events(NFT, "UseRecorded", **of_both)
        if place_of(lease) < place_of(item) < end
    ]
    return f"{sum(uses):,} / {int(said['quota']):,}"


def _clones(view: View, number: str) -> Markup:
    words = view.words
    rows = (
        (view.time(event["block_time"]), _link(view, event["args"]["_newTokenId"]), view.proof(event))
        for event in view.events(NFT, "Cloned", _tokenId=number)
    )
    return table([words(f"agent.{name}") for name in ("time", "clone", "proof")], rows, words("agent.none"))


def _reputation(view: View, number: str) -> list[Child]:
    """Of each number in the registry that has this token's data now."""
    words = view.words
    bound = {event["args"]["agent_id"] for event in view.events(IDENTITY, "DataBound", token_id=number)}
    found: list[Child] = []
    for known in sorted(bound, key=int):
        last = view.last(IDENTITY, "DataBound", agent_id=known)
        if last is None or last["args"]["token_id"] != number:
            continue
        found.append(el("p", words("agent.known-as", number=known), " ", view.proof(last)))
        found.append(_feedback(view, known))
    return found or [el("p", words("agent.unbound"), class_="empty")]


def _feedback(view: View, known: str) -> Markup:
    words = view.words
    revoked = {
        (item["args"]["clientAddress"], item["args"]["feedbackIndex"])
        for item in view.events(REPUTATION, "FeedbackRevoked", agentId=known)
    }
    given = view.events(REPUTATION, "NewFeedback", limit=FEEDBACKS, oldest=False, agentId=known)
    resets = view.events(REPUTATION, "ReputationReset", limit=FEEDBACKS, oldest=False, agent_id=known)
    rows = (
        (
            view.time(event["block_time"]),
            *(_said(view, event, revoked) if event["event"] == "NewFeedback" else ("–", words("agent.reset"))),
            view.proof(event),
        )
        for event in sorted([*given, *resets], key=place_of, reverse=True)
    )
    return table([words(f"agent.{name}") for name in ("time", "client", "said", "proof")], rows, words("agent.none"))


def _said(view: View, event: Event, revoked: set[tuple[str, str]]) -> tuple[Child, Child]:
    said = event["args"]
    value, places = int(said["value"]), int(said["valueDecimals"])
    digits = f"{abs(value):0{places + 1}d}"
    shown = ("-" if value < 0 else "") + (f"{digits[:-places]}.{digits[-places:]}" if places else digits)
    tags = " ".join(tag for tag in (said["tag1"], said["tag2"]) if tag)
    taken_back = (said["clientAddress"], said["feedbackIndex"]) in revoked
    words: list[Child] = [el("span", f"{shown} {tags}".strip())]
    if taken_back:
        words += [" ", view.words("agent.revoked")]
    return view.address(said["clientAddress"]), words
