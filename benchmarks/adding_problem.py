"""Who remembers: SimpleRNN, LSTM and GRU on the adding problem (Hochreiter & Schmidhuber 1997, section 5.4).

    python benchmarks/adding_problem.py [--steps 100 400] [--samples 10000] [--epochs 15] [--seeds 0] [--pictures DIR]

Each sequence has two channels: random numbers from 0 to 1, and marks, two of which are 1, one in each half. To be
learned is the sum of the two marked numbers. Always answering 1 has a mean squared error of 0.167; a network that is
better must have carried a number across many steps: the cells read one way, and only their last state answers. The
memory column is how far back an input still moves the answer (steps until the gradient has fallen for good below 1% of
its largest value), before and after the training.
"""

from __future__ import annotations

import argparse
import statistics
from pathlib import Path
from typing import Any

import numpy as np

import trainwell as tw


def sequences(samples: int, steps: int, seed: int) -> tuple[Any, Any]:
    """x (samples, steps, 2) float32, y (samples, 1) float32."""
    rng = np.random.default_rng(seed)
    x = np.zeros((samples, steps, 2), np.float32)
    x[..., 0] = rng.random((samples, steps))
    first, second = rng.integers(0, steps // 2, samples), rng.integers(steps // 2, steps, samples)
    rows = np.arange(samples)
    x[rows, first, 1] = x[rows, second, 1] = 1
    return x, (x[..., 0] * x[..., 1]).sum(axis=1, keepdims=True)


def remembered_steps(model: Any, x: Any) -> int:
    """Steps back until the gradient of the answer by the input stays below 1% of its largest."""
    import jax
    import jax.numpy as jnp

    def answer(inputs: Any) -> Any:
        return model.stateless_call(model.trainable_variables, model.non_trainable_variables, inputs)[0].sum()

    gradient = np.asarray(jnp.linalg.norm(jax.grad(answer)(jnp.asarray(x)), axis=-1)).mean(axis=0)
    seen = np.flatnonzero(gradient >= 0.01 * gradient.max())
    return int(len(gradient) - seen.min()) if len(seen) else 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, nargs="+", default=[100, 400])
    parser.add_argument("--samples", type=int, default=10_000)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--pictures", type=Path, help="write each run's report into this folder")
    arguments = parser.parse_args()
    columns = ("steps", "cell", "test MSE", "always 1", "memory before", "memory after", "s", "problems named")
    print(f"| {' | '.join(columns)} |\n|{'---|' * len(columns)}", flush=True)
    for steps in arguments.steps:
        for cell in ("rnn", "lstm", "gru"):
            errors, seconds, memory, problems = [], [], (0, 0), set()
            for seed in arguments.seeds:
                data = tw.load(
                    *sequences(arguments.samples, steps, seed),
                    kind="sequence",
                    task="regression",
                    name=f"adding_{steps}",
                )
                updates = arguments.epochs * -(-len(data.train) // 32)
                one_way = {"bidirectional": False, "pooling": "last"}
                built = tw.networks.build(cell, data, steps=updates, seed=seed, schedule="cosine", **one_way)
                before = remembered_steps(built.model, data.test.x[:32])
                out = arguments.pictures / f"adding-{steps}-{cell}-{seed}" if arguments.pictures else None
                run = tw.train(built.model, data, epochs=arguments.epochs, seed=seed, network=cell, out=out)
                memory = (before, remembered_steps(run.model, data.test.x[:32]))
                errors.append(run.result["test"]["loss"])
                seconds.append(run.result["seconds"])
                problems |= {finding.problem for finding in run.findings}
            trivial = float(np.mean((data.test.y - 1) ** 2))
            cells = (
                *(str(steps), cell, f"{statistics.mean(errors):.4f}", f"{trivial:.3f}"),
                *(f"{memory[0]} of {steps}", f"{memory[1]} of {steps}", f"{statistics.median(seconds):.0f}"),
                ", ".join(sorted(problems)) or "none",
            )
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
