"""What runs for months: one body for every kind of node, and the kinds that do the work.

`settings` is what a node is told, `folder` where it keeps what it must not lose, `runtime` runs one until it is told to
stop. A kind is a `Work` (`work`), listed in `kinds`; it is given a `Body`, which is what every kind has.
"""
