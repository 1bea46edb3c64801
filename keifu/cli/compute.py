"""`keifu compute`: the verbs, each imported when it is called."""

from __future__ import annotations

from keifu.cli.verbs import LazyNoun

__all__ = ["VERBS", "cli"]

# verb: (place, one line for the list)
VERBS = {
    "show": ("keifu.cli.compute_serve:show", "Show what an operator serves, for how much, and what stands behind it."),
    "lock": ("keifu.cli.compute_serve:lock", "Put coins behind your promises at the market."),
    "serve": ("keifu.cli.compute_serve:serve", "Promise that your receipts are true, and say what answers cost."),
    "prices": ("keifu.cli.compute_serve:prices", "Announce other prices of your service."),
    "end": ("keifu.cli.compute_serve:end", "End your service early."),
    "settle": ("keifu.cli.compute_serve:settle", "Free what promises reserve that are over."),
    "unlock": ("keifu.cli.compute_serve:unlock", "Take coins back that no promise needs."),
    "withdraw": ("keifu.cli.compute_serve:withdraw", "Withdraw what market and orders have credited to you."),
    "cover": ("keifu.cli.compute_cover:cover", "Have a channel covered by its provider, and pay for it."),
    "covered": ("keifu.cli.compute_cover:covered", "Show what the payer of a channel gets, and until when."),
    "sign-cover": ("keifu.cli.compute_cover:sign", "Sign a cover with your receipt key."),
    "release": ("keifu.cli.compute_cover:release", "Free the cover of a channel of yours at once."),
    "demand": ("keifu.cli.compute_demand:demand", "Ask on the chain for an answer that was paid for."),
    "demands": ("keifu.cli.compute_demand:demands", "List demands that wait for an answer."),
    "answer": ("keifu.cli.compute_demand:answer", "Answer a demand on the chain."),
    "answered": ("keifu.cli.compute_demand:answered", "Print the answer that a demand got."),
    "close": ("keifu.cli.compute_demand:close", "End a demand that was not answered in time."),
    "report": ("keifu.cli.compute_report:report", "Show a false receipt to the market, or two of one number."),
    "order": ("keifu.cli.compute_order:cli", "Place, take, answer and end orders of many answers."),
}

cli = LazyNoun(
    "compute",
    VERBS,
    help="Promise answers at the compute market, have channels covered, and hold providers to what they signed.",
    example="keifu compute show --of 0x…",
)
