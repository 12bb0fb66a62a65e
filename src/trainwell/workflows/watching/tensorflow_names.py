"""TensorFlow's names, as far as scripts for Keras use them: those that are served without it, and what to use instead.

Nothing here computes: a name that means a computation gets an error that names the Keras function, so that a script is
never run with a stand-in that behaves almost alike.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

VERSION = "2.16.0+trainwell"  # the first TensorFlow whose tf.keras is Keras 3; valid by PEP 440, and says who speaks
DTYPES = (
    *("float16", "float32", "float64", "bfloat16", "bool", "string"),
    *("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
)
ARRAYS = "NumPy arrays or a keras.utils.PyDataset"
SAME_IN_OPS = (
    *("abs", "argmax", "argmin", "cast", "convert_to_tensor", "cos", "equal", "exp", "expand_dims", "eye", "floor"),
    *("linspace", "matmul", "maximum", "minimum", "ones", "ones_like", "pad", "reshape", "round", "scatter", "shape"),
    *("sigmoid", "sign", "sin", "split", "sqrt", "square", "squeeze", "stack", "tanh", "tensordot", "tile"),
    *("transpose", "where", "zeros", "zeros_like", "one_hot", "einsum", "add", "subtract", "multiply", "divide"),
    *("greater", "less", "logical_and", "logical_or", "logical_not", "cumsum", "meshgrid", "norm", "unstack"),
)
# what to use instead; names that begin with "keras." exist (a test looks)
INSTEAD: Mapping[str, str] = {
    **{name: f"keras.ops.{name}" for name in SAME_IN_OPS},
    **{f"math.{name}": f"keras.ops.{name}" for name in SAME_IN_OPS},
    **{f"reduce_{name}": f"keras.ops.{name}" for name in ("mean", "sum", "max", "min", "prod", "any", "all")},
    **{f"math.reduce_{name}": f"keras.ops.{name}" for name in ("mean", "sum", "max", "min", "prod", "any", "all")},
    **{f"math.{name}": f"keras.ops.{name}" for name in ("log", "log1p", "top_k", "erf", "rsqrt")},
    **{
        f"nn.{name}": f"keras.ops.{name}"
        for name in ("relu", "relu6", "elu", "selu", "gelu", "leaky_relu", "silu", "sigmoid", "softmax", "log_softmax")
    },
    **{f"random.{name}": f"keras.random.{name}" for name in ("normal", "uniform", "truncated_normal", "shuffle")},
    **{f"linalg.{name}": f"keras.ops.{name}" for name in ("matmul", "norm", "inv", "det", "solve", "svd", "qr")},
    "nn.tanh": "keras.ops.tanh",
    "nn.swish": "keras.ops.silu",
    "nn.dropout": "keras.random.dropout",
    "nn.conv2d": "keras.ops.conv",
    "nn.max_pool2d": "keras.ops.max_pool",
    "nn.softmax_cross_entropy_with_logits": "keras.losses.CategoricalCrossentropy",
    "nn.sparse_softmax_cross_entropy_with_logits": "keras.losses.SparseCategoricalCrossentropy",
    "nn.sigmoid_cross_entropy_with_logits": "keras.losses.BinaryCrossentropy",
    "nn.l2_normalize": "keras.ops.normalize",
    "random.categorical": "keras.random.categorical",
    "image.resize": "keras.ops.image.resize",
    "image.rgb_to_grayscale": "keras.ops.image.rgb_to_grayscale",
    "constant": "keras.ops.convert_to_tensor",
    "concat": "keras.ops.concatenate",
    "range": "keras.ops.arange",
    "fill": "keras.ops.full",
    "pow": "keras.ops.power",
    "math.pow": "keras.ops.power",
    "gather": "keras.ops.take",
    "clip_by_value": "keras.ops.clip",
    "norm": "keras.ops.norm",
    "cond": "keras.ops.cond",
    "while_loop": "keras.ops.while_loop",
    "map_fn": "keras.ops.map",
    "stop_gradient": "keras.ops.stop_gradient",
    "is_tensor": "keras.ops.is_tensor",
    "Variable": "keras.Variable",
    "Tensor": "keras.KerasTensor",
    "GradientTape": "compute_loss() in a subclass of keras.Model",
    "data": ARRAYS,
    "python": "tensorflow.keras",
    "tensorflow_datasets": "keras.datasets",
    "tensorflow_addons": "keras.layers",
}
# modules of tf.keras that Keras 3 has elsewhere
MOVED: Mapping[str, str] = {
    "layers.experimental": "from tensorflow.keras import layers",
    "layers.experimental.preprocessing": "from tensorflow.keras import layers",
    "utils.np_utils": "from tensorflow.keras import utils",
    "wrappers.scikit_learn": "from keras.wrappers import SKLearnClassifier, SKLearnRegressor",
    "optimizers.experimental": "from tensorflow.keras import optimizers",
    "mixed_precision.experimental": "from tensorflow.keras import mixed_precision",
}


class Device(NamedTuple):
    """A device as `tf.config.list_physical_devices` gives it."""

    name: str
    device_type: str


def instead_of(name: str) -> str | None:
    """The Keras way to what `tf.NAME` does, if there is one; the nearest parent's counts ("data.Dataset" -> "data").

    >>> instead_of("reduce_mean"), instead_of("data.Dataset"), instead_of("raw_ops")
    ('keras.ops.mean', 'NumPy arrays or a keras.utils.PyDataset', None)
    """
    while name:
        if name in INSTEAD:
            return INSTEAD[name]
        name = name.rpartition(".")[0]
    return None


def _set_seed(seed: int) -> None:
    import keras

    keras.utils.set_random_seed(int(seed))


def _devices(device_type: str | None = None) -> list[Device]:
    import jax

    found = [Device(f"/physical_device:{d.platform.upper()}:{d.id}", d.platform.upper()) for d in jax.devices()]
    if not any(device.device_type == "CPU" for device in found):
        found.append(Device("/physical_device:CPU:0", "CPU"))
    return [device for device in found if device_type in (None, device.device_type)]


def _gpu_name() -> str:
    return "/device:GPU:0" if _devices("GPU") else ""


def _function(function: Callable[..., Any] | None = None, **options: Any) -> Any:
    """`tf.function`, bare or with options: the function as it is. Keras compiles the step it is used in."""
    del options
    return (lambda given: given) if function is None else function


def _nothing(*arguments: Any, **options: Any) -> None:
    del arguments, options


# harmless commonplaces: they describe, seed, or set what has no meaning on JAX
SERVED: Mapping[str, Any] = {
    **{name: name for name in DTYPES},
    "__version__": VERSION,
    "version.VERSION": VERSION,
    "random.set_seed": _set_seed,
    "random.set_random_seed": _set_seed,
    "compat.v1.set_random_seed": _set_seed,
    "config.list_physical_devices": _devices,
    "config.list_logical_devices": _devices,
    "config.experimental.list_physical_devices": _devices,
    "config.set_visible_devices": _nothing,
    "config.experimental.set_memory_growth": _nothing,
    "config.experimental.enable_op_determinism": _nothing,
    "config.threading.set_intra_op_parallelism_threads": _nothing,
    "config.threading.set_inter_op_parallelism_threads": _nothing,
    "test.is_gpu_available": lambda *_, **__: bool(_devices("GPU")),
    "test.is_built_with_cuda": lambda: bool(_devices("GPU")),
    "test.gpu_device_name": _gpu_name,
    "executing_eagerly": lambda: True,
    "function": _function,
    "device": contextlib.nullcontext,  # JAX places the arrays by itself
    "get_logger": lambda: logging.getLogger("tensorflow"),
    "autograph.set_verbosity": _nothing,
    "compat.v1.logging.set_verbosity": _nothing,
    "compat.v1.logging.ERROR": logging.ERROR,
}
# dotted names that hold others: "math", "config", "config.experimental", ...
NAMESPACES = frozenset(
    name[:position]
    for name in (*INSTEAD, *SERVED, "data.Dataset", "io.x", "strings.x", "summary.x", "distribute.x", "raw_ops.x")
    for position, letter in enumerate(name)
    if letter == "."
)
