"""The Python source that makes one Keras object: the call of its class with the arguments that are not the defaults."""

from __future__ import annotations

import inspect
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

from trainwell.backend import load_keras
from trainwell.blueprint.capture import KERAS_ERRORS, complete_loss, first_line
from trainwell.blueprint.serialised import (
    automatic_base,
    is_automatic,
    is_graph,
    is_object,
    nameless,
    portable,
    tidy_rates,
)
from trainwell.blueprint.source_text import Brackets, Expression, Plain, call, literal
from trainwell.locales import Text

_ALWAYS_SHOWN = ("learning_rate",)
_FUNCTIONS_IN = ("losses", "metrics", "activations", "ops", "initializers", "regularizers")


class NotWritableError(Exception):
    """This cannot be written as the source a person would write; `reason` says why."""

    def __init__(self, reason: Text):
        super().__init__(reason.en)
        self.reason = reason


class ObjectWriter:
    """Writes Keras objects; knows which names Keras will have counted when the script has come so far."""

    def __init__(self, write_model: Callable[[dict[str, Any]], str]):
        """`write_model` writes a nested model and returns the variable that holds it."""
        self._keras = load_keras()
        self._write_model = write_model
        self._counted: Counter[str] = Counter()

    def value(self, value: Any) -> Expression:
        """A JSON value, in which Keras objects are serialised, as source."""
        if is_object(value):
            return self.object(value)
        if isinstance(value, list):
            return Brackets("", tuple(("", self.value(item)) for item in value), "[]")
        if isinstance(value, dict):
            return Brackets("", tuple((f"{literal(k).text}: ", self.value(v)) for k, v in value.items()), "{}")
        return literal(value)

    def object(self, serialised: dict[str, Any], *, is_layer: bool = False) -> Expression:
        """A serialised Keras object as source.

        Args:
            serialised: module, class_name and config.
            is_layer: whether it is a layer of a model; those keep their name in any case.

        Raises:
            NotWritableError: it is not one of Keras's own, or its arguments cannot be found again.
        """
        class_name, config = serialised["class_name"], serialised["config"]
        if is_graph(serialised):
            return Plain(self._write_model(serialised))
        if class_name == "InputLayer":
            return self._input(config)
        if class_name == "function":
            return Plain(self._function(serialised))
        if not isinstance(config, dict):
            raise _foreign(class_name)
        if class_name == "DTypePolicy":
            return literal(config["name"])
        path = f"{serialised.get('module')}.{class_name}"
        if self._public(path) is None:
            raise _foreign(class_name)
        return self._call(path, serialised, is_layer=is_layer)

    def name_argument(self, name: str, class_name: str, *, keep: bool = True) -> dict[str, Expression]:
        """The name argument, left out if Keras will count to just this name by itself."""
        base = automatic_base(class_name)
        expected = f"{base}_{self._counted[base]}" if self._counted[base] else base
        if name == expected or (not keep and is_automatic(name, class_name)):
            self._counted[base] += 1
            return {}
        return {"name": literal(name)}

    def _call(self, path: str, serialised: dict[str, Any], *, is_layer: bool) -> Expression:
        config: dict[str, Any] = serialised["config"]
        cls, class_name = self._public(path), serialised["class_name"]
        counted = issubclass(cls, self._keras.Operation | self._keras.optimizers.Optimizer)
        parameters = [
            p
            for p in inspect.signature(cls.__init__).parameters.values()
            if p.name != "self" and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        required = [p.name for p in parameters if p.default is p.empty]
        if any(name not in config for name in required):
            raise _arguments_lost(class_name)
        least = {name: config[name] for name in required} | ({"name": config["name"]} if counted else {})
        if "dtype" in config and "name" in least:
            # The script runs with Keras's own default policy, whatever it is here and now.
            least |= {"dtype": config["dtype"]}
        default = self._config(serialised, least)
        if "dtype" in least and self.value(config["dtype"]) != literal("float32"):
            default["dtype"] = None
        order = [p.name for p in parameters] + list(config)
        told = [
            name
            for name in dict.fromkeys(order)
            if name in config
            and name not in required
            and (name != "name" or not counted)
            and (name in _ALWAYS_SHOWN or not _alike(config[name], default.get(name)))
        ]
        made = self._config(serialised, least | {name: config[name] for name in told})
        if made.keys() != config.keys() or not all(_alike(value, made[name]) for name, value in config.items()):
            raise _arguments_lost(class_name)
        positional = required if len(required) <= 2 else []
        shapes = issubclass(cls, self._keras.Layer)
        named = {n: self._argument(config[n], shapes=shapes) for n in [*required, *told] if n not in positional}
        if counted:
            named |= self.name_argument(config["name"], class_name, keep=is_layer)
        return call(path, [self._argument(config[name], shapes=shapes) for name in positional], **named)

    def _argument(self, value: Any, *, shapes: bool) -> Expression:
        """Layers take sizes as tuples, which JSON does not know."""
        if shapes and isinstance(value, list) and 0 < len(value) <= 3 and all(type(item) is int for item in value):
            return Brackets("", tuple(("", literal(item)) for item in value))
        return self.value(value)

    def _config(self, serialised: dict[str, Any], arguments: dict[str, Any]) -> dict[str, Any]:
        """The whole configuration of an object made with these arguments only."""
        try:
            made = self._keras.saving.deserialize_keras_object(
                {**json.loads(_json(serialised)), "config": json.loads(_json(arguments)), "build_config": None}
            )
            config = complete_loss(made, self._keras.saving.serialize_keras_object(made))["config"]
        except KERAS_ERRORS as error:
            raise _arguments_lost(serialised["class_name"], first_line(error)) from error
        return tidy_rates(portable(json.loads(json.dumps(config)), inside=True))

    def _input(self, config: dict[str, Any]) -> Expression:
        shape = config["batch_shape"]
        size = Brackets("", tuple(("", literal(n)) for n in (shape if shape[0] else shape[1:])))
        named = {"batch_shape": size} if shape[0] else {}
        told = {"dtype": "float32", "sparse": False, "ragged": False, "optional": False}
        named |= {k: literal(config[k]) for k, usual in told.items() if config.get(k, usual) != usual}
        named |= self.name_argument(config["name"], "InputLayer")
        return call("keras.Input", [] if shape[0] else [size], **named)

    def _function(self, serialised: dict[str, Any]) -> str:
        name, module = serialised["config"], serialised.get("module") or ""
        for place in [module] if module.startswith("keras") else [f"keras.{m}" for m in _FUNCTIONS_IN]:
            if isinstance(name, str) and self._public(f"{place}.{name}") is not None:
                return f"{place}.{name}"
        raise _foreign(str(name))

    def _public(self, path: str) -> Any:
        """What Keras exports under this path, or None."""
        first, *rest = path.split(".")
        found: Any = self._keras if first == "keras" and "src" not in rest else None
        for name in rest:
            found = getattr(found, name, None)
        return found


def _alike(value: Any, other: Any) -> bool:
    """Equal up to counted names, and up to what Keras does on building: an axis -1 becomes the list [-1]."""
    return _json(nameless(value)) in (_json(nameless(other)), _json([nameless(other)]))


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def _foreign(name: str) -> NotWritableError:
    return NotWritableError(Text(en=f"{name} is not one of Keras's own parts", zh=f"{name} 不是 Keras 自带的部件"))


def _arguments_lost(name: str, detail: str = "") -> NotWritableError:
    more = Text(en=f" ({detail})", zh=f"（{detail}）") if detail else Text(en="", zh="")
    return NotWritableError(
        Text(
            en=f"the arguments of {name} cannot be read back from its configuration{more.en}",
            zh=f"无法从配置还原 {name} 的参数{more.zh}",
        )
    )
