"""The juror's node: it says which seats were drawn, and commits and reveals in time what was decided."""
