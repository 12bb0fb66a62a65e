"""`import tensorflow` where it is not installed: tf.keras is Keras 3, the rest is one clear error."""

from __future__ import annotations

import importlib.util
import sys
import textwrap

import pytest

from trainwell.backend import load_keras
from trainwell.errors import InputError
from trainwell.workflows.watch import watch
from trainwell.workflows.watching import tensorflow_import
from trainwell.workflows.watching.tensorflow_import import tensorflow_served
from trainwell.workflows.watching.tensorflow_names import DTYPES, INSTEAD, MOVED, SERVED, instead_of

keras = load_keras()
pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is not None, reason="TensorFlow is installed, so nothing is served"
)


@pytest.fixture
def tf():
    with tensorflow_served():
        import tensorflow

        yield tensorflow


@pytest.mark.parametrize(
    "statement",
    [
        "import tensorflow as tf; k = tf.keras",
        "from tensorflow import keras as k",
        "import tensorflow.keras as k",
        "import tensorflow.keras.layers; k = tensorflow.keras",
        "import tensorflow.keras.backend as K, tensorflow as tf; k = tf.keras; assert tf.keras.backend is K",
    ],
)
def test_every_way_to_import_gives_keras_itself(tf, statement):
    names = {}
    exec(statement, names)  # noqa: S102
    given = names["k"]
    assert given.Model is keras.Model
    assert given.layers.Dense is keras.layers.Dense
    assert given.datasets is keras.datasets
    assert given.utils.to_categorical is keras.utils.to_categorical
    assert given.backend.backend() == "jax"
    assert given.__version__ == keras.__version__


def test_what_scripts_import_from_it(tf):
    from tensorflow.keras import layers, optimizers, regularizers
    from tensorflow.keras.callbacks import EarlyStopping
    from tensorflow.keras.datasets import mnist
    from tensorflow.keras.layers import Dense
    from tensorflow.keras.optimizers.schedules import ExponentialDecay
    from tensorflow.keras.preprocessing.image import ImageDataGenerator
    from tensorflow.keras.preprocessing.sequence import pad_sequences
    from tensorflow.random import set_seed

    assert Dense is layers.Dense is keras.layers.Dense
    assert isinstance(optimizers.Adam(clipvalue=1.0), keras.optimizers.Adam)
    assert isinstance(regularizers.l2(0.01), keras.regularizers.L2)
    assert EarlyStopping is keras.callbacks.EarlyStopping
    assert mnist is keras.datasets.mnist
    assert ExponentialDecay is keras.optimizers.schedules.ExponentialDecay
    assert ImageDataGenerator(rescale=0.5).rescale == 0.5
    assert pad_sequences([[1], [2, 3]]).tolist() == [[0, 1], [2, 3]]
    assert callable(set_seed)
    assert sys.modules["tensorflow.keras.layers"] is tf.keras.layers  # not loaded a second time


def test_harmless_names_are_served(tf):
    tf.random.set_seed(7)
    first = keras.random.uniform((3,), seed=keras.random.SeedGenerator()).tolist()
    tf.random.set_seed(7)
    assert keras.random.uniform((3,), seed=keras.random.SeedGenerator()).tolist() == first
    assert tf.__version__.startswith("2.")
    assert [device.device_type for device in tf.config.list_physical_devices("CPU")] == ["CPU"]
    assert bool(tf.config.list_physical_devices("GPU")) == tf.test.is_gpu_available()
    tf.get_logger().setLevel("ERROR")
    tf.config.run_functions_eagerly = None  # a module, so it can be set
    assert tf.float32 == "float32"
    assert keras.Input((3,), dtype=tf.int32).dtype == "int32"
    with tf.device("/GPU:0"):
        assert tf.function(jit_compile=True)(abs)(-1) == tf.function(abs)(-1) == 1
    assert set(DTYPES) <= set(SERVED)


def test_hasattr_and_try_import_work_as_ever(tf):
    assert not hasattr(tf, "constant")
    assert not hasattr(tf, "no_such_name")
    assert getattr(tf, "Session", None) is None
    with pytest.raises(ImportError):
        import tensorflow_datasets  # noqa: F401
    with pytest.raises(ModuleNotFoundError, match="No module named 'surely_not_there'"):
        import surely_not_there  # noqa: F401


@pytest.mark.parametrize("name", [value for value in INSTEAD.values() if value.startswith("keras.")])
def test_every_function_named_instead_exists(name):
    found = keras
    for step in name.split(".")[1:]:
        found = getattr(found, step)
    assert found is not None


@pytest.mark.parametrize("hint", sorted(set(MOVED.values())))
def test_every_new_place_exists(tf, hint):
    exec(hint, {})  # noqa: S102


def test_instead_of_goes_up_to_the_nearest_parent():
    assert instead_of("data.Dataset.from_tensor_slices") == instead_of("data")
    assert instead_of("math.reduce_mean") == "keras.ops.mean"
    assert instead_of("nonsense") is None


def test_keras_does_not_take_what_is_served_for_tensorflow(tf):
    from keras.src.utils import module_utils

    assert module_utils.tensorflow.available is False


def test_nothing_is_served_where_tensorflow_is_installed(monkeypatch):
    monkeypatch.setattr(tensorflow_import, "is_installed", lambda: True)
    before = list(sys.meta_path)
    with tensorflow_served():
        assert sys.meta_path == before


@pytest.mark.parametrize(
    ("code", "line", "named"),
    [
        ("import tensorflow as tf\n\nx = tf.constant([1])", 3, ("tf.constant", "keras.ops.convert_to_tensor")),
        ("import tensorflow as tf\ndef f():\n    tf.reduce_mean(1)\nf()", 3, ("tf.reduce_mean", "keras.ops.mean")),
        ("from tensorflow import constant", 1, ("tensorflow.constant", "pip install tensorflow")),
        ("import tensorflow as tf\ntf.data.Dataset.range(3)", 2, ("tf.data.Dataset", "keras.utils.PyDataset")),
        ("x = 1\nimport tensorflow_datasets as tfds", 2, ("tensorflow_datasets", "pip install tensorflow-datasets")),
        ("from tensorflow.python.keras import layers", 1, ("tensorflow.python", "use tensorflow.keras")),
        ("from tensorflow.keras.layers.experimental import preprocessing", 1, ("from tensorflow.keras import layers",)),
        ("import tensorflow.keras.layers.Dense", 1, ("from tensorflow.keras.layers import Dense",)),
        ("import tensorflow as tf\nwith tf.GradientTape() as tape: pass", 2, ("tf.GradientTape", "compute_loss")),
        (
            "import keras\nimport tensorflow as tf\ntf.keras.backend.abs(keras.ops.ones(2))",
            3,
            ("tf.abs", "keras.ops.abs"),
        ),
    ],
)
def test_any_other_use_names_what_is_missing_the_line_and_the_way_out(tmp_path, code, line, named):
    path = tmp_path / "lesson.py"
    path.write_text(textwrap.dedent(code), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        watch(path)
    english, chinese = refused.value.text("en"), refused.value.text("zh")
    assert english.startswith(f"lesson.py, line {line}: ")
    assert chinese.startswith(f"lesson.py 第 {line} 行：")
    for part in named:
        assert part in english
    assert "\n" not in english + chinese


def test_a_module_of_the_persons_own_is_named_with_its_line(tmp_path):
    (tmp_path / "layers_of_mine.py").write_text("import tensorflow as tf\nx = tf.constant(1)\n")
    (tmp_path / "main.py").write_text("import layers_of_mine\n")
    with pytest.raises(InputError, match=r"^layers_of_mine.py, line 2: tf.constant"):
        watch(tmp_path / "main.py")
    sys.modules.pop("layers_of_mine", None)
