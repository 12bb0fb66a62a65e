"""Data that stay on disk or in memory give the same training, bit for bit, and stay out of the process's memory."""

from __future__ import annotations

import gc
import mmap

import numpy as np
import pytest
import small_networks as networks
from hypothesis import given, settings
from hypothesis import strategies as some

from trainwell import engine
from trainwell.engine import batches, mapped_files, streaming
from trainwell.engine.step import Batch
from trainwell.signals import Observer

keras = networks.keras


def on_disk(array, path):
    np.save(path, array)
    return np.load(path, mmap_mode="r")


def same(a, b):
    return all(np.array_equal(x, y) for x, y in zip(networks.everything(a), networks.everything(b), strict=True))


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks of two batches of 32 digits."""
    monkeypatch.setattr(streaming, "BLOCK_BYTES", 2 * 32 * (64 + 4))


@pytest.mark.parametrize(
    "build", [networks.mlp, networks.cnn, networks.lstm, networks.transformer], ids=lambda build: build.__name__
)
def test_streamed_from_disk_equals_resident_bit_for_bit(build, tmp_path, small_blocks):
    x, y = networks.digits()
    resident, streamed = networks.compiled(build), networks.compiled(build)
    engine.train(resident, x, y, epochs=2, batch_size=32, seed=5)
    outcome = engine.train(streamed, on_disk(x, tmp_path / "x.npy"), y, epochs=2, batch_size=32, seed=5)
    assert outcome.steps == 14
    assert outcome.traces == 2
    assert same(resident, streamed)
    assert not np.array_equal(networks.everything(streamed)[0], networks.everything(networks.compiled(build))[0])


@pytest.mark.parametrize(("shuffle", "steps_per_epoch"), [(True, 3), (False, None)])
def test_streamed_trees_weights_and_wide_types(shuffle, steps_per_epoch, small_blocks):
    x, y = networks.digits(150)
    flat = x.reshape(150, 64)

    def build():
        a, b = keras.Input((32,), name="a"), keras.Input((32,), name="b")
        return keras.Model({"a": a, "b": b}, keras.layers.Dense(10, "softmax")(keras.layers.Concatenate()([a, b])))

    given = {"a": flat[:, :32].astype("float64") / 3, "b": flat[:, 32:].astype("int64")}
    weight = np.linspace(0, 2, 150)
    models = [networks.compiled(build) for _ in range(2)]
    for model, stream in zip(models, (False, True), strict=True):
        engine.train(
            model,
            given,
            y.astype("int64"),
            epochs=4,
            batch_size=32,
            sample_weight=weight,
            shuffle=shuffle,
            steps_per_epoch=steps_per_epoch,
            stream=stream,
        )
    assert same(*models)


@pytest.mark.parametrize("asked", [3, 16])
def test_streamed_training_resumes_bit_for_bit(asked, tmp_path, small_blocks, monkeypatch):
    monkeypatch.setattr(engine.training, "CHUNK_SECONDS", 1e-9)  # look up after every step
    x, y = networks.digits()
    settings = {"epochs": 4, "batch_size": 32, "seed": 3, "validation_data": (x[:40], y[:40])}
    whole, resumed = networks.compiled(networks.mlp), networks.compiled(networks.mlp, seed=99)
    engine.train(whole, x, y, stream=False, **settings)
    left = iter([False] * asked)
    file = tmp_path / "checkpoint.npz"
    first = engine.train(
        networks.compiled(networks.mlp),
        x,
        y,
        stream=True,
        checkpoint=file,
        should_stop=lambda: next(left, True),
        **settings,
    )
    assert first.stopped == "interrupted"
    outcome = engine.train(resumed, x, y, stream=True, checkpoint=file, resume=True, **settings)
    assert outcome.steps == 28 > first.steps > 0
    assert same(whole, resumed)


def test_watching_a_streamed_training_changes_no_bit(small_blocks):
    x, y = networks.digits()
    models = [networks.compiled(networks.mlp) for _ in range(2)]
    for model, observer in zip(models, (None, Observer()), strict=True):
        engine.train(model, x, y, epochs=2, batch_size=32, stream=True, observer=observer, every=1)
    assert same(*models)


def test_large_validation_data_are_evaluated_block_by_block(monkeypatch, tmp_path):
    x, y = networks.digits(150)
    settings = {"epochs": 1, "batch_size": 32, "validation_batch_size": 32}
    expected = engine.train(networks.compiled(networks.mlp), x, y, validation_data=(x, y), **settings).history[-1]
    monkeypatch.setattr(streaming, "BLOCK_BYTES", 1000)
    wide = on_disk(x.astype("float64"), tmp_path / "x.npy")
    seen = []

    class Sees(keras.callbacks.Callback):
        def on_test_batch_end(self, batch, logs=None):
            seen.append(batch)

    row = engine.train(
        networks.compiled(networks.mlp), x, y, validation_data=(wide, y), callbacks=[Sees()], **settings
    ).history[-1]
    assert seen == [0, 1, 2, 3, 4]
    assert {k: row[k] for k in ("val_loss", "val_accuracy")} == {k: expected[k] for k in ("val_loss", "val_accuracy")}


def test_what_is_streamed_by_itself(monkeypatch, tmp_path):
    x = np.zeros((1000, 100), np.float32)
    disk = on_disk(x, tmp_path / "x.npy")
    assert not streaming.wants_stream(Batch(x, None, None))
    assert not streaming.wants_stream(Batch(disk, None, None))  # as small as one block: taken into memory
    monkeypatch.setattr(streaming, "BLOCK_BYTES", 399_999)
    assert streaming.wants_stream(Batch(disk, None, None))
    assert streaming.wants_stream(Batch(np.asarray(disk)[:, :], None, None))  # a view of it is on disk too
    assert not streaming.wants_stream(Batch(x, None, None))
    monkeypatch.setattr(streaming, "memory_limit", lambda: 399_999)
    assert streaming.wants_stream(Batch(x, None, None))


def test_reading_leaves_little_of_a_file_in_memory(tmp_path, monkeypatch):
    def resident_file_bytes():
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("RssFile"))

    if not hasattr(mmap, "MADV_DONTNEED"):
        pytest.skip("this system does not take advice about memory")
    try:
        resident_file_bytes()
    except OSError:
        pytest.skip("this system does not say how much of a file is in memory")
    monkeypatch.setattr(streaming, "BLOCK_BYTES", 8 * 2**20)
    monkeypatch.setattr(streaming, "PIECE_BYTES", 2**18)
    x = on_disk(np.zeros((16_000, 1000), np.float32), tmp_path / "x.npy")  # 64 MB
    schedule = batches.Schedule(len(x), 256, 0, True, None)
    gc.collect()
    before, most = resident_file_bytes(), 0
    feed = streaming.Streamed(Batch(x, None, None), schedule, 1)
    feed.begin(0, 0)
    while feed.more():
        feed.chunk(8)
        most = max(most, resident_file_bytes())
    feed.close()
    assert most - before < 16 * 2**20


def test_a_private_copy_of_a_file_keeps_its_changes(tmp_path):
    path = tmp_path / "x.npy"
    np.save(path, np.zeros((300, 100), np.float32))
    private = np.load(path, mmap_mode="c")
    private[:] = 7  # only here, not in the file
    mapped_files.advise(private, "MADV_DONTNEED")
    assert (private == 7).all()


def test_rows_that_are_asked_for_lie_in_the_pages_that_are_named(tmp_path):
    x = on_disk(np.zeros((5000, 300), np.uint8), tmp_path / "x.npy")[100:]  # a header, and rows that are left out
    file, page = mapped_files.mapping(x), mmap.PAGESIZE
    places = np.array([0, 1, 2, 900, 4000, 4899])
    stretches = mapped_files.pages(x, file, places)
    named = {start + i for start, length in stretches for i in range(0, length, page)}
    needed = {(128 + 300 * (100 + row) + byte) // page * page for row in places.tolist() for byte in range(300)}
    assert named == needed  # 128: the header of a .npy file
    assert len(stretches) == 4
    mapped_files.ask_for(x, places)
    mapped_files.ask_for(np.zeros((9, 2)), np.arange(9))  # nothing to ask for


@given(
    samples=some.integers(1, 40),
    picked=some.data(),
    kind=some.sampled_from(["float64", "float32", "int64", "uint8", ">f4", "bool"]),
)
@settings(max_examples=60, deadline=None)
def test_gather_takes_the_rows_that_indexing_takes(samples, picked, kind):
    array = np.arange(samples * 3).reshape(samples, 3).astype(kind)
    places = np.array(sorted(picked.draw(some.sets(some.integers(0, samples - 1)))), np.int32)
    rows = streaming.gather(array, places, room=samples)
    assert rows.dtype == batches.device_type(array)
    assert np.array_equal(rows[: len(places)], array[places].astype(rows.dtype))
    assert not rows[len(places) :].any()


@given(
    samples=some.integers(1, 50),
    batch_size=some.integers(1, 12),
    steps=some.none() | some.integers(1, 6),
    shuffle=some.booleans(),
)
def test_epochs_of_any_length_go_through_all_samples_once_per_pass(samples, batch_size, steps, shuffle):
    batch_size = min(batch_size, samples)
    schedule = batches.Schedule(samples, batch_size, 1, shuffle, steps)
    epochs = -(-schedule.batches // (steps or schedule.batches))
    seen = np.concatenate([schedule.order(epoch) for epoch in range(epochs)])
    assert sorted(seen) == list(range(samples))
    assert [schedule.steps(e) for e in range(epochs)] == [
        -(-len(schedule.order(e)) // batch_size) for e in range(epochs)
    ]
