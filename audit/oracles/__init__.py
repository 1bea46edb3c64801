"""Questions that no model of a contract's steps answers: who got richer, is every promise covered, who was harmed, who
was kept waiting, and does it matter how coins are split.

Each file holds one oracle. They know balances, the log's entitlements and times, and no contract: descriptions of the
hub, the court, grants, heartbeats and markets hand them numbers and fail with what they answer.
"""
