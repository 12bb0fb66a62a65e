"""How often a training of unknown length is looked at, and data that are made ready in the background."""

from __future__ import annotations

import threading

import pytest

from trainwell.engine import sampling
from trainwell.engine.look_ahead import LookAhead


def test_looks_grow_rare_as_a_training_of_unknown_length_shows_how_long_it_is():
    choice = sampling.Sampling(None, None, timed_steps=16)
    assert choice.trial
    choice.give_up()
    chosen = []
    for step in (1, 64 * 3, 64 * 100, 64 * 1000):
        choice.flags(step, 1)
        chosen.append(choice.every)
    assert chosen == [1, 3, 100, 256]


def test_chunks_that_cannot_be_timed_end_the_trials():
    choice = sampling.Sampling(None, None, timed_steps=16)
    for _ in range(sampling.UNTIMED):
        assert choice.trial
        choice.untimed()
    assert not choice.trial
    assert choice.cost is None


def test_k_is_what_the_measured_cost_allows():
    choice = sampling.Sampling(None, 100_000, timed_steps=16)
    while choice.trial:
        looked = choice.flags(2, 16).all()
        choice.timed(0.016 * (1.59 if looked else 1.0), 16)
    assert choice.cost == pytest.approx(0.59)
    choice.flags(200, 1)
    assert choice.every == 20  # 59% of a step, every 20th step: 3%


def test_no_more_is_made_ahead_than_was_allowed():
    begun, may_go_on = [], threading.Event()

    def job(number):
        begun.append(number)
        may_go_on.wait(10)
        return number

    ahead = LookAhead((lambda n=n: job(n) for n in range(9)), depth=2, workers=4)
    assert not ahead.ready()
    assert set(begun) <= {0, 1}
    may_go_on.set()
    assert [ahead.take() for _ in range(9)] == list(range(9))
    assert not ahead.more()
    with pytest.raises(IndexError):
        ahead.take()
    ahead.close()


def test_one_pair_of_long_chunks_is_enough():
    """Steps of a tenth of a second: no more of them are looked at than it takes to see what a look costs."""
    chosen = sampling.Sampling(None, 10_000, 16)
    chosen.timed(16 * 0.1, 16)
    assert chosen.trial
    chosen.timed(16 * 0.2, 16)
    assert not chosen.trial
    assert chosen.cost == pytest.approx(1)
    chosen.flags(33, 16)
    assert chosen.every == 34
