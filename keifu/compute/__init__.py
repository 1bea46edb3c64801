"""Answers of models that are paid by the call, and the receipts that say what was answered.

Receipt         what a provider says about one answer
Evidence        how strong that word is
SignedReceipt   a receipt with its way to a signed root, which everybody can check
"""

from __future__ import annotations

from keifu.compute.receipt import Evidence, Receipt, Receipts, SignedReceipt

__all__ = ["Evidence", "Receipt", "Receipts", "SignedReceipt"]
