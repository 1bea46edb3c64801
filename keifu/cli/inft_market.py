"""`keifu inft`: sales. The work is done in keifu/inft/actions.py."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ethwire.constants import ZERO_ADDRESS
from keifu.cli._agents import (
    MARKET,
    NFT,
    TOKEN,
    VERIFIER,
    account_place,
    contract,
    first_block,
    parse_transfer,
    token_argument,
    token_number,
)
from keifu.cli._ids import the_one
from keifu.cli._print import emit, table
from keifu.cli._types import ADDRESS, COINS, DURATION, IN_FILE, OUT_PATH, RECORD, Id
from keifu.cli.verbs import Access, json_option, verb
from keifu.errors import CheckFailed, InputError
from keifu.units import coins, day

if TYPE_CHECKING:
    from keifu.chain import Deployment
    from keifu.cli.session import Session
    from keifu.inft.orders import SignedOrder
    from keifu.inft.status import SaleStatus

__all__ = ["agree", "cancel", "order", "release", "sales", "settle", "withdraw"]

SUITE = (MARKET, NFT, VERIFIER, TOKEN)
SHOWN = 16  # digits of a number in a list
order_argument = click.argument("order_path", metavar="ORDER", type=IN_FILE)


@verb("order", example="keifu inft order 3fa1 --price 100 --out order.json --role author", access=Access.SEND)
@token_argument
@click.option("--price", type=COINS, required=True, help="Coins that the buyer pays.")
@click.option("--out", "path", type=OUT_PATH, required=True, help="New file for the order.")
@click.option("--buyer", type=ADDRESS, help="Who may buy.  [default: whoever settles]")
@click.option("--backing", type=COINS, default="0", help="Coins that attestors must promise you for a wrong key.")
@click.option("--for", "length", type=DURATION, default="1 day", show_default=True, help="How long the order stands.")
@click.option("--with-account", is_flag=True, help="Name the state of the token's account: it must be as it is now.")
@json_option
def order(
    session: Session,
    token: Id,
    price: int,
    path: Path,
    buyer: str | None,
    backing: int,
    length: int,
    with_account: bool,
    json_out: bool,
) -> None:
    """Offer a token for sale: an order that you have signed, and the market's right to move this token."""
    if path.exists():
        raise InputError(f"{path} is there already", remedy="choose another file")
    from keifu.inft.selling import Offer
    from keifu.inft.selling import offer as sign_offer

    wanted = Offer(price, buyer or ZERO_ADDRESS, backing, length)
    suite, client, number = session.suite(*SUITE), session.client, token_number(session, token)
    account = client.at(_account(session, number), "AgentAccount") if with_account else None
    made = sign_offer(client, session.deployer, suite, session.sign, number, wanted, path, account).terms
    message = f"order {made.hash.hex()} for {coins(price)} coins, until {day(made.deadline)}: {path}"
    emit({"order": made.hash.hex(), "file": str(path)}, message, json_out)


@verb("agree", example="keifu inft agree order.json --role buyer", access=Access.SEND)
@order_argument
@json_option
def agree(session: Session, order_path: Path, json_out: bool) -> None:
    """Sign an order as its buyer, and let the market take its price, and no more, when it is settled."""
    signed = _order(order_path)
    from keifu.inft import actions

    suite, terms = _suite_of(session, signed), signed.terms
    if terms.buyer not in (ZERO_ADDRESS, session.sender):
        raise CheckFailed(
            f"the order is for {terms.buyer}, not {session.sender}", remedy="ask the seller for another one"
        )
    if terms.buyer == ZERO_ADDRESS:
        raise CheckFailed("the order names no buyer", remedy="settle it yourself: keifu inft settle")
    actions.approve_price(session.deployer, suite, terms)
    signed.buyer_signature = session.sign(signed.digest).hex()
    signed.save(order_path)
    emit(
        {"order": terms.hash.hex()}, f"agreed to pay {coins(terms.price)} coins for order {terms.hash.hex()}", json_out
    )


@verb("settle", example="keifu inft settle order.json --proofs sold/transfer.json --role author", access=Access.SEND)
@order_argument
@click.option("--proofs", "path", type=IN_FILE, help="The transfer that all have signed; public data needs none.")
@json_option
def settle(session: Session, order_path: Path, path: Path | None, json_out: bool) -> None:
    """Settle an order: the token with its data goes to the buyer, and the price is held until nobody can complain.

    Whoever sends it needs no signature of its own. For private data that should be the seller.
    """
    signed, said = _order(order_path), parse_transfer(path) if path else None
    from keifu.inft import actions
    from keifu.inft.status import read_sale

    suite, terms = _suite_of(session, signed), signed.terms
    proofs = said.proofs(contract(session, VERIFIER).signers_needed()) if said else []
    signatures = (bytes.fromhex(signed.seller_signature), bytes.fromhex(signed.buyer_signature))
    actions.settle(session.deployer, suite, terms, *signatures, proofs)
    sale = read_sale(contract(session, MARKET), contract(session, VERIFIER), terms.hash)
    message = f"sale {sale.sale.hex()}: {_where(sale)}"
    emit(sale.data(), message, json_out)


@verb("cancel", example="keifu inft cancel order.json --role author", access=Access.SEND)
@order_argument
@json_option
def cancel(session: Session, order_path: Path, json_out: bool) -> None:
    """Take back your side of an order that was not settled."""
    signed = _order(order_path)
    from keifu.inft import actions

    actions.cancel(session.deployer, _suite_of(session, signed), signed.terms)
    emit({"order": signed.terms.hash.hex()}, f"order {signed.terms.hash.hex()} is cancelled", json_out)


@verb("sales", example="keifu inft sales --json", access=Access.READ)
@json_option
def sales(session: Session, json_out: bool) -> None:
    """List every sale and where its price is."""
    from keifu.inft.status import find_sales, read_sale

    market, verifier = contract(session, MARKET), contract(session, VERIFIER)
    numbers = find_sales(session.client, market, first_block(session, MARKET))
    found = [read_sale(market, verifier, number) for number in numbers]
    if json_out:
        emit({"sales": [sale.data() for sale in found]}, "", json_out)
        return
    rows = [
        (sale.sale.hex()[:SHOWN] + "…", f"{sale.token_id:064x}"[:SHOWN] + "…", coins(sale.price), _where(sale))
        for sale in found
    ]
    table(("sale", "token", "price", "where it is"), rows, empty="nothing was sold")


@verb("release", example="keifu inft release 9c41 --role author", access=Access.SEND)
@click.argument("sale", type=RECORD)
@json_option
def release(session: Session, sale: Id, json_out: bool) -> None:
    """End a sale whose price is held: to seller and creators after the window, to the buyer when a key was wrong."""
    from keifu.inft import actions

    suite, number = session.suite(*SUITE), sale if sale.whole else _sale_beginning(session, sale)
    credited = actions.release(session.deployer, suite, bytes.fromhex(number))
    message = f"{coins(credited)} coins credited; keifu inft withdraw pays them"
    emit({"sale": str(number), "credited": str(credited)}, message, json_out)


@verb("withdraw", example="keifu inft withdraw --role author", access=Access.SEND)
@json_option
def withdraw(session: Session, json_out: bool) -> None:
    """Withdraw what market and verifier have credited to you: prices, royalties, refunds, damages."""
    from keifu.inft import actions

    paid = actions.withdraw(session.deployer, session.suite(*SUITE))
    emit({"paid": str(paid)}, f"{coins(paid)} coins paid" if paid else "nothing is due now", json_out)


def _order(path: Path) -> SignedOrder:
    from keifu.inft.orders import SignedOrder

    return SignedOrder.load(path)


def _suite_of(session: Session, signed: SignedOrder) -> Deployment:
    """The suite, when the order is of its market. Raises CheckFailed for another chain's or market's."""
    suite = session.suite(*SUITE)
    if (signed.chain_id, signed.market) != (session.client.chain_id, suite[MARKET]):
        raise CheckFailed(
            f"the order is of chain {signed.chain_id} and market {signed.market}, this is chain"
            f" {session.client.chain_id}",
            remedy="look at --rpc and --deployments",
        )
    return suite


def _account(session: Session, number: int) -> str:
    """Where the token's account is. Raises EnvironmentFault when it was not made yet."""
    address = account_place(session, number)
    session.require_code(address, "the token's account")
    return address


def _sale_beginning(session: Session, given: Id) -> str:
    from keifu.inft.status import find_sales

    market = contract(session, MARKET)
    known = [number.hex() for number in find_sales(session.client, market, first_block(session, MARKET))]
    return the_one(given, [number for number in known if number.startswith(given)], "sale")


def _where(sale: SaleStatus) -> str:
    if sale.over:
        return f"{coins(sale.price)} coins were paid out"
    if sale.wrong:
        return f"{coins(sale.price)} coins go back to the buyer: a key was wrong"
    return f"{coins(sale.price)} coins are held until {day(sale.until)}"
