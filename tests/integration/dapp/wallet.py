"""A wallet that a page finds: tests say what its owner does, and a node signs by the owner's account."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx

from keifu.serving import Request, Response

__all__ = ["ICON", "Wallet", "injected", "relay"]

SCRIPT = Path(__file__).with_name("wallet.js")
ICON = (
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'>"
    "<rect width='8' height='8' fill='%23c60'/></svg>"
)
GAS = 2_000_000
REFUSED, UNKNOWN_CHAIN, ANSWER_SECONDS = 4001, 4902, 60.0
Answer = dict[str, Any]


class Wallet:
    """What a person has in the browser. `refuses` are methods that its owner declines; `chain` is where it is."""

    def __init__(self, name: str, account: str, chain: int, url: str, icon: str = ICON) -> None:
        self.info = {"uuid": f"id of {name}", "name": name, "icon": icon, "rdns": "test.example"}
        self.account, self.chain, self.url = account, chain, url
        self.refuses: set[str] = set()
        self.chains = {chain}
        self.sent: list[str] = []  # hashes of transactions
        self.asked: list[str] = []  # methods
        self.before_sending: Callable[[], object] | None = None

    def answer(self, method: str, params: list[Any]) -> Answer:
        """As EIP-1193 has it: a result, or a fault with its number."""
        self.asked.append(method)
        if method in self.refuses:
            return _fault(REFUSED, "User rejected the request.")
        match method:
            case "eth_requestAccounts" | "eth_accounts":
                return {"result": [self.account] if self.account else []}
            case "eth_chainId":
                return {"result": hex(self.chain)}
            case "wallet_switchEthereumChain":
                return self._switch(int(params[0]["chainId"], 16))
            case "eth_sendTransaction":
                self._node("anvil_impersonateAccount", [self.account])
                if self.before_sending is not None:
                    self.before_sending()
                # Wallets estimate gas; this one sends whatever it is asked to.
                answer = self._node(method, [{"gas": hex(GAS), **params[0]}])
                self.sent += [answer["result"]] if "result" in answer else []
                return answer
        return self._node(method, params)

    def _switch(self, chain: int) -> Answer:
        if chain not in self.chains:
            return _fault(UNKNOWN_CHAIN, "Unrecognized chain ID.")
        self.chain = chain
        return {"result": None}

    def _node(self, method: str, params: list[Any]) -> Answer:
        asked = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = httpx.post(self.url, json=asked, timeout=ANSWER_SECONDS).json()
        return {name: answer[name] for name in ("result", "error") if name in answer}


def injected(*wallets: Wallet) -> str:
    """The script that announces them."""
    return f"const WALLETS = {json.dumps([one.info for one in wallets])};\n{SCRIPT.read_text()}"


def relay(wallets: Mapping[str, Wallet], request: Request) -> Response:
    """What the page has asked a wallet."""
    fields = dict(request.query)
    asked = json.loads(fields["ask"])
    return Response(200, json.dumps(wallets[fields["wallet"]].answer(asked["method"], asked["params"])).encode())


def _fault(code: int, message: str) -> Answer:
    return {"error": {"code": code, "message": message}}
