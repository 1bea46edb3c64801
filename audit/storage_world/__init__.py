"""A small storage network in one process: cores, a chain that is undone now and then, disks that tear, lost messages.

`python -m audit.storage_world --seed 17` prints what happened in world 17, which is the same each time.
"""
