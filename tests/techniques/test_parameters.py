"""Settings of techniques: what is accepted, and what a person is told otherwise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainwell.errors import SettingError
from trainwell.techniques import Parameter, Technique, all_techniques, find


@pytest.mark.parametrize(
    ("technique", "given", "says"),
    [
        (
            "leaky_relu",
            {"negative_slope": 2.0},
            "leaky_relu: negative_slope must be a number, above 0, below 1, 2.0 was given; leave it out for 0.01",
        ),
        ("dropout", {"rate": 1.0}, "dropout: rate must be a number, at least 0, below 1, 1.0 was given"),
        ("dropout", {"rate": "half"}, "dropout: rate must be a number, at least 0, below 1, 'half' was given"),
        ("dropout", {"rate": True}, "True was given"),
        ("adam", {"learning_rate": 0.0}, "adam: learning_rate must be a number, above 0, 0.0 was given"),
        ("adam", {"learning_rate": float("nan")}, "nan was given"),
        ("adam", {"clipnorm": -1.0}, "clipnorm must be a number, above 0, -1.0 was given; leave it out to switch"),
        ("adam", {"lr": 0.1}, "adam: there is no setting 'lr'; its settings are: learning_rate, beta_1"),
        ("relu", {"slope": 0.1}, "relu: there is no setting 'slope'; it has no settings, leave it out"),
        ("early_stopping", {"patience": 2.5}, "patience must be a whole number, at least 1, 2.5 was given"),
        ("cosine", {"steps": 10}, "learning_rate must be a number, above 0, None was given; it has no default"),
    ],
)
def test_a_wrong_value_is_one_clear_line(technique: str, given: dict[str, object], says: str) -> None:
    with pytest.raises(SettingError) as caught:
        find(technique).settings(**given)
    assert says in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    assert technique in caught.value.text("zh")
    assert "；" in caught.value.text("zh")


def test_values_become_plain_numbers() -> None:
    settings = find("momentum").settings(learning_rate=np.float32(0.5), momentum=0)
    assert type(settings["learning_rate"]) is float
    assert type(settings["momentum"]) is float
    assert type(find("early_stopping").settings(patience=np.int64(3))["patience"]) is int


LIMITED = [p for t in all_techniques() for p in t.parameters if np.isfinite(p.minimum)]


@given(st.sampled_from(LIMITED), st.floats(0.0, 1e6, exclude_min=True))
def test_nothing_outside_the_limits_is_accepted(parameter: Parameter, beyond: float) -> None:
    assert not parameter.accepts(parameter.minimum - max(beyond, 1e-3))
    assert np.isinf(parameter.maximum) or not parameter.accepts(parameter.maximum + max(beyond, 1e-3))


@pytest.mark.parametrize("technique", all_techniques(), ids=lambda t: f"{t.family}-{t.name}")
def test_every_default_is_accepted(technique: Technique) -> None:
    for parameter in technique.parameters:
        assert parameter.required or parameter.accepts(parameter.default)
