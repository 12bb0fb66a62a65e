"""Sound contracts of data, last layer and loss, one for each task, to be changed in one point."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from trainwell.diagnosis.contract import Contract, OutputLayer, Targets, Values
from trainwell.diagnosis.facts import Facts
from trainwell.signals import Recording

NAN = float("nan")


def values(**changed: Any) -> Values:
    """A thousand samples of eight standardised columns."""
    made = Values((8,), "float32", 1000, -3.1, 3.2, 0.0, 1.0, 0, (), 0, 8, 1.1, 0.9, 0.1)
    return replace(made, **changed)


def class_numbers(*counts: int, **changed: Any) -> Targets:
    """Class numbers 0, 1, ..., so many of each."""
    total, most = sum(counts), len(counts) - 1
    given = {"shape": (), "dtype": "int64", "samples": total, "minimum": 0.0, "maximum": float(most), "features": 1}
    return Targets(values(**(given | changed)), "class_numbers", counts, sum(count > 0 for count in counts))


def one_hot(*counts: int, form: Any = "one_hot", **changed: Any) -> Targets:
    """One column per class, so many ones in each."""
    given = {"shape": (len(counts),), "samples": sum(counts), "minimum": 0.0, "maximum": 1.0, "features": len(counts)}
    return Targets(values(**(given | changed)), form, counts, 2)


def numbers(minimum: float = -2.5, maximum: float = 2.6, mean: float = 0.0, deviation: float = 1.0, columns: int = 1):
    """Any numbers."""
    shape = (columns,)
    made = values(shape=shape, minimum=minimum, maximum=maximum, mean=mean, deviation=deviation, features=columns)
    return Targets(
        replace(made, widest=deviation, narrowest=deviation, farthest=abs(mean) / deviation), "numbers", (), 900
    )


def contract(**changed: Any) -> Contract:
    """Ten classes by number, softmax, sparse cross-entropy, Adam: sound in every point."""
    made = Contract(
        inputs=values(),
        targets=class_numbers(*[100] * 10),
        output=OutputLayer("output", (10,), "softmax", 0.02, 0.4),
        expected_input=(8,),
        loss="sparse_categorical_crossentropy",
        from_logits=False,
        ignored_class=None,
        metrics=("accuracy",),
        learning_rate=0.001,
        optimizer="Adam",
        adapts=True,
        rescaled=False,
        linear_runs=(),
        class_weighted=False,
        shared_samples=0,
        repeated_samples=0,
        validation_samples=200,
        first_loss=2.35,
    )
    return replace(made, **changed)


def output(units: int, activation: str, minimum: float = -1.0, maximum: float = 1.0) -> OutputLayer:
    """A last layer; with the range that its activation allows."""
    low, high = {"softmax": (0.01, 0.9), "sigmoid": (0.2, 0.8), "relu": (0.0, 1.2), "tanh": (-0.6, 0.7)}.get(
        activation, (minimum, maximum)
    )
    return OutputLayer("output", (units,), activation, low, high)


SOUND = {
    "class_numbers": contract(),
    "class_numbers_logits": contract(output=output(10, "linear"), from_logits=True),
    "one_hot": contract(targets=one_hot(*[100] * 10), loss="categorical_crossentropy"),
    "one_hot_logits": contract(
        targets=one_hot(*[100] * 10), loss="categorical_crossentropy", output=output(10, "linear"), from_logits=True
    ),
    "binary": contract(
        targets=class_numbers(500, 500), loss="binary_crossentropy", output=output(1, "sigmoid"), first_loss=0.7
    ),
    "binary_logits": contract(
        targets=class_numbers(500, 500),
        loss="binary_crossentropy",
        output=output(1, "linear"),
        from_logits=True,
        first_loss=0.7,
    ),
    "binary_imbalanced": contract(
        targets=class_numbers(880, 120), loss="binary_crossentropy", output=output(1, "sigmoid"), first_loss=0.7
    ),
    "binary_hinge": contract(
        targets=Targets(values(shape=(1,), minimum=-1.0, maximum=1.0, features=1), "numbers", (), 2),
        loss="hinge",
        output=output(1, "tanh"),
        first_loss=1.0,
    ),
    "binary_mse": contract(
        targets=class_numbers(500, 500), loss="mean_squared_error", output=output(1, "sigmoid"), first_loss=0.25
    ),
    "several_labels": contract(
        targets=one_hot(300, 250, 420, form="several_labels"),
        loss="binary_crossentropy",
        output=output(3, "sigmoid"),
        first_loss=0.7,
    ),
    "regression": contract(
        targets=numbers(), loss="mean_squared_error", output=output(1, "linear"), metrics=("mae",), first_loss=1.1
    ),
    "regression_three": contract(
        targets=numbers(columns=3), loss="huber", output=output(3, "linear"), metrics=(), first_loss=0.6
    ),
    "regression_bounded": contract(
        targets=numbers(0.0, 1.0, 0.4, 0.2), loss="mean_squared_error", output=output(1, "sigmoid"), first_loss=0.07
    ),
    "counts": contract(
        targets=numbers(0.0, 9.0, 2.0, 1.5), loss="poisson", output=output(1, "softplus"), metrics=(), first_loss=2.0
    ),
    "autoencoder": contract(
        inputs=values(shape=(64,), minimum=0.0, maximum=1.0, mean=0.3, deviation=0.3, features=64),
        targets=Targets(
            values(shape=(64,), minimum=0.0, maximum=1.0, mean=0.3, deviation=0.3, features=64), "numbers", (), 17
        ),
        loss="binary_crossentropy",
        output=output(64, "sigmoid"),
        expected_input=(64,),
        first_loss=0.7,
    ),
    "pictures_rescaled": contract(
        inputs=values(
            shape=(32, 32, 3),
            dtype="uint8",
            minimum=0.0,
            maximum=255.0,
            mean=120.0,
            deviation=60.0,
            features=3,
            widest=62.0,
            narrowest=58.0,
            farthest=2.0,
        ),
        expected_input=(32, 32, 3),
        rescaled=True,
    ),
    "texts": contract(
        inputs=values(
            shape=(64,), dtype="int32", minimum=0.0, maximum=7999.0, mean=900.0, deviation=1500.0, features=64
        ),
        expected_input=(None,),
        rescaled=True,
    ),
    "writes": contract(
        inputs=values(shape=(64,), dtype="int32", minimum=0.0, maximum=64.0, mean=30.0, deviation=15.0, features=64),
        targets=Targets(
            values(shape=(64,), dtype="int32", minimum=0.0, maximum=64.0, features=64), "class_numbers", (10,) * 65, 65
        ),
        output=OutputLayer("output", (64, 65), "linear", -0.4, 0.4),
        from_logits=True,
        expected_input=(64,),
        rescaled=True,
        first_loss=4.2,
    ),
}


def facts(found: Contract | None) -> Facts:
    """What the doctor is told before the first step."""
    empty = Recording.empty()
    return Facts(recording=empty, contract=found)


__all__ = ["NAN", "SOUND", "class_numbers", "contract", "facts", "numbers", "one_hot", "output", "values"]
