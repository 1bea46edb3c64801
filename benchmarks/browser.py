"""A headless Chromium, spoken to by its DevTools protocol: what tests, benchmarks and pictures open pages with."""

from __future__ import annotations

import base64
import itertools
import json
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from websockets.sync.client import connect

from keifu.errors import CheckFailed, EnvironmentFault

__all__ = ["Browser", "Tab", "program"]

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
# Nothing of it may ask the network for something of its own.
FLAGS = (
    "--headless=new", "--remote-debugging-port=0", "--no-first-run", "--no-default-browser-check", "--no-sandbox",
    "--disable-gpu", "--disable-extensions", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--disable-default-apps", "--metrics-recording-only", "--disable-dev-shm-usage", "--mute-audio",
    "--hide-scrollbars",
)  # fmt: skip
WAIT_SECONDS = 60.0  # for anything: longer is a hang
LOOK_SECONDS = 0.02
_SAYS = re.compile(r"DevTools listening on (ws://\S+)")


def program() -> str:
    """Path of the browser. Raises EnvironmentFault where there is none."""
    found = next((path for name in PROGRAMS if (path := shutil.which(name))), None)
    if found is None:
        raise EnvironmentFault("there is no Chromium here", remedy="apt-get install chromium")
    return found


class Browser:
    """One process, with a profile of its own that is removed with it."""

    def __enter__(self) -> Browser:
        self._profile = tempfile.TemporaryDirectory(prefix="keifu-browser-", ignore_cleanup_errors=True)
        command = [program(), *FLAGS, f"--user-data-dir={self._profile.name}", "about:blank"]
        # Its messages go to a pipe that is read until it says where it listens.
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        try:
            self._socket = connect(self._address(), max_size=None, compression=None)
        except BaseException:
            self._end()
            raise
        self._numbers = itertools.count(1)
        self._tabs: dict[str, Tab] = {}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()
        self._end()

    def tab(self) -> Tab:
        """A page of a fresh session: it shares nothing with others."""
        context = self.call("Target.createBrowserContext")["browserContextId"]
        target = self.call("Target.createTarget", url="about:blank", browserContextId=context)["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        made = self._tabs[session] = Tab(self, session, target)
        for domain in ("Page", "Runtime", "Network", "Log"):
            made.call(f"{domain}.enable")
        return made

    def call(self, method: str, session: str = "", **params: Any) -> dict[str, Any]:
        """The answer to a command. What is told meanwhile goes to the tab that it is about."""
        number = next(self._numbers)
        message = {"id": number, "method": method, "params": params, **({"sessionId": session} if session else {})}
        self._socket.send(json.dumps(message))
        while True:
            said = self.hear(WAIT_SECONDS)
            if said.get("id") == number:
                if "error" in said:
                    raise CheckFailed(f"{method}: {said['error']['message']}")
                result: dict[str, Any] = said["result"]
                return result

    def listen(self, seconds: float) -> None:
        """Take in what comes until nothing did for so long."""
        while True:
            try:
                self.hear(seconds)
            except TimeoutError:
                return

    def hear(self, seconds: float) -> dict[str, Any]:
        """One message. Raises TimeoutError after so long."""
        said: dict[str, Any] = json.loads(self._socket.recv(timeout=seconds))
        tab = self._tabs.get(said.get("sessionId", ""))
        if tab is not None and "method" in said:
            tab.take(said["method"], said["params"])
        return said

    def _address(self) -> str:
        assert self._process.stderr
        for line in self._process.stderr:
            if found := _SAYS.search(line):
                return found[1]
        raise EnvironmentFault("Chromium has ended before it listened", remedy="chromium --headless=new about:blank")

    def _end(self) -> None:
        self._process.terminate()
        self._process.wait()
        assert self._process.stderr
        self._process.stderr.close()
        self._profile.cleanup()


class Tab:
    """One page: what it asked the network for, and what went wrong on it."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        self.browser, self.session, self.target = browser, session, target
        self.asked: list[str] = []  # addresses
        self.faults: list[str] = []  # of its scripts, its policy and its network
        self.bytes = 0  # that came over the network
        self._loaded = 0

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        return self.browser.call(method, self.session, **params)

    def take(self, method: str, params: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self._loaded += 1
            case "Network.requestWillBeSent":
                self.asked.append(params["request"]["url"])
            case "Network.dataReceived":
                self.bytes += params["encodedDataLength"]
            case "Network.responseReceived":
                self.bytes += params["response"]["encodedDataLength"]
            case "Runtime.exceptionThrown":
                self.faults.append(params["exceptionDetails"].get("exception", {}).get("description", "an exception"))
            case "Log.entryAdded" if params["entry"]["level"] == "error":
                self.faults.append(f"{params['entry']['text']} {params['entry'].get('url', '')}")

    def open(self, url: str) -> None:
        """Go there, and wait until it is loaded."""
        before = self._loaded
        answer = self.call("Page.navigate", url=url)
        if "errorText" in answer:
            raise CheckFailed(f"{url}: {answer['errorText']}")
        until = time.monotonic() + WAIT_SECONDS
        while self._loaded == before:
            self.browser.hear(until - time.monotonic())

    def evaluate(self, expression: str) -> Any:
        """The value of an expression on the page, as JSON; a promise is waited for."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise CheckFailed(f"{expression}: {answer['exceptionDetails']['text']}")
        return answer["result"].get("value")

    def until(self, expression: str) -> Any:
        """The value of an expression as soon as it is one that holds."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not (found := self.evaluate(expression)):
            if time.monotonic() > deadline:
                raise CheckFailed(f"{expression} never held: {self.evaluate('document.body.innerText')[:2_000]}")
            time.sleep(LOOK_SECONDS)
        return found

    def failed(self, count: int) -> list[str]:
        """What failed on the page, as soon as it is so much; nothing of it is left then."""
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.faults) < count:
            if time.monotonic() > deadline:
                raise CheckFailed(f"{len(self.faults)} of {count} faults: {self.faults}")
            time.sleep(LOOK_SECONDS)
            self.evaluate("1")  # brings what has happened
        found = list(self.faults)
        self.faults.clear()
        return found

    def size(self, width: int, height: int, *, dark: bool = False, scripts: bool = True) -> None:
        """How it is shown from now on."""
        self.call(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < height
        )
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)

    def press(self, key: str, text: str = "") -> None:
        """A key, down and up."""
        codes = {"Tab": 9, "Enter": 13}
        code = codes.get(key, ord(key[0].upper()))
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, text=text, windowsVirtualKeyCode=code)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def give(self, selector: str, *paths: Path) -> None:
        """Files for an input."""
        document = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=document, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[str(path) for path in paths])

    def picture(self, kind: str = "webp", quality: int = 80) -> bytes:
        """What is seen of it."""
        return base64.b64decode(self.call("Page.captureScreenshot", format=kind, quality=quality)["data"])

    def close(self) -> None:
        self.browser.call("Target.closeTarget", targetId=self.target)
