"""Replies of token models in OpenAI's form. Beside the text they have the ids, by the names that vLLM has given them,
so whoever has the bytes computes the receipt's roots again. Of a reply that can be
disputed they have the roots of positions, too, and for whoever wishes it what each group committed to."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from typing import Any

import msgspec

from keifu.compute.events import event_of
from keifu.compute.tokens.talk import Piece

__all__ = ["Writing"]


class Writing:
    """One reply. `sampling` says by what its tokens are drawn, empty where the likeliest one is taken. `is_proved` says
    that a wrong token can be shown on the chain."""

    def __init__(
        self, id_: str, name: str, time: int, prompt: Sequence[int], *, is_chat: bool, sampling: dict[str, Any],
        is_proved: bool = False,
    ) -> None:  # fmt: skip
        self._prompt, self._is_chat, self._is_proved = list(prompt), is_chat, is_proved
        self._object = "chat.completion" if is_chat else "text_completion"
        self._head: dict[str, Any] = {"id": id_, "created": time, "model": name}
        self._head |= {"keifu": {"sampling": sampling}} if sampling else {}
        self._texts: list[str] = []
        self._ids: list[int] = []
        self._finish = ""

    def event(self, piece: Piece) -> bytes:
        """What a stream says of a piece."""
        is_first = not self._ids
        self._add(piece)
        choice: dict[str, Any] = {"index": 0, "token_ids": [piece.token], "finish_reason": piece.finish or None}
        if self._is_chat:
            choice["delta"] = {"role": "assistant", "content": piece.text} if is_first else {"content": piece.text}
        else:
            choice["text"] = piece.text
        kind = f"{self._object}.chunk" if self._is_chat else self._object
        first = {"prompt_token_ids": self._prompt} if is_first else {}
        more = first | self._positions(piece)
        return event_of(msgspec.json.encode({**self._head, "object": kind, **more, "choices": [choice]}))

    def usage_event(self) -> bytes:
        kind = f"{self._object}.chunk" if self._is_chat else self._object
        return event_of(msgspec.json.encode({**self._head, "object": kind, "choices": [], "usage": self._usage()}))

    def whole(self, pieces: Sequence[Piece]) -> bytes:
        """A reply that is not streamed."""
        for piece in pieces:
            self._add(piece)
        text = "".join(self._texts)
        choice: dict[str, Any] = {"index": 0, "token_ids": self._ids, "finish_reason": self._finish}
        if self._is_chat:
            choice["message"] = {"role": "assistant", "content": text}
        else:
            choice["text"] = text
        document: dict[str, Any] = {"object": self._object, "prompt_token_ids": self._prompt, "choices": [choice]}
        document |= self._positions(pieces[-1])
        return msgspec.json.encode({**self._head, **document, "usage": self._usage()})

    def _positions(self, piece: Piece) -> dict[str, Any]:
        if not (self._is_proved and piece.positions):
            return {}
        named = {"positions": piece.positions} | ({"groups": piece.groups} if piece.groups else {})
        # Beside what the tokens are drawn by, which stands there already.
        own = self._head.get("keifu", {})
        return {"keifu": own | {name: b64encode(data).decode() for name, data in named.items()}}

    def _add(self, piece: Piece) -> None:
        self._texts.append(piece.text)
        self._ids.append(piece.token)
        self._finish = piece.finish

    def _usage(self) -> dict[str, int]:
        given, made = len(self._prompt), len(self._ids)
        return {"prompt_tokens": given, "completion_tokens": made, "total_tokens": given + made}
