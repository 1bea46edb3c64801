"""The watcher's node: it asks bound operators for their heartbeats, and reports false ones for the reward."""
