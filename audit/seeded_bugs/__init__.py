"""Bugs that we seed to see whether a campaign finds them: one file a system, each with a list `BUGS`."""
