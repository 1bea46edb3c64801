"""A model of handwritten digits from data to answers, every step registered: the pipeline of the demo and the tests."""
