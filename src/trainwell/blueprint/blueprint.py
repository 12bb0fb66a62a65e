"""A training as data: Keras's own configuration of the model and of its compile settings, and the fit settings."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from trainwell.blueprint.building import build
from trainwell.blueprint.capture import capture
from trainwell.blueprint.fit_settings import FitSettings
from trainwell.blueprint.serialised import is_object, renumbered, tidy_rates
from trainwell.errors import FolderError, ModelError
from trainwell.locales import Text
from trainwell.whole_file import write_whole

_FORMAT = 1


@dataclass(frozen=True)
class Blueprint:
    """All that a training is made from, except the samples.

    Attributes:
        model: what `keras.saving.serialize_keras_object(model)` gives, JSON.
        compile: what `model.get_compile_config()` gives, JSON.
        fit: batch size, epochs, seed, ...
        data: small facts about the data (name, fingerprint, task, ...), JSON.

    Raises:
        ModelError: something in it is not JSON.
    """

    model: Mapping[str, Any]
    compile: Mapping[str, Any]
    fit: FitSettings
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def __post_init__(self) -> None:
        for name in ("model", "compile", "data"):
            object.__setattr__(self, name, _as_json(getattr(self, name), name))

    def __hash__(self) -> int:
        return hash(self.hash)

    @classmethod
    def of(cls, model: Any, fit: FitSettings, data: Mapping[str, Any] | None = None) -> Blueprint:
        """The blueprint of a compiled `keras.Model`.

        Weights are no part of it: what it builds starts from new initial weights.

        Raises:
            ModelError: the model is not compiled, or Keras cannot serialise it.
        """
        config, compiled = capture(model)
        return cls(config, tidy_rates(_as_json(compiled, "compile")), fit, data or {})

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON values, a copy."""
        return {
            "format": _FORMAT,
            "model": copy.deepcopy(self.model),
            "compile": copy.deepcopy(self.compile),
            "fit": self.fit.to_dict(),
            "data": copy.deepcopy(self.data),
        }

    @classmethod
    def from_dict(cls, raw: object, where: str = "JSON") -> Blueprint:
        """Back from `to_dict`.

        Args:
            raw: plain JSON values.
            where: what a person should look at if they are not a blueprint.

        Raises:
            ModelError: this is not a blueprint.
            SettingError: a fit setting cannot work.
        """
        if not isinstance(raw, dict):
            raise _not_a_blueprint(where, Text(en="it is not a JSON object", zh="它不是 JSON 对象"))
        document: dict[str, Any] = {str(key): value for key, value in raw.items()}
        if document.get("format") != _FORMAT:
            raise _not_a_blueprint(
                where,
                Text(
                    en=f'"format" must be {_FORMAT}, it is {document.get("format")!r}',
                    zh=f'"format" 应为 {_FORMAT}，实际为 {document.get("format")!r}',
                ),
            )
        for name in ("model", "compile", "fit", "data"):
            if not isinstance(document.get(name), dict):
                raise _not_a_blueprint(where, Text(en=f'"{name}" must be a JSON object', zh=f'"{name}" 应为 JSON 对象'))
        if not is_object(document["model"]):
            raise _not_a_blueprint(
                where, Text(en='"model" is no serialised Keras model', zh='"model" 不是序列化的 Keras 模型')
            )
        return cls(document["model"], document["compile"], FitSettings.from_dict(document["fit"]), document["data"])

    def to_json(self, indent: int | None = None) -> str:
        """Canonical JSON: keys sorted, one spelling for each value."""
        separators = (",", ":") if indent is None else (",", ": ")
        return json.dumps(
            self.to_dict(), sort_keys=True, ensure_ascii=False, allow_nan=False, indent=indent, separators=separators
        )

    @classmethod
    def from_json(cls, text: str, where: str = "JSON") -> Blueprint:
        """Back from `to_json`, to an equal blueprint.

        Raises:
            ModelError: the text is not a blueprint.
            SettingError: a fit setting cannot work.
        """
        try:
            raw = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise _not_a_blueprint(
                where, Text(en=f"it is not valid JSON ({error})", zh=f"它不是有效的 JSON（{error}）")
            ) from error
        return cls.from_dict(raw, where)

    def save(self, path: str | Path) -> None:
        """Write to `path`, readable and whole: a reader sees the old file or the new one, never half of it.

        Raises:
            FolderError: the file cannot be written.
        """
        target = Path(path)
        try:
            write_whole(target, (self.to_json(indent=1) + "\n").encode())
        except OSError as error:
            reason = error.strerror or str(error)
            raise FolderError(
                Text(
                    en=f"cannot write {target}: {reason}; give a folder that exists and can be written to",
                    zh=f"无法写入 {target}：{reason}；请给出一个存在且可写的文件夹",
                )
            ) from error

    @classmethod
    def load(cls, path: str | Path) -> Blueprint:
        """Read what `save` wrote.

        Raises:
            FolderError: the file cannot be read.
            ModelError: it is not a blueprint.
        """
        try:
            text = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            reason = error.strerror or str(error)
            raise FolderError(
                Text(
                    en=f"cannot read {path}: {reason}; give the path of a blueprint.json",
                    zh=f"无法读取 {path}：{reason}；请给出 blueprint.json 的路径",
                )
            ) from error
        except UnicodeDecodeError as error:
            raise _not_a_blueprint(str(path), Text(en="it is not UTF-8 text", zh="它不是 UTF-8 文本")) from error
        return cls.from_json(text, str(path))

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON, as hex digits.

        Equal for the same training described twice, in this process or another one: the numbers in names that Keras
        gave by counting ("dense_2") do not count.
        """
        text = json.dumps(renumbered(self.to_dict()), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def build(self, seed: int | None = None) -> Any:
        """A new compiled `keras.Model`; the same seed gives the same initial weights, bit for bit.

        Args:
            seed: of the initial weights and of dropout; `fit.seed` if None.

        Raises:
            ModelError: Keras cannot build it, or it holds Python code, which is never run.
        """
        return build(self.model, self.compile, self.fit.seed if seed is None else seed)


def _as_json(value: Any, where: str) -> Any:
    """A copy of `value` as JSON gives it back: tuples become lists, keys strings."""
    try:
        return json.loads(json.dumps(value, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise ModelError(
            Text(
                en=f"the {where} settings cannot be written as JSON ({error}); use plain finite numbers, text, lists "
                "and Keras objects",
                zh=f"{where} 设置无法写成 JSON（{error}）；请使用普通的有限数值、文本、列表和 Keras 对象",
            )
        ) from error


def _not_a_blueprint(where: str, reason: Text) -> ModelError:
    return ModelError(
        Text(
            en=f"{where} is not a blueprint: {reason.en}; give a blueprint.json that trainwell wrote",
            zh=f"{where} 不是蓝图：{reason.zh}；请给出由 trainwell 写出的 blueprint.json",
        )
    )
