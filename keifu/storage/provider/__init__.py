"""What a storage provider decides, as a machine without clock, disk, network or chain."""
