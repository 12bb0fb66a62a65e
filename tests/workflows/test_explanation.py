"""Which samples are shown when a network explains what it has learned."""

import numpy as np

import trainwell as tw
from trainwell.workflows.explanation import explanation


def test_sequences_of_unequal_lengths_are_shown_together(tmp_path):
    random = np.random.default_rng(0)
    lengths = random.integers(4, 12, 60)
    x = random.normal(size=(60, 12, 2)).astype("float32")
    np.savez(tmp_path / "walks.npz", x=x, y=np.arange(60) % 2, lengths=lengths)
    data = tw.load(tmp_path / "walks.npz", kind="sequence")
    model = tw.networks.gru(data, units=4)
    learned = {one.name: one for one in explanation(model, data)}
    assert int(learned["memory"].arrays["examples"]) == 8
