"""Where a distribution stands: figures for a table and a chart of vested and paid coins."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keifu.chain import ChainClient, Deployment
from keifu.chain.protocol import Distribution
from keifu.spec.vesting import Schedule
from keifu.tge.chain import DISTRIBUTOR, TOKEN, claims_of, schedule_of
from keifu.units import COIN, coins, day

__all__ = ["Status", "day", "draw", "read_status"]

FIGURE_INCHES = (8.0, 4.2)
VESTED_COLOUR, PAID_COLOUR, TEXT_COLOUR = "#2f6f8f", "#d9822b", "#333333"


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
            ("claims", f"{self.claims:,} for {self.claimed_grants:,} grants"),
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


def read_status(client: ChainClient, deployment: Deployment, distribution: Distribution) -> Status:
    """Read the figures from the chain."""
    schedule, now = schedule_of(distribution), client.now
    claims = claims_of(client, deployment[DISTRIBUTOR])
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
    """The vesting chart, as the suffix of `path` says (.svg, .png); needs matplotlib."""
    import matplotlib  # noqa: PLC0415 - a second to import, and only charts need it

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "keifu"  # the same picture for the same figures
    from matplotlib import pyplot  # noqa: PLC0415

    schedule = status.schedule
    vested = [schedule.vested(status.allocation, time) / COIN for time in schedule.times()]
    vested.append(vested[-1])  # the level after the last step is shown too
    months = list(range(len(vested)))
    here = min(max((status.now - schedule.start) / schedule.step, 0), schedule.steps)
    figure, axes = pyplot.subplots(figsize=FIGURE_INCHES)
    axes.step(months, vested, where="post", color=VESTED_COLOUR, linewidth=2, label="vested")
    axes.fill_between(months, vested, step="post", color=VESTED_COLOUR, alpha=0.15)
    axes.plot([here], [status.paid / COIN], "o", color=PAID_COLOUR, label="paid so far")
    axes.axvline(here, color=TEXT_COLOUR, linewidth=0.8, linestyle=":")
    axes.annotate("now", (here, 0), xytext=(3, 4), textcoords="offset points", color=TEXT_COLOUR)
    axes.set(
        xlim=(0, schedule.steps + 1),
        ylim=(0, status.allocation / COIN * 1.05),
        xlabel="steps since the event",
        ylabel="coins",
        title=f"{coins(status.allocation)} coins in {schedule.steps} steps",
    )
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(loc="upper left", frameon=False)
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)
    return path
