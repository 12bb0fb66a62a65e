"""The origin of a NaN in the finding: exact in layer and step, plain in words, kept with the run."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from pydantic import TypeAdapter

from trainwell import engine
from trainwell.backend import keras_seed, load_keras
from trainwell.blueprint.nan_origin import DIRECTIONS, NAN_CAUSES, TENSORS, NanOrigin
from trainwell.diagnosis import Facts, Told, diagnose
from trainwell.diagnosis.nan_wording import origin_text
from trainwell.diagnosis.problems.loss_not_finite import FITTING, PROBLEM
from trainwell.workflows.last_good import keep_last_good
from trainwell.workflows.run_folder import LAST_GOOD

EXPONENT = NanOrigin(
    step=70,
    epoch=3,
    direction="forward",
    tensor="output",
    layer="grow",
    operation="exp",
    cause="overflow",
    value="inf",
    rows=(3,),
    samples=(50,),
    affected=1,
    batch_size=32,
    dtype="float32",
    largest=95.0,
    limit=3.4e38,
    largest_weight=1.5,
    weight_growth=1.1,
    last_good=LAST_GOOD,
)


@pytest.fixture
def broken(made):
    loss = np.full(100, 1.0)
    loss[69:] = np.nan
    recording = made(run={"loss": loss})

    def finding(origin: NanOrigin):
        (found,) = PROBLEM.look(Facts(recording, nan_origin=origin))
        return found

    return finding


def test_the_finding_is_exact(broken):
    found = broken(EXPONENT)
    assert (found.layers, found.steps, found.confidence) == (("grow",), (70, 70), 1.0)
    assert [cause.code for cause in found.causes] == ["overflow"]
    assert [remedy.code for remedy in found.remedies] == [*FITTING["overflow"], "last_good"]
    assert [(one.measured, one.unit) for one in found.evidence][:1] == [(1.0, "samples")]
    for said in (found.text("en"), found.text("zh")):
        assert all(word in said for word in ("70", "grow", "exp", "95", "float32", "50", LAST_GOOD))


def test_weights_that_grew_are_named_as_the_cause_behind(broken):
    found = broken(replace(EXPONENT, cause="log_of_zero", operation="log", weight_growth=200.0))
    assert [cause.code for cause in found.causes] == ["log_of_zero", "too_large_steps"]
    assert "weights_grew" not in found.text()
    assert 200.0 in [one.measured for one in found.evidence]
    assert [remedy.code for remedy in found.remedies][:2] == ["stable_loss", "learning_rate"]


def test_an_unknown_origin_leaves_the_causes_open(broken):
    found = broken(NanOrigin(70, 3, "forward", "loss"))
    assert found.steps == (70, 70)
    assert len(found.causes) > 2
    assert "learning_rate" in [remedy.code for remedy in found.remedies]


@pytest.mark.parametrize("cause", NAN_CAUSES)
@pytest.mark.parametrize("tensor", TENSORS)
def test_every_origin_reads_well_in_both_languages(cause, tensor):
    for direction in DIRECTIONS:
        for layer in (None, "hidden_1"):
            for affected, samples in ((0, ()), (1, (7,)), (3, (7, 8, 9)), (3, ()), (32, ())):
                rows = tuple(range(min(affected, 3)))
                given = tensor in ("input", "target") and cause == "bad_data"
                origin = NanOrigin(
                    *(
                        5,
                        1,
                        direction,
                        tensor,
                        layer,
                        "" if given else "mul",
                        cause,
                        "nan",
                        rows,
                        samples,
                        affected,
                        32,
                        "float16",
                    )
                )
                text = origin_text(origin)
                assert text.en.endswith(".")
                assert text.zh.endswith("。")
                assert not re.search(r"[{}]|\bNone\b|  |\.\.(?!\.)", text.en), text.en
                assert not re.search(r"[{}]|None|，，|。。", text.zh), text.zh
                assert not re.search("[\u4e00-\u9fff]", text.en)


def test_it_survives_the_files_of_a_run():
    adapter = TypeAdapter(Told)
    told = Told(nan_origin=EXPONENT)
    assert adapter.validate_json(adapter.dump_json(told)) == told
    assert NanOrigin.from_dict(EXPONENT.to_dict()) == EXPONENT
    with pytest.raises(ValueError, match="nonsense"):
        NanOrigin.from_dict(EXPONENT.to_dict() | {"cause": "nonsense"})


def test_a_step_that_was_skipped_is_no_finding(made):
    norm = np.full(100, 1.0)
    norm[:4] = np.inf
    recording = made(run={"gradient_norm": norm})
    assert not PROBLEM.look(Facts(recording, stopped=""))
    loss = np.full(100, 1.0)
    loss[69:] = np.nan
    (found,) = PROBLEM.look(Facts(made(run={"loss": loss, "gradient_norm": norm})))
    assert found.steps == (70, 100)


def test_bad_data_are_not_laid_to_an_explosion_that_was_there_too(broken, made):
    found = broken(replace(EXPONENT, cause="bad_data", operation="", tensor="input", value="nan"))
    by_name = {origin.problem: origin for origin in PROBLEM.symptom_of}
    assert by_name["nan_in_data"].fits(found, found)
    assert not by_name["exploding_gradient"].fits(found, found)
    other = broken(EXPONENT)
    assert not by_name["nan_in_data"].fits(other, other)
    assert by_name["exploding_gradient"].fits(other, other)


def test_the_last_good_weights_are_a_file_to_go_on_from(tmp_path):
    keras = load_keras()
    layers = keras.layers
    x = np.random.default_rng(0).normal(0, 1, (64, 4)).astype("float32")
    y = x[:, :1].copy()
    y[40] = np.nan

    def network():
        with keras_seed(0):
            model = keras.Sequential(
                [keras.Input((4,)), layers.Dense(3, name="hidden"), layers.BatchNormalization(), layers.Dense(1)]
            )
        model.compile(keras.optimizers.Adam(0.01), "mse")
        return model

    model = network()
    outcome = engine.train(model, x, y, epochs=2, batch_size=8)
    good = [array.copy() for array in outcome.last_good.trainable]
    left = [np.array(variable.value) for variable in model.variables]
    keep_last_good(model, outcome, tmp_path)
    assert outcome.last_good is None
    assert outcome.nan_origin.last_good == LAST_GOOD
    for variable, value in zip(model.variables, left, strict=True):
        assert np.array_equal(np.array(variable.value), value, equal_nan=True)
    again = network()
    again.optimizer.build(again.trainable_variables)  # else Keras warns, and leaves Adam's memory out
    again.load_weights(tmp_path / LAST_GOOD)
    assert all(np.array_equal(a.value, b) for a, b in zip(again.trainable_variables, good, strict=True))
    assert int(again.optimizer.iterations) == outcome.nan_origin.step - 1
    clean = np.nan_to_num(y)
    assert engine.train(again, x, clean, epochs=1, batch_size=8).stopped is None
    keep_last_good(again, engine.Outcome(), tmp_path)  # a sound training leaves nothing behind


def test_a_run_tells_its_origin_and_can_be_asked_again(tmp_path):
    import trainwell as tw

    keras = load_keras()
    x = np.random.default_rng(0).normal(0, 1, (64, 4)).astype("float32")
    y = x[:, :1].copy()
    x[40, 1] = np.nan
    with keras_seed(0):
        model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="output")])
    model.compile("sgd", "mse")
    run = tw.train(model, x, y, epochs=2, batch_size=8, out=tmp_path / "run")
    (found,) = (one for one in run.findings if one.problem == "loss_not_finite")
    assert (found.layers, found.causes[0].code, found.follows_from) == (("output",), "bad_data", "nan_in_data")
    assert "sample 40" in found.summary.en
    assert "40 号样本" in found.summary.zh
    assert (tmp_path / "run" / LAST_GOOD).is_file()
    again = {one.problem: one for one in tw.diagnose(tmp_path / "run").findings}
    assert again["loss_not_finite"] == found


def test_what_is_not_told_is_not_known(made):
    assert Facts.of(made(), None, Told(nan_origin=EXPONENT)).nan_origin == EXPONENT
    assert Facts.of(made()).nan_origin is None
    assert "loss_not_finite" not in [one.problem for one in diagnose(Facts(made())).findings]
