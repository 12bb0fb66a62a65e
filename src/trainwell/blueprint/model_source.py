"""The Python source of whole models: Sequential ones as a list of layers, the others in Keras's functional way."""

from __future__ import annotations

import builtins
import copy
import inspect
import keyword
import re
from typing import Any

from trainwell.backend import load_keras
from trainwell.blueprint.capture import KERAS_ERRORS, first_line
from trainwell.blueprint.object_source import NotWritableError, ObjectWriter
from trainwell.blueprint.serialised import automatic_base, is_graph, is_object
from trainwell.blueprint.source_text import Brackets, Expression, Plain, arguments, call, flat, lines, literal
from trainwell.locales import Text

# A tensor in a functional model: which layer made it, in which of its calls.
Call = tuple[str, int]


class ModelWriter:
    """Collects the statements of a script.

    Attributes:
        statements: lines of source so far.
        objects: writes the Keras objects that are no models.
    """

    def __init__(self) -> None:
        self.statements: list[str] = []
        self.objects = ObjectWriter(self.model)
        self._taken = {"keras", "os", "json", "model", "x", "y"} | set(dir(builtins))

    def model(self, serialised: dict[str, Any], variable: str | None = None) -> str:
        """Write a model.

        Args:
            serialised: what Keras's serialisation gave for it.
            variable: where to put it; named after the model if None.

        Returns:
            The variable that holds it.

        Raises:
            NotWritableError: no code a person would write gives this model.
        """
        if not is_graph(serialised):
            name = serialised.get("class_name")
            raise NotWritableError(
                Text(
                    en=f"{name} is a class of its own, not a Sequential or functional model",
                    zh=f"{name} 是自定义的类，而不是 Sequential 或函数式模型",
                )
            )
        config = serialised["config"]
        variable = variable or self._variable(config["name"])
        if serialised["class_name"] == "Sequential":
            layers = tuple(("", self.objects.object(layer, is_layer=True)) for layer in config["layers"])
            inside: list[tuple[str, Expression]] = [("", Brackets("", layers, "[]"))]
        else:
            graph = _Graph(self, config)
            inside = [(f"{k}=", graph.tensors(config[f"{k[:-1]}_layers"])) for k in ("inputs", "outputs")]
        inside += [
            (f"{k}=", v) for k, v in self.objects.name_argument(config["name"], serialised["class_name"]).items()
        ]
        function = "keras.Sequential" if serialised["class_name"] == "Sequential" else "keras.Model"
        whole = Brackets(function, tuple(inside))
        self.statements += lines(whole, f"{variable} = ", broken=function == "keras.Sequential")
        if config.get("trainable") is False:
            self.statements.append(f"{variable}.trainable = False")
        return variable

    def assign(self, name: str, expression: Expression) -> str:
        """Write `variable = expression`, the variable named after `name`, and return the variable."""
        variable = self._variable(name)
        self.statements += lines(expression, f"{variable} = ")
        return variable

    def _variable(self, name: str) -> str:
        word = re.sub(r"\W", "_", name)
        word = f"layer_{word}" if not word.isidentifier() or keyword.iskeyword(word) else word
        number, variable = 2, word
        while variable in self._taken:
            variable, number = f"{word}_{number}", number + 1
        self._taken.add(variable)
        return variable


class _Graph:
    """One functional model: writes its calls in an order that works, and makes them, to know what they return."""

    def __init__(self, writer: ModelWriter, config: dict[str, Any]):
        self._writer = writer
        self._keras = load_keras()
        self._made: dict[Call, tuple[str, Any]] = {}  # variable and Keras tensors
        self._layers: dict[str, tuple[str, Any]] = {}  # variable ("" if used once) and Keras object
        waiting = [(layer, n) for layer in config["layers"] for n in range(max(1, len(layer["inbound_nodes"])))]
        while waiting:
            later = [step for step in waiting if not self._written(*step)]
            if len(later) == len(waiting):
                raise _unclear(Text(en="the calls of its layers form a circle", zh="各层的调用形成了环"))
            waiting = later

    def tensors(self, references: Any) -> Expression:
        """References to inputs or outputs, in Keras's nesting, as source."""
        if isinstance(references, dict):
            return Brackets("", tuple((f"{literal(k).text}: ", self.tensors(v)) for k, v in references.items()), "{}")
        if len(references) == 3 and isinstance(references[0], str):
            return self._reference(references)[0]
        return Brackets("", tuple(("", self.tensors(item)) for item in references), "[]")

    def _written(self, layer: dict[str, Any], number: int) -> bool:
        name, nodes = _name(layer), layer["inbound_nodes"]
        if not nodes:
            made = self._object(layer)
            self._made[name, 0] = self._writer.assign(name, self._writer.objects.object(layer)), made.output
            return True
        node = nodes[number]
        if any(tuple(r[:2]) not in self._made for r in _references(node)):
            return False
        given = [self._argument(item) for item in node["args"]]
        operation = (layer["module"] or "").startswith("keras.src.ops")  # None: somebody's own class
        if name not in self._layers:
            self._layers[name] = self._layer(layer, named=len(nodes) > 1 and not operation)
        variable, made = self._layers[name]
        usual = inspect.signature(type(made).call).parameters
        told = {k: v for k, v in node["kwargs"].items() if v is not None and not (k in usual and usual[k].default == v)}
        named = {k: self._argument(v) for k, v in told.items()}
        try:
            result = made(*(a[1] for a in given), **{k: v[1] for k, v in named.items()})
        except KERAS_ERRORS as error:
            raise _unclear(Text(en=first_line(error), zh=first_line(error))) from error
        inside = [a[0] for a in given]
        names = {k: v[0] for k, v in named.items()}
        if operation:
            expression = self._operation(layer, inside, names)
        elif variable:
            expression = call(variable, inside, **names)
        else:
            maker = self._writer.objects.object(layer, is_layer=True)
            tail = arguments(inside, names)
            expression = (
                Brackets(maker.head, maker.items, maker.pair, tail)
                if isinstance(maker, Brackets)
                else Plain(f"{maker.text}{tail}")
            )
        output = name if len(nodes) == 1 and not is_graph(layer) else f"{name}_output"
        self._made[name, number] = self._writer.assign(output, expression), result
        return True

    def _layer(self, layer: dict[str, Any], *, named: bool) -> tuple[str, Any]:
        made = self._object(layer)
        if is_graph(layer):
            return self._writer.model(layer), made
        if not named:
            return "", made
        return self._writer.assign(_name(layer), self._writer.objects.object(layer, is_layer=True)), made

    def _object(self, layer: dict[str, Any]) -> Any:
        """The layer itself, to learn its defaults from."""
        try:
            return self._keras.saving.deserialize_keras_object(copy.deepcopy(layer))
        except KERAS_ERRORS as error:  # a class that is not known, or without its settings
            kind = layer.get("class_name")
            raise _unclear(
                Text(
                    en=f"{kind} cannot be made from its configuration: {first_line(error)}",
                    zh=f"无法根据配置创建 {kind}：{first_line(error)}",
                )
            ) from error

    def _operation(self, layer: dict[str, Any], inside: list[Expression], named: dict[str, Expression]) -> Expression:
        """An operator or function of keras.ops; its name is counted by Keras and cannot be given."""
        function = automatic_base(layer["class_name"])
        if not hasattr(self._keras.ops, function):
            raise _unclear(Text(en=f"keras.ops has no {function}", zh=f"keras.ops 中没有 {function}"))
        usual = inspect.signature(getattr(self._keras.ops, function)).parameters
        settings = {
            k: self._writer.objects.value(v)
            for k, v in layer["config"].items()
            if k != "name" and not (k in usual and usual[k].default == v)
        }
        self._writer.objects.name_argument(layer["config"]["name"], layer["class_name"])
        if function == "get_item":
            return Plain(f"{flat(inside[0])}[{_subscript(inside[1])}]")
        return call(f"keras.ops.{function}", inside, **(settings | named))

    def _argument(self, value: Any) -> tuple[Expression, Any]:
        """An argument of a call as source, and the value itself."""
        if is_object(value) and value["class_name"] == "__keras_tensor__":
            return self._reference(value["config"]["keras_history"])
        if is_object(value) and value["class_name"] == "__slice__":
            start, stop, step = (value["config"][end] for end in ("start", "stop", "step"))
            text = f"{'' if start is None else start}:{'' if stop is None else stop}"
            return Plain(text if step is None else f"{text}:{step}"), slice(start, stop, step)
        if is_object(value) and value["class_name"] == "__ellipsis__":
            return Plain("..."), ...
        if is_object(value):
            raise _unclear(
                Text(en=f"it is called with a {value['class_name']}", zh=f"它的调用参数含有 {value['class_name']}")
            )
        if isinstance(value, list):
            items = [self._argument(item) for item in value]
            # JSON keeps no tuples; an index has to be one.
            index = any(is_object(item) and item["class_name"] in ("__slice__", "__ellipsis__") for item in value)
            source = Brackets("", tuple(("", item[0]) for item in items), "()" if index else "[]")
            values = [item[1] for item in items]
            return source, tuple(values) if index else values
        if isinstance(value, dict):
            items_by_name = {k: self._argument(v) for k, v in value.items()}
            source = Brackets("", tuple((f"{literal(k).text}: ", v[0]) for k, v in items_by_name.items()), "{}")
            return source, {k: v[1] for k, v in items_by_name.items()}
        return literal(value), value

    def _reference(self, reference: list[Any]) -> tuple[Expression, Any]:
        """One output of one call."""
        name, number, index = reference
        variable, made = self._made[name, number]
        if isinstance(made, list | tuple):
            return Plain(f"{variable}[{index}]"), made[index]
        if isinstance(made, dict):
            key = sorted(made)[index]
            return Plain(f"{variable}[{literal(key).text}]"), made[key]
        return Plain(variable), made


def _subscript(index: Expression) -> str:
    """What stands between the brackets of an index: a tuple goes without its own."""
    return ", ".join(flat(item) for _, item in index.items) if isinstance(index, Brackets) else index.text


def _references(value: Any) -> list[list[Any]]:
    """Every tensor that is used in the arguments of a call."""
    if isinstance(value, list):
        return [found for item in value for found in _references(item)]
    if not isinstance(value, dict):
        return []
    if value.get("class_name") == "__keras_tensor__":
        return [value["config"]["keras_history"]]
    return [found for item in value.values() for found in _references(item)]


def _name(layer: dict[str, Any]) -> str:
    """Name of a layer in a functional model; a class of somebody's own may leave it out of its settings."""
    return layer["config"].get("name") or layer["name"]


def _unclear(reason: Text) -> NotWritableError:
    return NotWritableError(
        Text(en=f"its connections cannot be written down: {reason.en}", zh=f"无法写出它的连接方式：{reason.zh}")
    )
