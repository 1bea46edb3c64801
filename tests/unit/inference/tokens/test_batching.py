"""A reply and what it commits to depend on nobody else. Tokens that are decoded alone are hashed some at a time."""

from __future__ import annotations

import threading

import pytest

from audit.tiny_model import Sizes, tiny
from keifu.inference.tokens.again import computed_again
from keifu.inference.tokens.batching import Batches, Job
from keifu.inference.tokens.committing import trace_root
from keifu.inference.tokens.executor import Executor
from tests.conformance.inference.arrays import program_of

SIZES = Sizes()
SECONDS = 60


@pytest.fixture(scope="module")
def executor():
    return Executor(program_of(tiny("blocks"), SIZES))


@pytest.fixture
def batches(executor):
    made = Batches(executor, 2, SIZES.positions)
    yield made
    made.close()


class Asked:
    """A job that calls something at one of its tokens, and keeps what was committed to behind the last one."""

    def __init__(self, prompt, most, at=0, then=lambda: None):
        self.over, self.root, self.error = threading.Event(), b"", None
        self.at, self.then = at, then
        self.job = Job([(place * 37 + 5) % SIZES.tokens for place in range(prompt)], most, self.take, self.failed)

    def take(self, _token):
        if len(self.job.reply) == self.at:
            self.then()
        if len(self.job.reply) == self.job.most:
            self.root = trace_root(self.job.committed()[0])
            self.over.set()
        return True

    def failed(self, error):
        self.error = error
        self.over.set()

    def expect(self, executor):
        assert self.over.wait(SECONDS)
        assert self.error is None
        assert computed_again(executor, self.job.prompt, self.job.reply) == (self.job.reply, self.root)


@pytest.mark.parametrize("most", [1, 2, 16, 17, 18, 33, 50])
@pytest.mark.parametrize("prompt", [1, 5, 25])
def test_a_reply_that_is_decoded_alone(executor, batches, prompt, most):
    one = Asked(prompt, most)
    batches.add(one.job)
    one.expect(executor)


@pytest.mark.parametrize("at", [1, 15, 16, 17, 20])
@pytest.mark.parametrize("most", [1, 10])
def test_another_that_comes_and_goes_meanwhile(executor, batches, at, most):
    other = Asked(7, most)
    one = Asked(3, 60, at, lambda: batches.add(other.job))
    batches.add(one.job)
    one.expect(executor)
    other.expect(executor)


def test_whoever_leaves_while_a_token_is_taken_gets_no_more(executor, batches):
    """A client leaves in its own thread, as here before the answer that there shall be more."""
    one = Asked(3, 40, 2, lambda: setattr(one.job, "is_over", True))
    batches.add(one.job)
    for _ in range(2):  # this one has both conversations after each other
        other = Asked(5, 50)
        batches.add(other.job)
        other.expect(executor)
    assert len(one.job.reply) == 2


def test_a_context_of_one_position(executor):
    alone = Batches(executor, 1, 1)
    one = Asked(1, 1)
    alone.add(one.job)
    one.expect(executor)
    alone.close()
