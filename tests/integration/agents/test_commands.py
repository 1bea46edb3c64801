"""`keifu inft` and `keifu account` from mint to complaint on a chain, as people type them."""

from __future__ import annotations

import io
import json
import stat

import msgspec
import pytest
from eth_account.messages import defunct_hash_message

from ethwire.constants import ZERO_ADDRESS
from keifu.inft import Transfer, seal
from keifu.keys import checksum
from keifu.local.roles import ROLES
from keifu.units import COIN, DAY
from tests.integration.agents.conftest import ATTESTORS, AUTHOR, BUYER

PAY = "transfer(address,uint256)"


def nonces(chain):
    return [chain.rpc.call("eth_getTransactionCount", role.account.address, "latest") for role in ROLES.values()]


# tokens ---------------------------------------------------------------------------------------------------------------


def test_a_sale_from_mint_to_money(does, keifu, chain, sold, minted, address, tmp_path):
    shown = does("inft", "show", minted)
    assert (shown["owner"], shown["transfers"], shown["private"]) == (address("buyer"), 1, True)
    assert does("inft", "receive", "sold/transfer.json", "--key", "transfer.key", "--out", "got")["files"] == [
        "0-prompt.txt",
        "1-memory.txt",
    ]
    assert (tmp_path / "got" / "0-prompt.txt").read_text() == "You are brief."
    assert (sold["state"], sold["price"]) == ("held", str(100 * COIN))
    assert keifu("inft", "release", sold["sale"][:6], *AUTHOR)[::2] == (
        1,
        f"{sold['sale'][:6]} is sale {sold['sale']}\nkeifu: reverted: market: complaint window is open "
        '(see: keifu explain "market: complaint window is open")\n',
    )
    chain.warp(3 * DAY + 1)
    assert does("inft", "release", sold["sale"][:6], *AUTHOR)["credited"] == str(100 * COIN)
    assert does("inft", "withdraw", *AUTHOR)["paid"] == str(100 * COIN)
    assert does("inft", "sales")["sales"][0]["state"] == "over"
    assert "nothing is due now" in keifu("inft", "withdraw", *AUTHOR)[1]


def test_what_was_bought_can_be_sold_again(does, sold, minted, address):
    """The buyer's folder is what the seller's was."""
    does("inft", "receive", "sold/transfer.json", "--key", "transfer.key", "--out", "got")
    key = does("inft", "key", "--out", "second.key")["public_key"]
    does("inft", "prepare", minted, "--data", "sold", "--to", address("node"), "--public-key", key, "--out", "again")
    for role in ATTESTORS:
        does("inft", "attest", "again/transfer.json", "--data", "sold", "--role", role)
    does("inft", "accept", "again/transfer.json", "--key", "second.key", "--role", "node")
    does("inft", "transfer", minted, "--to", address("node"), "--proofs", "again/transfer.json", *BUYER)
    assert does("inft", "show", minted)["transfers"] == 2


def test_a_clone_and_an_update(does, minted, address):
    key = does("inft", "key", "--out", "k")["public_key"]
    common = ("--data", "mine", "--public-key", key)
    for name, to, more in (("copy", "buyer", ("--clone",)), ("new", "author", ())):
        does("inft", "prepare", minted, *common, "--to", address(to), "--out", name, *more)
        for role in ATTESTORS:
            does("inft", "attest", f"{name}/transfer.json", "--data", "mine", "--role", role)
        does("inft", "accept", f"{name}/transfer.json", "--key", "k", "--role", to)
    made = does("inft", "clone", minted, "--to", address("buyer"), "--proofs", "copy/transfer.json", *AUTHOR)
    assert does("inft", "show", made["token"])["parent"] == does("inft", "show", minted)["token_id"]
    before = does("inft", "show", minted)["items"]
    does("inft", "update", minted, "--proofs", "new/transfer.json", *AUTHOR)
    assert does("inft", "show", minted)["items"] != before


def test_a_wrong_key_is_proved_and_paid_back(does, keifu, prepared, minted, address, tmp_path):
    """Attestors that sign what they did not look at."""
    said = Transfer.load(tmp_path / prepared)
    item = said.items[1]
    sealed = seal(bytes(32), bytes.fromhex(item.public_key), bytes.fromhex(item.new_hash)).hex()
    said.items[1] = msgspec.structs.replace(item, sealed_key=sealed)
    for role in ATTESTORS:
        attestor = ROLES[role].account
        said.signatures[attestor.address] = attestor.sign(said.statement_digest).hex()
    said.save(tmp_path / prepared)
    does("inft", "accept", prepared, "--key", "transfer.key", *BUYER)
    does("inft", "order", minted, "--price", 100, "--backing", 100, "--out", "order.json", *AUTHOR)
    sale = does("inft", "settle", "order.json", "--proofs", prepared, *BUYER)["sale"]
    status, _, err = keifu("inft", "receive", prepared, "--key", "transfer.key", "--out", "got")
    assert (status, "prove a wrong key on chain" in err) == (1, True)
    assert does("inft", "complain", prepared, "--key", "transfer.key", *BUYER)["item"] == 1
    assert does("inft", "sales")["sales"][0]["state"] == "to be paid back"
    assert does("inft", "release", sale, *BUYER)["credited"] == str(100 * COIN)
    assert does("inft", "withdraw", *BUYER)["paid"] == str(100 * COIN)


def test_public_data_moves_and_is_paid_at_once(does, keifu, address, tmp_path):
    (tmp_path / "card.txt").write_text("An agent for everybody.")
    token = does("inft", "mint", "card.txt", "--public", "--out", "public", *AUTHOR)["token"]
    does("inft", "order", token, "--price", 3, "--out", "order.json", *AUTHOR)
    assert does("inft", "settle", "order.json", *BUYER)["state"] == "over"
    does("inft", "transfer", token, "--to", address("node"), *BUYER)
    assert does("inft", "list", "--owner", address("node"))["tokens"][0]["token_id"] == token
    status, _, err = keifu("inft", "cancel", "order.json", *AUTHOR)
    assert (status, "market: nonce was used" in err) == (1, True)


def test_users_and_leases(does, keifu, minted, address):
    user = address("delegator")
    does("inft", "authorize", minted, "--user", user, *AUTHOR)
    assert does("inft", "show", minted, "--user", user)["may_use"]
    does("inft", "revoke", minted, "--user", user, *AUTHOR)
    assert not does("inft", "show", minted, "--user", user)["may_use"]
    does("inft", "offer-lease", minted, "--price", 5, "--for", "30 days", "--uses", 3, *AUTHOR)
    status, _, err = keifu("inft", "lease", minted, "--price", 4, "--role", "delegator")
    assert (status, "the offer is 5 coins, not 4" in err) == (1, True)
    assert does("inft", "lease", minted, "--price", 5, "--role", "delegator")["quota"] == 3
    assert does("inft", "use", minted, "--uses", 2, "--role", "delegator")["left"] == 1
    assert "2 items, private" in keifu("inft", "show", minted)[1]


def test_an_assistant_agrees_in_the_receiver_s_place(does, keifu, prepared, minted, address):
    for role in ATTESTORS:
        does("inft", "attest", prepared, "--data", "mine", "--role", role)
    accepting = ("inft", "accept", prepared, "--key", "transfer.key", "--role", "node")
    assert "receives this transfer, not" in keifu(*accepting)[2]
    does("inft", "assistant", address("node"), *BUYER)
    assert does(*accepting)["signer"] == address("node")
    does("inft", "transfer", minted, "--to", address("buyer"), "--proofs", prepared, *AUTHOR)
    assert does("inft", "show", minted)["owner"] == address("buyer")


def test_a_burned_token_is_no_more(does, keifu, minted, account, address, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert keifu("inft", "burn", minted, *AUTHOR)[0] != 0
    assert does("inft", "show", minted)["owner"] == address("author")
    does("inft", "burn", minted, "--yes", *AUTHOR)
    assert does("inft", "list")["tokens"] == []
    status, _, err = keifu("inft", "show", minted)
    assert (status, "there is no token" in err) == (2, True)
    status, _, err = keifu("account", "execute", minted, "--to", address("node"), *AUTHOR)
    assert (status, "account: not the owner" in err) == (1, True)


def test_an_attestor_is_named_in_two_runs(does, chain, address):
    who = address("node")
    assert not does("inft", "name-attestor", who, "--role", "deployer")["named"]
    chain.warp(3 * DAY)
    assert does("inft", "name-attestor", who, "--role", "deployer")["named"]
    found = does("inft", "attestors")
    assert (found["needed"], len(found["attestors"])) == (3, 4)
    assert who in {item["attestor"] for item in found["attestors"]}


# what is refused leaves everything as it was --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "status", "message"),
    [
        (("show", "ffffff"), 2, "no token begins with ffffff"),
        (("transfer", "{token}", "--to", "{buyer}"), 2, "is private (--proofs"),
        (("transfer", "{token}", "--to", "{node}", "--proofs", "{file}"), 2, "the transfer moves token"),
        (("transfer", "{token}", "--to", "{buyer}", "--proofs", "{file}"), 2, "0 attestors have signed"),
        (("mint", "prompt.txt", "--out", "mine"), 2, "mine is not empty"),
        (("prepare", "{token}", "--data", "mine", "--to", "{buyer}", "--public-key", "ab" * 64, "--out", "x"), 2,
         "the public key is no point of secp256k1"),
        (("prepare", "{token}", "--data", "sold", "--to", "{buyer}", "--public-key", "ab" * 64, "--out", "x"), 2,
         "sold holds no data of a token"),
        (("prepare", "{token}", "--data", "mine", "--to", "{buyer}", "--public-key", "ab" * 64, "--out", "x",
          "--for", "8 days"), 2, "--for is longer than 7 days"),
        (("accept", "{file}", "--key", "transfer.key"), 2, "receives this transfer, not"),
        (("accept", "{file}", "--key", "prompt.txt"), 2, "prompt.txt is no key of a transfer"),
        (("attest", "prompt.txt", "--data", "mine"), 2, "prompt.txt is no transfer"),
        (("receive", "{file}", "--key", "transfer.key", "--out", "got"), 1, "the token does not name this data"),
        (("complain", "{file}", "--key", "transfer.key"), 1, "this transfer was not brought to the chain"),
        (("order", "{token}", "--price", "5", "--backing", "4", "--out", "o"), 2, "--backing is below the price"),
        (("authorize", "{token}", "--user", ZERO_ADDRESS), 1, "inft: no user"),
        (("lease", "{token}", "--price", "5"), 1, "no lease of token"),
        (("release", "ffffff"), 2, "no sale begins with ffffff"),
        (("join",), 1, "verifier: attestor is not named"),
    ],
)  # fmt: skip
def test_a_refusal_sends_nothing(keifu, chain, prepared, minted, address, args, status, message):
    before = nonces(chain)
    places = {"token": minted, "buyer": address("buyer"), "node": address("node"), "file": prepared}
    role = () if args[0] in ("show", "prepare", "receive") else AUTHOR
    found, _, err = keifu("inft", *(item.format(**places) for item in args), *role)
    assert (found, message in err) == (status, True), err
    assert nonces(chain) == before


def test_data_of_another_token_is_refused_before_anything_is_written(does, keifu, minted, address, tmp_path):
    (tmp_path / "other.txt").write_text("Another agent.")
    does("inft", "mint", "other.txt", "--out", "other", *AUTHOR)
    key = does("inft", "key", "--out", "k")["public_key"]
    given = ("--data", "other", "--to", address("buyer"), "--public-key", key, "--out", "new")
    status, _, err = keifu("inft", "prepare", minted, *given)
    assert (status, "the data in other is not what token" in err) == (1, True)
    assert not (tmp_path / "new").exists()


def test_proofs_of_a_stranger_move_nothing(does, keifu, prepared, minted, address, suite, client):
    """Signatures of accounts that are no attestors."""
    for role in ("node", "owner", "evaluator"):
        does("inft", "attest", prepared, "--data", "mine", "--role", role)
    does("inft", "accept", prepared, "--key", "transfer.key", *BUYER)
    status, _, err = keifu("inft", "transfer", minted, "--to", address("buyer"), "--proofs", prepared, *AUTHOR)
    assert (status, "verifier: not signed by an attestor" in err) == (1, True)
    assert does("inft", "show", minted)["owner"] == address("author")


def test_proofs_that_are_too_late_are_told(does, keifu, chain, signed, minted, address):
    chain.warp(DAY + 1)
    status, _, err = keifu("inft", "transfer", minted, "--to", address("buyer"), "--proofs", signed, *AUTHOR)
    assert (status, "the transfer was to be brought until" in err) == (1, True)


def test_papers_of_another_chain_are_refused(does, keifu, signed, minted, address, tmp_path):
    does("inft", "order", minted, "--price", 5, "--out", "order.json", *AUTHOR)
    for name, words in ((signed, ("inft", "receive", signed, "--key", "transfer.key", "--out", "x")),
                        ("order.json", ("inft", "settle", "order.json", *BUYER))):  # fmt: skip
        document = json.loads((tmp_path / name).read_text())
        document |= {"chain_id": 5, "signatures": {}} if "signatures" in document else {"chain_id": 5}
        (tmp_path / name).write_text(json.dumps(document))
        status, _, err = keifu(*words)
        assert (status, "is of chain 5" in err) == (1, True), err


def test_several_tokens_that_begin_alike_are_listed(keifu, minted, monkeypatch):
    alike = [int("ab12" + f"{number:060x}", 16) for number in (1, 2)]
    monkeypatch.setattr("keifu.inft.status.find_tokens", lambda *_: alike)
    status, _, err = keifu("inft", "show", "ab12")
    assert (status, "2 tokens begin with ab12" in err) == (2, True)


def test_keys_are_for_their_owner_alone(minted, prepared, tmp_path):
    for name in ("transfer.key", "mine/token.json", "sold/workings.json"):
        assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o600
    public = (tmp_path / prepared).read_text()
    key = json.loads((tmp_path / "transfer.key").read_text())["key"]
    assert key not in public
    assert not any(item["key"] in public for item in json.loads((tmp_path / "mine/token.json").read_text())["items"])


# accounts -------------------------------------------------------------------------------------------------------------


def test_an_account_before_it_is_made(keifu, minted):
    status, _, err = keifu("account", "show", minted)
    assert (status, "is not made yet (keifu account create TOKEN)" in err) == (2, True)


def test_an_account_signs_in(does, keifu, account, minted, client, tmp_path):
    """ERC-1271: a dApp asks the account whether it signed the message."""
    (tmp_path / "login.txt").write_text("example.org wants you to sign in.\n")
    said = does("account", "sign-message", minted, "--file", "login.txt", *AUTHOR)
    digest = bytes(defunct_hash_message(text="example.org wants you to sign in.\n"))
    signature = bytes.fromhex(said["signature"][2:])
    assert (said["account"], said["hash"]) == (account, digest.hex())
    contract = client.at(account, "AgentAccount")
    assert bytes(contract.isValidSignature(digest, signature)).hex() == "1626ba7e"
    assert does("account", "sign-message", minted, "--hash", digest.hex(), *AUTHOR)["signature"] == said["signature"]
    status, _, err = keifu("account", "sign-message", minted, "--hash", digest.hex(), *BUYER)
    assert (status, "(sign as the token's owner)" in err) == (2, True)
    status, _, err = keifu("account", "sign-message", minted, *AUTHOR)
    assert (status, err) == (2, "keifu: what is signed? (--file FILE, or --hash HASH)\n")


def test_an_account_and_its_session(does, keifu, account, minted, suite, client, chain, address):
    token, node = suite["KeifuToken"], address("node")
    client.at(token, "KeifuToken").transfer(account, 20 * COIN, sender=ROLES["deployer"].account)
    call = ("--to", token, "--call", PAY, "--arg", node)
    does("account", "execute", minted, *call, "--arg", "5coins", *AUTHOR)
    does("account", "grant", minted, "--key", node, "--for", "7 days", "--uses", 10, "--target", f"{token}:{PAY}",
         "--limit", f"{token}=3", *AUTHOR)  # fmt: skip
    does("account", "run", minted, *call, "--arg", "2coins", "--role", "node")
    before = nonces(chain)
    status, _, err = keifu("account", "run", minted, *call, "--arg", "2coins", "--role", "node")
    assert (status, "account: over the limit" in err, nonces(chain)) == (1, True, before)
    does("account", "sign", minted, *call, "--arg", str(COIN), "--session", "--out", "session.json", "--role", "node")
    does("account", "relay", "session.json", *BUYER)
    status, _, err = keifu("account", "relay", "session.json", *BUYER)
    assert (status, "account: nonce used" in err) == (1, True)
    shown = does("account", "show", minted, "--key", node)
    assert (shown["coins"], shown["session"]["uses"], shown["session"]["alive"]) == (str(12 * COIN), 8, True)
    does("account", "revoke", minted, "--key", node, *AUTHOR)
    assert "session    none that lives" in keifu("account", "show", minted, "--key", node)[1]


def test_the_owner_s_batch_is_relayed_or_taken_back(does, keifu, account, minted, suite, client, address, tmp_path):
    client.send(ROLES["deployer"].account, account, value=COIN)
    calls = [{"to": address("node"), "value": str(COIN // 10)}, {"to": address("owner"), "value": str(COIN // 5)}]
    (tmp_path / "calls.json").write_text(json.dumps(calls))
    does("account", "sign", minted, "--calls", "calls.json", "--out", "intent.json", *AUTHOR)
    assert does("account", "relay", "intent.json", *BUYER)["calls"] == 2
    assert does("account", "show", minted)["ether"] == str(COIN * 7 // 10)
    does("account", "sign", minted, "--calls", "calls.json", "--out", "second.json", *AUTHOR)
    does("account", "cancel", minted, *AUTHOR)
    status, _, err = keifu("account", "relay", "second.json", *BUYER)
    assert (status, "account: nonce used" in err) == (1, True)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("execute",), "nothing to call"),
        (("execute", "--to", "{node}", "--call", PAY), f"{PAY} takes 2 arguments, 0 given"),
        (("execute", "--to", "{node}", "--call", PAY, "--arg", "me", "--arg", "1"), "--arg 'me' is no address"),
        (("execute", "--to", "{node}", "--call", PAY, "--arg", "{node}", "--arg", "x"), "--arg 'x' is no uint256"),
        (("execute", "--to", "{node}", "--call", "f(tuple)", "--arg", "1"), "tuple cannot be written"),
        (("execute", "--to", "{node}", "--arg", "1"), "arguments without a function"),
        (("execute", "--to", "{node}", "--call", "f()", "--data", "00"), "--call and --data are two ways"),
        (("execute", "--to", "{node}", "--calls", "prompt.txt"), "--calls and --to are two ways"),
        (("execute", "--calls", "prompt.txt"), "prompt.txt is no list of calls"),
        (("sign", "--to", "{node}", "--out", "prompt.txt"), "prompt.txt is there already"),
    ],
)
def test_what_is_no_call_is_told_before_the_network(keifu, chain, minted, address, args, message):
    before = nonces(chain)
    words = (item.format(node=address("node")) for item in args[1:])
    status, _, err = keifu("account", args[0], minted, *words, "--rpc", "http://127.0.0.1:9", *AUTHOR)
    assert (status, message in err) == (2, True), err
    assert nonces(chain) == before


@pytest.mark.parametrize("role", ["buyer", "node"])
def test_nobody_else_acts_for_an_account(keifu, account, minted, address, role):
    sent = ("--to", address("node"), "--value", "0", "--role", role)
    status, _, err = keifu("account", "execute", minted, *sent)
    assert (status, "account: not the owner" in err) == (1, True)
    status, _, err = keifu("account", "sign", minted, *sent[:-2], "--out", "i.json", "--role", role)
    assert (status, "owns the token, not" in err) == (2, True)


def test_addresses_that_people_read_have_checksums(keifu, minted, address):
    assert checksum(address("author")) in keifu("inft", "list")[1]
    assert checksum(address("attestor1")) in keifu("inft", "attestors")[1]
