"""Deployments that are reviewed first: a probe of the chain, a plan to sign off, a rehearsal, the deployment itself,
what is there afterwards, and the hand-over to those who keep it."""
