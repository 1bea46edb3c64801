"""Calls of ComputeMarket and ComputeOrders, and what they say.

services   what an operator serves, for how much, until when; its lock and its credits
covers     what a channel's payer gets if the operator breaks its word
demands    a paid request without an answer, asked for on the chain
reports    receipts that are false, or contradict each other
orders     batches of requests with their fee in escrow
REMEDIES   what to do about each refusal; whatever is called here says it

Functions that send take a `Deployer` and the suite; functions that read take a handle on the contract. Caps of receipt
keys are in `keifu.staking.hotkeys`.
"""

from __future__ import annotations

from keifu.compute.market import covers, demands, orders, reports, services
from keifu.compute.market.covers import CoverState, SignedCover, read_cover, sign_cover
from keifu.compute.market.demands import DemandState, OpenDemand, open_demands, read_demand
from keifu.compute.market.orders import Order, read_order
from keifu.compute.market.refusals import REMEDIES, explained
from keifu.compute.market.services import Announced, ServiceState, offers_of, read_service

__all__ = [
    "REMEDIES",
    "Announced",
    "CoverState",
    "DemandState",
    "OpenDemand",
    "Order",
    "ServiceState",
    "SignedCover",
    "covers",
    "demands",
    "explained",
    "offers_of",
    "open_demands",
    "orders",
    "read_cover",
    "read_demand",
    "read_order",
    "read_service",
    "reports",
    "services",
    "sign_cover",
]
