"""Chapter: operators that run all the time. One swaps its weights, a watcher sees it, and the hub takes its coins."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

import keifu
from examples.demo import waiting
from examples.demo.story import Story
from examples.demo.swapped import SwappedOperator
from keifu.abi import Contract
from keifu.chain import ChainClient, Deployment
from keifu.chain.deployments import open_record
from keifu.chain.suite import HEARTBEATS, TOKEN
from keifu.errors import CheckFailed
from keifu.network.control import begin, down, wait_until_ready
from keifu.network.folder import Network, NetworkFolder, Part
from keifu.network.kinds import API, EXPLORER
from keifu.network.making import Wanted, make
from keifu.sdk import Keifu, Promotion
from keifu.units import coins

__all__ = ["TITLE", "tell"]

TITLE = "What runs: operators, a watcher, and a slash"
OPERATORS, WATCHERS = 3, 1
PATIENCE_SECONDS = 180.0


@dataclass
class _Scene:
    story: Story
    folder: NetworkFolder
    network: Network
    chain: ChainClient
    service: Contract
    token: Contract

    @property
    def operators(self) -> list[Part]:
        return [part for part in self.network.parts if part.kind == "operator"]

    def part(self, name: str) -> Part:
        return self.network.part(name)

    def reserve(self, part: Part) -> int:
        """What answers for the operator's heartbeats; nothing after a slash."""
        found: int = self.service.binding(part.account, bytes.fromhex(self.network.environment))[3]
        return found

    def until(self, holds: Callable[[], bool]) -> bool:
        return waiting.until(holds, PATIENCE_SECONDS)


def tell(story: Story) -> None:
    """Start a network, swap one operator's weights, watch it being slashed, and go back to the first version."""
    scene = _start(story)
    _swap(scene)
    _promote_and_go_back(scene)


def _start(story: Story) -> _Scene:
    folder = NetworkFolder(story.out / "network")
    if folder.is_made:
        down(folder)
    shutil.rmtree(folder.path, ignore_errors=True)
    network = make(folder, Wanted({"operator": OPERATORS, "watcher": WATCHERS}))
    story.held.callback(down, folder)
    found = wait_until_ready(folder, network, begin(folder), PATIENCE_SECONDS)
    story.say(f"`keifu up --operators {OPERATORS} --watchers {WATCHERS}` starts {len(found)} processes.")
    story.table("They run by themselves", ("part", "health"), [(item.name, item.health) for item in found])
    if not all(item.is_well for item in found):
        raise CheckFailed("the network did not become ready", remedy=f"keifu logs --folder {folder.path}")
    k = story.held.enter_context(keifu.connect(network.rpc, deployments=network.deployments, role="owner"))
    record = open_record(network.chain_id, network.genesis, folder.deployments)
    suite = Deployment(dict(record.contracts))
    story.shared["network"] = k
    story.left_running.append(f"{network.part(EXPLORER).url} is the explorer of the network in {folder.path}")
    return _Scene(story, folder, network, k.chain, suite.at(k.chain, HEARTBEATS), suite.at(k.chain, TOKEN))


def _said(part: Part) -> dict[str, Any]:
    """The heartbeat that an operator serves now."""
    try:
        answer = httpx.get(f"{part.serves}/heartbeats", trust_env=False)
        found: dict[str, Any] = answer.raise_for_status().json()
    except httpx.HTTPError:
        return {}
    return found


def _swap(scene: _Scene) -> None:
    story, thief, watcher = scene.story, scene.part("operator-3"), scene.part("watcher-1")
    said = [_said(part) for part in scene.operators]
    story.check(
        f"{OPERATORS} operators sign that they run promotion 1, the same bytes",
        {(item.get("seq"), item.get("digest")) for item in said} == {(1, said[0]["digest"])},
    )
    story.say(f"{thief.name} swaps its weights; {coins(scene.reserve(thief))} coins answer for what it signs.")
    swapped = SwappedOperator(scene.folder, scene.network, thief, scene.chain, scene.folder.models / "made" / "v2")
    try:
        story.check("a watcher catches it and the hub slashes it", scene.until(lambda: scene.reserve(thief) == 0))
        seconds = time.monotonic() - swapped.since
    finally:
        swapped.close()
    story.say(f"  {seconds:.1f} s from the first false heartbeat to the slash")
    story.check("the two honest ones keep all", all(scene.reserve(part) for part in scene.operators if part != thief))
    story.check("the watcher has its reward", scene.until(lambda: scene.token.balanceOf(watcher.account) > 0))
    story.check("the index shows the slash", scene.until(lambda: _is_indexed(scene, thief)))


def _is_indexed(scene: _Scene, thief: Part) -> bool:
    question = {"contract": HEARTBEATS, "event": "Reported"}
    answer = httpx.get(f"{scene.part(API).url}/v1/events", params=question, trust_env=False)
    return answer.is_success and thief.account.lower() in answer.text.lower()


def _promote_and_go_back(scene: _Scene) -> None:
    story = scene.story
    k: Keifu = story.shared["network"]
    first, second = scene.network.artefacts
    made = k.environments.promote(scene.network.environment, second)
    story.check(f"version 2 is promoted: all {OPERATORS} operators follow without a restart", _follow(scene, made))
    made = k.environments.rollback(scene.network.environment, 1)
    story.check(f"a rollback brings version 1 back: all {OPERATORS} follow", _follow(scene, made))
    nodes = [part.serves for part in scene.operators]
    story.check(
        "what runs is what was promoted, proved and signed",
        k.verify_running(scene.network.environment, nodes=nodes).ok and made.artefact == first,
    )


def _follow(scene: _Scene, made: Promotion) -> bool:
    """Whether all operators come to sign under a promotion."""
    return scene.until(lambda: all(_said(part).get("seq") == made.number for part in scene.operators))
