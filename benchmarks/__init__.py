"""`make bench`: what Keifu costs beside its peers, from one run on one chain. See docs/benchmarks.md."""
