"""A page as a browser would read it: its links, and whether every element that is opened is closed."""

from __future__ import annotations

from html.parser import HTMLParser

__all__ = ["Page"]

WITHOUT_END = {"br", "hr", "input", "link", "meta"}


class Page(HTMLParser):
    """What is in it. Raises AssertionError where it is not well formed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.links: list[str] = []
        self.names: set[str] = set()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        for name, value in attrs:
            self.attributes.append((tag, name, value or ""))
            if name == "href" and tag == "a":
                self.links.append(value)
            if name == "id":
                assert value not in self.names, value
                self.names.add(value)
        if tag not in WITHOUT_END:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in WITHOUT_END:
            self._open.pop()

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, (tag, self._open, self.getpos())
