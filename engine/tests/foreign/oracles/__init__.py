"""One description for each oracle."""
