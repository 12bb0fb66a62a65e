from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_zoo import MAKERS, blueprints

from trainwell.backend import load_keras
from trainwell.blueprint import Blueprint, apply, diff, edit, get, insert_layer, remove_layer
from trainwell.blueprint.path import join, locate, names_at, split, value_at
from trainwell.errors import SettingError, UnknownNameError

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
FACTS = st.dictionaries(st.text(max_size=4), JSON, max_size=4)


def paths(blueprint: Blueprint) -> list[str]:
    """Every path of a blueprint that leads to a plain value."""
    document, found, waiting = blueprint.to_dict(), [], [["layers"], ["compile"], ["fit"]]
    while waiting:
        names = waiting.pop()
        inside = names_at(value_at(document, locate(document, join(names))))
        waiting += [[*names, name] for name in inside]
        if not inside:
            found.append(join(names))
    return sorted(found)


@given(st.lists(st.text(), min_size=1))
def test_a_path_gives_its_names_back(names):
    assert split(join(names)) == names


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(MAKERS)), st.data(), st.text())
def test_an_edit_changes_its_place_only(model, data, value):
    blueprint = blueprints()[model]
    path = data.draw(
        st.sampled_from([p for p in paths(blueprint) if not p.startswith("fit.") and p.split(".")[-1] != "name"])
    )
    before = blueprint.to_json()
    edited = edit(blueprint, path, value)
    assert get(edited, path) == value
    assert blueprint.to_json() == before
    assert {change.path for change in diff(blueprint, edited)} <= {path}
    assert edit(edited, path, get(blueprint, path)) == blueprint


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(sorted(MAKERS)), st.sampled_from(sorted(MAKERS)), FACTS, FACTS)
def test_applying_the_difference_of_any_two_gives_the_second(first, second, facts, other_facts):
    a = edit(blueprints()[first], "data", facts)
    b = edit(blueprints()[second], "data", other_facts)
    changes = diff(a, b)
    assert apply(a, changes).to_json() == b.to_json()
    assert diff(a, a) == ()


def test_paths_name_layers_and_settings():
    blueprint = blueprints()["sequential"]
    assert get(blueprint, "layers.output.units") == 3
    assert get(blueprint, "model.layers.output.units") == 3
    assert get(blueprint, "compile.optimizer.learning_rate.warmup_steps") == 10
    assert get(blueprint, "compile.metrics.accuracy.dtype") == "float32"
    assert get(blueprint, "fit.batch_size") == 8
    assert get(blueprint, "fit.class_weight.1") == 2.5
    assert get(blueprints()["nested"], "layers.encoder.layers.squeeze.units") == 3
    assert get(blueprints()["recurrent"], join(["compile", "optimizer", "clipvalue"])) == 1.0


def test_an_edited_blueprint_builds_with_the_new_setting():
    keras = load_keras()
    blueprint = blueprints()["sequential"]
    conv, dense = (
        layer["config"]["name"]
        for layer in blueprint.model["config"]["layers"]
        if "units" in layer["config"] or "filters" in layer["config"]
        if layer["config"]["name"] != "output"
    )
    edited = edit(blueprint, f"layers.{conv}.filters", 6)  # the layers behind have stale shapes if these are kept
    edited = edit(
        edited,
        f"layers.{dense}.kernel_initializer",
        keras.saving.serialize_keras_object(keras.initializers.HeUniform()),
    )
    edited = edit(edited, "compile.optimizer.learning_rate", 0.5)
    model = edited.build()
    assert model.get_layer(conv).filters == 6
    assert isinstance(model.get_layer(dense).kernel_initializer, keras.initializers.HeUniform)
    assert float(model.optimizer.learning_rate) == 0.5


def test_unknown_names_list_the_nearest_at_that_level():
    blueprint = blueprints()["nested"]
    for path, near in [
        ("layer.encoder", "layers"),
        ("layers.encodr", "encoder"),
        ("layers.encoder.layers.squeeze.unit", "units"),
        ("compile.optimiser", "optimizer"),
        ("fit.batchsize", "batch_size"),
    ]:
        with pytest.raises(UnknownNameError) as error:
            edit(blueprint, path, 1)
        assert near in error.value.near, path
    with pytest.raises(SettingError, match="plain value 3"):
        get(blueprint, "fit.epochs.more")


def test_edits_that_cannot_work():
    blueprint = blueprints()["skip_connection"]
    with pytest.raises(SettingError, match="connected by their names"):
        edit(blueprint, f"layers.{blueprint.model['config']['layers'][0]['config']['name']}.name", "new")
    with pytest.raises(SettingError, match="serialize_keras_object"):
        edit(blueprint, "compile.loss", object())
    with pytest.raises(SettingError, match="batch_size must be"):
        edit(blueprint, "fit.batch_size", 0)


def test_layers_can_be_taken_out_of_and_put_into_sequential_models():
    keras = load_keras()
    blueprint = blueprints()["nested_in_sequential"]
    layer = keras.saving.serialize_keras_object(keras.layers.Dropout(0.5, name="dropout_new"))
    more = insert_layer(blueprint, layer, after="layers.block")
    assert [item.name for item in more.build().layers][1] == "dropout_new"
    assert remove_layer(more, "layers.dropout_new") == blueprint
    inner = insert_layer(
        blueprint,
        layer,
        after=f"layers.block.layers.{get(blueprint, 'layers.block')['config']['layers'][1]['config']['name']}",
    )
    assert "dropout_new" in [item.name for item in inner.build().layers[0].layers]
    with pytest.raises(SettingError, match="taken are"):
        insert_layer(more, layer, after="layers.block")
    with pytest.raises(SettingError, match="Sequential models only"):
        remove_layer(blueprints()["nested"], "layers.encoder")
    with pytest.raises(SettingError, match="Sequential models only"):
        remove_layer(blueprint, "fit.epochs")
    with pytest.raises(UnknownNameError, match="block"):
        remove_layer(blueprint, "layers.blok")


def test_changes_are_readable():
    keras = load_keras()
    blueprint = blueprints()["nested_in_sequential"]
    layer = keras.saving.serialize_keras_object(keras.layers.Dropout(0.5, name="rest"))
    other = edit(insert_layer(blueprint, layer, after="layers.block"), "fit.epochs", 9)
    added, order, epochs = diff(blueprint, other)
    assert added.text.en.startswith("layers.rest: added, Dropout(")
    assert order.kind == "order"
    assert (epochs.text.en, epochs.text.zh) == ("fit.epochs: 3 → 9", "fit.epochs：3 → 9")
