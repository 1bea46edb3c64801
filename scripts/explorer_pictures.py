"""Pictures of the explorer for the README, from a made-up world in which everything happens once.

python -m scripts.explorer_pictures
"""

from __future__ import annotations

import tempfile
import threading
from contextlib import closing
from pathlib import Path

from benchmarks.browser import Browser
from benchmarks.explorer_world import small, world
from keifu.explorer import Explorer
from keifu.serving import Server

__all__ = ["main"]

PICTURES = Path(__file__).parents[1] / "docs" / "pictures"
WIDTH = 1_000
# Names in Japanese are left out: the machine that draws may have no letters for them.
WITHOUT_JAPANESE = "document.querySelectorAll('[lang=ja]').forEach(item => item.remove())"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "index.sqlite"
        with world(place) as scribe:
            known = small(scribe)
        with closing(Explorer(str(place))) as explorer:
            server, ended = Server(explorer, host="127.0.0.1", port=0), threading.Event()
            thread = threading.Thread(target=server.run, args=(ended.is_set,))
            thread.start()
            try:
                with Browser() as browser:
                    _draw(browser, f"{server.url}/en", "explorer", 640)
                    _draw(browser, f"{server.url}/en/record/{known['second'][2:]}", "explorer-record", 1_030, dark=True)
            finally:
                ended.set()
                thread.join()


def _draw(browser: Browser, page: str, name: str, height: int, *, dark: bool = False) -> None:
    tab = browser.tab()
    tab.size(WIDTH, height, dark=dark)
    tab.open(page)
    tab.until("document.getElementById('live').innerText.length > 0")
    tab.evaluate(WITHOUT_JAPANESE)
    (PICTURES / f"{name}.webp").write_bytes(tab.picture())


if __name__ == "__main__":
    main()
