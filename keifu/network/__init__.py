"""Local networks: a chain, nodes of every kind and an index as processes that one supervisor keeps, in one folder.

`kinds` is the table of what there is, `making` makes a network, `supervisor` keeps its parts, `control` starts, shows
and ends it from outside.
"""
