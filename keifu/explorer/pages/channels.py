"""Payment channels: what came in, what was claimed and what went back, and what receivers got in all."""

from __future__ import annotations

from keifu.chain.suite import CHANNELS, COMPUTE
from keifu.explorer.markup import Child, Markup, el
from keifu.explorer.pages.providers import channel_link, cover_table, demand_table
from keifu.explorer.parts import facts, pager, section, table
from keifu.explorer.payments import MOST, PARTIES, Channel, channel_of, channels
from keifu.explorer.view import Event, NotFound, Sheet, View
from keifu.index import Totals
from keifu.units import coins, duration

__all__ = ["channel", "channels_page", "receiver", "receivers"]

ON_PAGE = 25
# Reasons why an item of a batch counted nothing, as the contract numbers them.
SKIPPED = {1: "not-receivers", 2: "nothing-new", 3: "nothing-left", 4: "not-signed-for", 5: "bad-signature"}
_AMOUNTS = ("amount", "newTotalClaimed", "fee")  # in the channel's token
_COINS = ("restitution", "refund")
_DID = (
    "ChannelCreated", "ChannelClosed", "Deposited", "Claimed", "ClaimSkipped", "Refunded", "WithdrawInitiated",
    "WithdrawFinalized", "Covered", "CoverFreed", "Reported", "Demanded", "Answered", "Unanswered",
)  # fmt: skip


def channels_page(view: View) -> Sheet:
    """Those that were opened last, of a payer, a receiver or a token where the address says so."""
    words = view.words
    parties = {name: view.account(view.query[name]) for name in PARTIES if name in view.query}
    found, page = channels(view, ON_PAGE, parties)
    body: list[Child] = [
        el("p", words("channels.lead"), class_="lead"),
        facts(*((words(f"channels.{name}"), view.address(party)) for name, party in parties.items())),
        _table(view, found),
        pager(view, page, "channels", query=parties),
        el("p", view.link(words("more.receivers"), "receivers")),
    ]
    return Sheet(words("channels.title"), body, [("keifu", "index", "check")])


def _table(view: View, found: list[Channel]) -> Markup:
    words = view.words
    names = ("channel", "payer", "receiver", "token", "deposited", "claimed", "returned", "left", "proof")
    rows = (
        (
            channel_link(view, item.id),
            *(_party(view, name, str(item.said[name])) for name in PARTIES),
            _deposited(view, item),
            _claimed(view, item),
            _returned(view, item),
            view.amount(item.left, item.token),
            view.proof(item.created),
        )
        for item in found
    )
    return table([words(f"channels.{name}") for name in names], rows, words("channels.none"))


def _party(view: View, name: str, party: str) -> Markup:
    """Leads to all channels of the same one."""
    text = view.contract_at(party) or el("code", f"{party[:10]}…")
    return view.link(text, "channels", query={name: party}, title=party)


def _deposited(view: View, item: Channel) -> Markup:
    return view.sum_of(item.deposited, item.token, CHANNELS, "Deposited", channelId=item.id)


def _claimed(view: View, item: Channel) -> Markup:
    return view.sum_of(item.claimed, item.token, CHANNELS, "Claimed", channelId=item.id)


def _returned(view: View, item: Channel) -> Markup:
    return view.sum_of(item.returned, item.token, CHANNELS, "Refunded", "WithdrawFinalized", channelId=item.id)


def channel(view: View, text: str) -> Sheet:
    words = view.words
    id_ = view.word(text, "channel")
    found = channel_of(view, id_)
    if found is None:
        raise NotFound(f"no channel {id_[2:]} was opened", remedy="is it of this chain?")
    said = found.said
    parties = ("payer", "payerAuthorizer", "receiver", "receiverAuthorizer", "token")
    body: list[Child] = [
        facts(
            (words("channel.id"), el("code", id_)),
            *((words(f"channel.{name}"), view.address(said[name])) for name in parties if int(said[name], 16)),
            (words("channel.delay"), duration(int(said["withdrawDelay"]))),
            (words("channel.opened"), [view.time(found.created["block_time"]), " ", view.proof(found.created)]),
            (words("channels.deposited"), _deposited(view, found)),
            (words("channels.claimed"), _claimed(view, found)),
            (words("channels.returned"), _returned(view, found)),
            (words("channels.left"), view.amount(found.left, found.token)),
            (words("channel.asked"), _asked(view, found)),
            (words("channel.totals"), view.link(words("channel.see-receiver"), "receiver", said["receiver"])),
        ),
        *_promised(view, id_),
        section(words("channel.history"), _history(view, found), name="history"),
    ]
    return Sheet(words("channel.title", short=id_[:10]), body, [("keifu", "index", "check")])


def _promised(view: View, id_: str) -> list[Child]:
    if not view.has(COMPUTE):
        return []
    return [
        section(view.words("channel.covers"), cover_table(view, channel=id_), name="covers"),
        section(view.words("channel.demands"), demand_table(view, channel=id_), name="demands"),
    ]


def _asked(view: View, item: Channel) -> Child:
    asked = item.asked_back
    if asked is None:
        return None
    amount = view.amount(int(asked["args"]["amount"]), item.token)
    return [amount, " ", view.words("channel.not-before"), " ", view.time(int(asked["args"]["finalizeAfter"])), " ",
            view.proof(asked)]  # fmt: skip


def _history(view: View, item: Channel) -> Child:
    """Everything that names the channel, of payments and of promises, the newest first."""
    words = view.words
    page = view.mentioning(item.id, limit=ON_PAGE)
    heads = [words(f"steps.{name}") for name in ("time", "what", "said", "proof")]
    rows = (
        (view.time(event["block_time"]), _name(view, event), _said(view, item, event), view.proof(event))
        for event in page.events
    )
    return [table(heads, rows, words("steps.none")), pager(view, page, "channel", item.id[2:])]


def _name(view: View, event: Event) -> Child:
    """A stranger may have named the channel anywhere: only what is about it has words of its own."""
    known = event["contract"] in (CHANNELS, COMPUTE) and event["event"] in _DID
    return view.words(f"did.{event['event']}") if known else f"{event['contract']}.{event['event']}"


def _said(view: View, item: Channel, event: Event) -> Child:
    args = event["args"]
    parts: list[Child] = [
        view.amount(int(args[name]), item.token) for name in _AMOUNTS if name in args and event["contract"] == CHANNELS
    ]
    parts += [coins(int(args[name])) for name in _COINS if name in args]
    if event["event"] == "ClaimSkipped":
        reason = SKIPPED.get(int(args["reason"]), "")
        parts.append(view.words(f"skipped.{reason}") if reason else str(args["reason"]))
    by = next((args[name] for name in ("sender", "requester", "prover", "operator") if name in args), None)
    parts += [" ", view.address(by)] if by else []
    return parts or "–"


def receivers(view: View) -> Sheet:
    """Who was paid, in which token, those that were paid last first."""
    words = view.words
    recent = Totals(view.store, ON_PAGE).recent
    paid = recent(CHANNELS, ["Settled"], "receiver", "token") if view.has(CHANNELS) else []
    heads = [words(f"receivers.{name}") for name in ("receiver", "token", "settled", "fees")]
    rows = (
        (view.link(el("code", f"{who[:10]}…"), "receiver", who, title=who), *_totals(view, who, token))
        for who, token in paid
    )
    return Sheet(words("receivers.title"), [table(heads, rows, words("receivers.none"))], [("keifu", "index", "check")])


def _totals(view: View, who: str, token: str) -> tuple[Child, ...]:
    where = {"receiver": who, "token": token}
    settled, kept = (view.totals.sum(CHANNELS, name, "amount", **where) for name in ("Settled", "FeeKept"))
    return (
        view.address(token),
        view.sum_of(settled, token, CHANNELS, "Settled", **where),
        view.sum_of(kept, token, CHANNELS, "FeeKept", **where),
    )


def receiver(view: View, text: str) -> Sheet:
    """What one receiver claimed and was paid, token by token, and its channels."""
    words = view.words
    account = view.account(text)
    all_, page = channels(view, MOST, {"receiver": account})
    claimed: dict[str, int] = {}
    for item in all_:
        claimed[item.token] = claimed.get(item.token, 0) + item.claimed
    heads = [words(f"receivers.{name}") for name in ("token", "settled", "fees", "claimed")]
    rows = ((*_totals(view, account, token), view.amount(amount, token)) for token, amount in sorted(claimed.items()))
    some = all_[:ON_PAGE]
    more = len(all_) > len(some) or page.next
    body: list[Child] = [
        facts((words("address.address"), view.address(account))),
        section(words("receivers.totals"), table(heads, rows, words("receivers.nothing")), name="totals"),
        el("p", words("receivers.cut", count=f"{MOST:,}"), class_="note") if page.next else None,
        section(words("receivers.channels"), _table(view, some), name="channels"),
        el("p", view.link(words("more.channels"), "channels", query={"receiver": account})) if more else None,
    ]
    return Sheet(words("receiver.title", short=account[:10]), body, [("keifu", "index", "check")])
