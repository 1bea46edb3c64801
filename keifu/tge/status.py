"""Where a distribution stands: figures for a table and a chart of vested and paid coins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keifu.chain import ChainClient, Deployment
from keifu.chain.protocol import Distribution
from keifu.spec.vesting import Schedule
from keifu.tge.chain import DISTRIBUTOR, TOKEN, claims_of, schedule_of
from keifu.units import COIN, coins, counted, day

__all__ = ["Status", "day", "draw", "read_status"]

FIGURE_INCHES = (8.0, 4.2)
VESTED_COLOUR, PAID_COLOUR, LATER_COLOUR = "#2f6f8f", "#d9822b", "#d8d4c8"
TEXT_COLOUR, PAPER_COLOUR = "#333333", "#fbfaf7"
# A text on paper of its own, so that no line runs through it.
BESIDE: dict[str, Any] = {
    "textcoords": "offset points",
    "bbox": {"facecolor": PAPER_COLOUR, "edgecolor": "none", "pad": 1.5},
}


@dataclass(frozen=True)
class Status:
    """Amounts in wei, times in unix seconds."""

    schedule: Schedule
    now: int
    allocation: int
    vested: int  # of the whole allocation, floor per grant left aside
    paid: int
    balance: int
    claims: int
    claimed_grants: int
    next_step: int | None

    def rows(self) -> list[tuple[str, str]]:
        """For people."""
        passed = self.schedule.passed(self.now) if self.now >= self.schedule.start else 0
        return [
            ("event", day(self.schedule.start)),
            ("steps passed", f"{passed} of {self.schedule.steps}"),
            ("next step", day(self.next_step) if self.next_step else "none: all is vested"),
            ("allocation", coins(self.allocation)),
            ("vested", coins(self.vested)),
            ("paid", coins(self.paid)),
            ("vested, not claimed", coins(max(self.vested - self.paid, 0))),
            ("in the distributor", coins(self.balance)),
            ("claims", f"{self.claims:,}, for {counted(self.claimed_grants, 'grant')}"),
        ]

    def data(self) -> dict[str, Any]:
        """For programs; amounts as text, since JSON readers lose digits."""
        return {
            "start": self.schedule.start,
            "step_seconds": self.schedule.step,
            "steps": self.schedule.steps,
            "now": self.now,
            "allocation": str(self.allocation),
            "vested": str(self.vested),
            "paid": str(self.paid),
            "balance": str(self.balance),
            "claims": self.claims,
            "claimed_grants": self.claimed_grants,
            "next_step": self.next_step,
        }


def read_status(
    client: ChainClient, deployment: Deployment, distribution: Distribution, *, first_block: int = 0
) -> Status:
    """Read the figures from the chain."""
    schedule, now = schedule_of(distribution), client.now
    claims = claims_of(client, deployment[DISTRIBUTOR], first_block=first_block)
    upcoming = [time for time in schedule.times() if time > now]
    return Status(
        schedule=schedule,
        now=now,
        allocation=distribution.allocation,
        vested=schedule.vested(distribution.allocation, now),
        paid=claims.paid_out,
        balance=deployment.at(client, TOKEN).balanceOf(deployment[DISTRIBUTOR]),
        claims=claims.count,
        claimed_grants=len(claims.paid),
        next_step=upcoming[0] if upcoming else None,
    )


def draw(status: Status, path: Path) -> Path:
    """The vesting chart, as the suffix of `path` says (.svg, .png); needs matplotlib.

    The steps up to now are filled, those to come are an outline. At the line for now stands what became of the whole
    allocation: paid, vested but not claimed, not yet vested.
    """
    import matplotlib  # noqa: PLC0415 - a second to import, and only charts need it
    from matplotlib.figure import Figure  # noqa: PLC0415 - without pyplot, which takes as long and opens windows

    matplotlib.rcParams["svg.hashsalt"] = "keifu"  # the same picture for the same figures
    figure = Figure(figsize=FIGURE_INCHES, facecolor=PAPER_COLOUR)
    axes = figure.subplots()
    axes.set_facecolor(PAPER_COLOUR)
    here = _draw_steps(axes, status)
    _draw_parts(axes, status, here)
    steps, whole = status.schedule.steps, status.allocation / COIN
    axes.set(xlim=(-0.02 * steps, 1.3 * steps), ylim=(0, whole * 1.12), xlabel="steps since the event", ylabel="coins")
    axes.set_xticks([round(steps * part / 4) for part in range(5)])
    axes.set_title(f"{coins(status.allocation)} coins in {steps} steps", loc="left", color=TEXT_COLOUR)
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    return path


def _draw_steps(axes: Any, status: Status) -> float:
    """The curve, filled up to now; how many steps have passed, parts of a step included."""
    schedule = status.schedule
    here = min(max((status.now - schedule.start) / schedule.step, 0), schedule.steps)
    levels = [schedule.vested(status.allocation, time) / COIN for time in schedule.times()]
    places = [float(number) for number in range(len(levels))]
    past = [place for place in places if place <= here]
    reached = levels[: len(past)]
    axes.step(places, levels, where="post", color=VESTED_COLOUR, linewidth=1, alpha=0.6)
    axes.fill_between([*past, here], [*reached, reached[-1]], step="post", color=VESTED_COLOUR, alpha=0.25)
    axes.step([*past, here], [*reached, reached[-1]], where="post", color=VESTED_COLOUR, linewidth=2)
    return here


def _draw_parts(axes: Any, status: Status, here: float) -> None:
    """A bar at now: what became of the allocation, each part with its figure."""
    vested = status.vested if status.now >= status.schedule.start else 0
    parts = (
        ("paid", status.paid, PAID_COLOUR),
        ("vested, not claimed", max(vested - status.paid, 0), VESTED_COLOUR),
        ("not yet vested", status.allocation - max(vested, status.paid), LATER_COLOUR),
    )
    width, floor = 0.03 * status.schedule.steps, 0.0
    for label, amount, colour in parts:
        height = amount / COIN
        if height:
            axes.bar(here, height, width, bottom=floor, align="edge", color=colour)
            # On the right of the bar, below the curve; above the curve on its left, where there is room.
            left = label == "not yet vested" and here >= status.schedule.steps / 2
            beside, side = (here, "right") if left else (here + width, "left")
            place = (beside, floor + height / 2)
            axes.annotate(
                f"{height:,.0f} {label}", place, (-6 if left else 6, -4), ha=side, color=TEXT_COLOUR, **BESIDE
            )
        floor += height
    axes.annotate("now", (here, floor), (-2, 6), color=TEXT_COLOUR, weight="bold", **BESIDE)
