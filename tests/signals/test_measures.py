"""Every measure equals a slow twin in plain Python, on NumPy and on JAX, also where numbers are extreme."""

from __future__ import annotations

import math
import re
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import jax.numpy as jnp
import numpy as np
import pytest

from trainwell.signals import RUN_MEASURES, LayerInfo, Observer, all_measures, measures

MEASURES = {measure.name: measure for measure in all_measures()}


def flat(arrays):
    return [float(value) for array in arrays for value in np.asarray(array).reshape(-1)]


def length(arrays):
    return math.sqrt(math.fsum(value * value for value in flat(arrays)))


def mean(values):
    return math.fsum(values) / len(values)


def std(values):
    middle = mean(values)
    return math.sqrt(mean([(value - middle) ** 2 for value in values]))


def dead(output):
    units = output.reshape(-1, output.shape[-1])
    return mean([float(all(value == 0 for value in units[:, unit])) for unit in range(units.shape[1])])


def flat_place(activation):
    """Whether the slope there is below 5% of the largest, by differences of the activation itself."""
    slopes = {
        "sigmoid": lambda y: y * (1 - y) / 0.25,
        "tanh": lambda y: 1 - y**2,
        "hard_sigmoid": lambda y: float(0 < y < 1),
        "hard_tanh": lambda y: float(-1 < y < 1),
        "softsign": lambda y: (1 - abs(y)) ** 2,
    }
    return lambda y: float(slopes[activation](y) < 0.05)


def looks(tap):
    """(sample, head, query) -> the attention logits and weights over the keys, in plain Python."""
    query, key = np.asarray(tap.query, float), np.asarray(tap.key, float)
    for sample, head in product(range(min(4, len(query))), range(query.shape[2])):
        for row in query[sample, :128, head]:
            logits = [math.fsum(row * other) / math.sqrt(len(row)) for other in key[sample, :128, head]]
            weights = [math.exp(one - max(logits)) for one in logits]
            yield (sample, head), logits, [one / math.fsum(weights) for one in weights]


def entropy(tap):
    found = [
        -math.fsum(w * math.log(w) for w in weights if w > 0) / math.log(len(weights)) for *_, weights in looks(tap)
    ]
    return mean(found)


def alike(tap):
    heads = {}
    for (_, head), _, weights in looks(tap):
        heads.setdefault(head, []).extend(w - mean(weights) for w in weights)
    pairs = [(a, b) for a in heads.values() for b in heads.values() if a is not b]
    cosine = [math.fsum(x * y for x, y in zip(a, b, strict=True)) / (length([a]) * length([b])) for a, b in pairs]
    return mean(cosine) if cosine else 0.0


TWINS = {
    "attention_entropy": entropy,
    "attention_logit": lambda tap: mean([max(logits) - mean(logits) for _, logits, _ in looks(tap)]),
    "head_similarity": alike,
    "gradient_norm": lambda tap: length(tap.gradients),
    "gradient_rms": lambda tap: (
        math.sqrt(mean([(g / 1e20) ** 2 for g in flat(tap.gradients)])) * 1e20
        if max(map(abs, flat(tap.gradients))) > 1e20
        else math.sqrt(mean([g * g for g in flat(tap.gradients)]))
    ),
    "weight_norm": lambda tap: length(tap.weights),
    "update_ratio": lambda tap: length(tap.updates) / (length(tap.weights) + 1e-12),
    "activation_mean": lambda tap: mean(flat([tap.output])),
    "activation_std": lambda tap: std(flat([tap.output])),
    "zero_share": lambda tap: mean([float(value == 0) for value in flat([tap.output])]),
    "dead_share": lambda tap: dead(np.asarray(tap.output)),
    "nonfinite_share": lambda tap: mean([float(not math.isfinite(value)) for value in flat([tap.output])]),
    "saturated_share": lambda tap: mean([flat_place(tap.activation)(value) for value in flat([tap.output])]),
}
RANDOM = np.random.default_rng(0)
SHAPES = [(4, 3), (3,)]
GENERATORS = {
    "ordinary": lambda shape: RANDOM.normal(size=shape),
    "zeros": np.zeros,
    "tiny": lambda shape: 1e-30 * RANDOM.normal(size=shape),
    "huge": lambda shape: 1e30 * RANDOM.normal(size=shape),
}
OUTPUTS = {
    "dense": RANDOM.normal(size=(6, 5)),
    "relu": np.maximum(RANDOM.normal(size=(6, 5)) - 1.5, 0),
    "image": np.maximum(RANDOM.normal(size=(2, 3, 3, 4)) - 2, 0),
    "sequence": RANDOM.normal(size=(2, 7, 3)),
    "zeros": np.zeros((4, 3)),
    "huge": 1e36 * RANDOM.normal(size=(40, 30)),
    "tiny": 1e-30 * RANDOM.normal(size=(4, 3)),
    "half precision": (6e4 * RANDOM.random((40, 30))).astype("float16"),
}


def shown(xp, **arrays):
    """A tap of the given arrays, as float32 unless they are of half precision."""

    def convert(value):
        if isinstance(value, str):
            return value
        if isinstance(value, list):
            return [convert(one) for one in value]
        return xp.asarray(value if value.dtype == np.float16 else value.astype("float32"))

    return SimpleNamespace(**{name: convert(value) for name, value in arrays.items()})


def agree(name, tap_of):
    with np.errstate(all="raise", under="ignore"):
        on_numpy = MEASURES[name].compute(np, tap_of(np))
    on_jax = MEASURES[name].compute(jnp, tap_of(jnp))
    expected = TWINS[name](tap_of(np))
    assert np.shape(on_numpy) == np.shape(on_jax) == ()
    assert np.asarray(on_numpy).dtype == np.asarray(on_jax).dtype == np.float32
    assert float(on_numpy) == pytest.approx(expected, rel=1e-4, abs=1e-35)
    assert float(on_jax) == pytest.approx(expected, rel=1e-4, abs=1e-35)


def test_every_measure_has_a_twin():
    assert set(TWINS) == set(MEASURES)


@pytest.mark.parametrize(
    ("name", "kind"), list(product([name for name, one in MEASURES.items() if one.of == "weights"], GENERATORS))
)
def test_measures_of_weights_equal_their_twins(name, kind):
    arrays = {part: [GENERATORS[kind](shape) for shape in SHAPES] for part in ("weights", "gradients", "updates")}
    agree(name, lambda xp: shown(xp, **arrays))


@pytest.mark.parametrize(
    ("name", "kind"),
    list(product([name for name, one in MEASURES.items() if one.of == "output" and not one.activations], OUTPUTS)),
)
def test_measures_of_outputs_equal_their_twins(name, kind):
    agree(name, lambda xp: shown(xp, output=OUTPUTS[kind], activation="linear"))


@pytest.mark.parametrize("name", [name for name, one in MEASURES.items() if one.of == "attention"])
@pytest.mark.parametrize(("heads", "queries", "keys"), [(2, 3, 5), (1, 4, 4), (4, 7, 2)])
def test_measures_of_attention_equal_their_twins(name, heads, queries, keys):
    query, key = RANDOM.normal(size=(5, queries, heads, 3)), 2 * RANDOM.normal(size=(5, keys, heads, 3))
    agree(name, lambda xp: shown(xp, query=query, key=key))


@pytest.mark.parametrize(("size", "least", "most"), [(0.0, 0.999, 1.001), (1000.0, 0.0, 0.01)])
def test_entropy_is_one_for_an_even_look_and_zero_for_a_single_place(size, least, most):
    tap = shown(np, query=size * np.ones((1, 2, 1, 4)), key=RANDOM.normal(size=(1, 6, 1, 4)))
    assert least <= MEASURES["attention_entropy"].compute(np, tap) <= most


def test_heads_with_the_same_weights_are_twins():
    one = RANDOM.normal(size=(2, 4, 1, 3))
    tap = shown(np, query=np.concatenate([one, one], axis=2), key=np.concatenate([one, one], axis=2))
    assert MEASURES["head_similarity"].compute(np, tap) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("kind", OUTPUTS)
def test_dead_share_equals_its_twin(kind):
    agree("dead_share", lambda xp: shown(xp, output=OUTPUTS[kind], activation="relu"))


@pytest.mark.parametrize("activation", sorted(MEASURES["saturated_share"].activations or ()))
def test_saturated_share_equals_its_twin(activation):
    below = -1.0 if activation in ("tanh", "hard_tanh", "softsign") else 0.0
    outputs = np.concatenate([RANDOM.uniform(below, 1, (30, 3)), np.full((2, 3), 1.0), np.full((2, 3), below)])
    agree("saturated_share", lambda xp: shown(xp, output=outputs, activation=activation))


@pytest.mark.parametrize(
    ("name", "x"), [("sigmoid", 2.0), ("sigmoid", 8.0), ("tanh", 1.0), ("tanh", 4.0), ("softsign", 9.0)]
)
def test_saturated_means_that_the_activation_itself_is_flat(name, x):
    from trainwell.backend import load_keras

    function = getattr(load_keras().activations, name)

    def slope(place):
        above, below = (float(function(jnp.float32(place + side))) for side in (0.01, -0.01))
        return (above - below) / 0.02

    tap = SimpleNamespace(output=function(jnp.full((1, 1), x)), activation=name)
    expected = slope(x) < 0.05 * slope(0.0)
    assert bool(MEASURES["saturated_share"].compute(jnp, tap) > 0) == expected


@pytest.mark.parametrize(("name", "bad"), list(product(MEASURES, [np.nan, np.inf, -np.inf])))
def test_a_value_that_is_not_finite_is_seen_and_breaks_nothing(name, bad):
    """Shares stay in 0..1, everything else becomes non-finite: nothing hides a broken value."""
    arrays = [np.ones((4, 3)), np.ones(3)]
    arrays[0][1, 1] = bad
    tap = {"weights": arrays, "gradients": arrays, "updates": arrays, "output": arrays[0], "activation": "sigmoid"}
    tap |= {"query": arrays[0][None, :, None], "key": np.ones((1, 4, 1, 3))}
    for xp in (np, jnp):
        with np.errstate(all="ignore"):
            value = float(MEASURES[name].compute(xp, shown(xp, **tap)))
        if MEASURES[name].unit == "share":
            assert 0 <= value <= 1
        else:
            assert not math.isfinite(value)
    if name == "nonfinite_share":
        assert value == pytest.approx(1 / 12)


@pytest.mark.parametrize("measure", all_measures(), ids=MEASURES)
def test_an_entry_is_complete(measure):
    assert measure.unit
    assert measure.title.en
    assert re.search("[\u4e00-\u9fff]", measure.title.zh)


def test_run_measures_are_complete():
    assert len({measure.name for measure in RUN_MEASURES}) == len(RUN_MEASURES)
    assert all(one.unit and one.title.en and re.search("[\u4e00-\u9fff]", one.title.zh) for one in RUN_MEASURES)


def test_the_catalogue_is_the_folder():
    files = {path.stem for path in Path(measures.__file__).parent.glob("*.py")} - {"__init__"}
    assert files == set(MEASURES)


LAYERS = (
    LayerInfo("scaling", "Rescaling", None, 0, (4,)),
    LayerInfo("dense", "Dense", "relu", 12, (3,)),
    LayerInfo("gate", "Dense", "sigmoid", 12, (3,)),
    LayerInfo("free", "Variable", None, 3, ()),
)


def test_a_measure_has_a_column_where_it_applies():
    columns = set(Observer().layout(LAYERS).columns)
    expected = {(name, layer) for name, one in MEASURES.items() if one.of != "attention" for layer in ("dense", "gate")}
    expected -= {("dead_share", "gate"), ("saturated_share", "dense")}
    expected |= {(name, "free") for name, one in MEASURES.items() if one.of == "weights"}
    expected |= {(name, "scaling") for name, one in MEASURES.items() if one.of == "output" and one.activations is None}
    assert columns == expected


def test_columns_are_in_the_order_of_the_layout():
    observer = Observer([MEASURES["activation_mean"], MEASURES["weight_norm"]])
    layout = observer.layout(LAYERS[1:3])
    weights = {name: shown(jnp, weights=[np.full((4, 3), size)]) for name, size in (("dense", 1.0), ("gate", 2.0))}
    outputs = {name: shown(jnp, output=np.full((5, 3), size)) for name, size in (("dense", 7.0), ("gate", 9.0))}
    values = dict(zip(layout.columns, observer.columns(layout, weights, outputs).tolist(), strict=True))
    assert values == pytest.approx(
        {
            ("activation_mean", "dense"): 7.0,
            ("activation_mean", "gate"): 9.0,
            ("weight_norm", "dense"): math.sqrt(12),
            ("weight_norm", "gate"): 2 * math.sqrt(12),
        }
    )


def test_nothing_to_look_at_is_an_empty_row():
    observer = Observer([])
    assert observer.columns(observer.layout(LAYERS), {}, {}).shape == (0,)


def test_attention_is_measured_where_queries_and_keys_go_together():
    layers = (
        LayerInfo("block/attention/query", "EinsumDense", None, 12, (7, 2, 3)),
        LayerInfo("block/attention/key", "EinsumDense", None, 12, (9, 2, 3)),
        LayerInfo("lonely/query", "EinsumDense", None, 12, (7, 2, 3)),
        LayerInfo("grouped/query", "EinsumDense", None, 12, (7, 4, 3)),
        LayerInfo("grouped/key", "EinsumDense", None, 12, (7, 2, 3)),  # fewer heads than queries
    )
    names = {name for name, one in MEASURES.items() if one.of == "attention"}
    columns = {column for column in Observer().layout(layers).columns if column[0] in names}
    assert columns == {(name, "block/attention/query") for name in names}
