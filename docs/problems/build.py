"""Write the pages of docs/problems from the catalogue and the examples: `make problem-pages`."""

from __future__ import annotations

import importlib
import importlib.util
import sys
import tempfile
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import trainwell as tw  # first: it chooses JAX for Keras
from trainwell.diagnosis import Diagnosis, Finding, Problem, all_problems
from trainwell.diagnosis.wording import SEVERITY_NAMES, number, share, unit_name
from trainwell.locales import LANGUAGES, Language, Text
from trainwell.report.problem_pages import BEFORE, CAUSES, DURING, FOLLOWS, LIMITS, REMEDIES

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))
from captions import CAPTIONS  # noqa: E402

EVERY = 4  # steps between looks; unset, it would depend on how fast the machine is
COLOURS = 96  # of a picture: as good to look at, at a third of the size
ENDINGS: dict[Language, str] = {"en": ".md", "zh": ".zh.md"}
TITLE = Text(en="What the doctor looks for", zh="会检查哪些训练问题")
ABOUT = Text(
    en="One page for each of the {count} problems: what it is, how it is recognised, what helps, and an example that "
    "breaks and mends it. In the terminal: `trainwell problems NAME`.",
    zh="共 {count} 个问题，每个一页：是什么、如何识别、怎样解决，并附有一个先出错再改正的例子。"
    "在终端中：`trainwell problems 名称`。",
)
WRITTEN = Text(
    en="These pages are written by `make problem-pages`; change the catalogue or the examples, not the pages.",
    zh="这些页面由 `make problem-pages` 生成；请修改问题目录或示例，而不要直接改页面。",
)
OTHER = Text(en="中文", zh="English")
ALL = Text(en="All problems", zh="全部问题")
INDEX_COLUMNS = (Text(en="problem", zh="问题"), Text(en="commonest cause", zh="最常见的原因"))
COLUMNS = (
    Text(en="name", zh="名称"),
    Text(en="what is compared", zh="比较的量"),
    Text(en="value", zh="数值"),
    Text(en="unit", zh="单位"),
    Text(en="source", zh="来源"),
)
SHARE = Text(en="share", zh="比例")
EXAMPLE = Text(en="An example", zh="示例")
OF_BROKEN = Text(en="The doctor on `broken()`", zh="对 `broken()` 的诊断")
OF_MENDED = Text(en="The doctor on `mended()`", zh="对 `mended()` 的诊断")
NOTHING = Text(en="Nothing found.", zh="没有发现问题。")
ALSO = Text(en="It also names:", zh="同时还指出：")
NAMED = Text(en="- {problem}: {severity}", zh="- {problem}：{severity}")
FROM = Text(en="follows from {problem}", zh="由 {problem} 引起")


def page(problem: Problem, language: Language, answers: Sequence[Diagnosis]) -> str:
    """The whole page; `answers` are those to the broken and the mended training."""
    told = [_answer(problem, answer, language) for answer in answers]
    parts = [*of_catalogue(problem, language), f"## {EXAMPLE[language]}", code(problem.identifier)]
    for title, lines in zip((OF_BROKEN, OF_MENDED), told, strict=True):
        parts += [f"### {title[language]}", lines]
    return "\n\n".join(parts) + "\n"


def of_catalogue(problem: Problem, language: Language) -> list[str]:
    """The parts of a page that the catalogue alone says."""
    name, other = problem.identifier, ENDINGS["zh" if language == "en" else "en"]
    seen = (BEFORE if problem.before_training else DURING)[language]
    links = f"[{OTHER[language]}]({name}{other}) · [{ALL[language]}](README{ENDINGS[language]})"
    parts = [
        f"# {problem.title[language]}",
        f"`{name}` · {seen} · {links}",
        problem.explanation[language],
        f"![{problem.title[language]}](pictures/{name}.png)",
        f"*{CAPTIONS[name][language]}*",
        f"## {LIMITS[language]}",
        _limits(problem, language),
        f"## {CAUSES[language]}",
        "\n".join(f"{n}. {one.text[language]}\n   *{one.confirm[language]}*" for n, one in _counted(problem.causes)),
        f"## {REMEDIES[language]}",
        "\n".join(
            f"{n}. {one.text[language]}" + (f" `{one.option}`" if one.option else "")
            for n, one in _counted(problem.remedies)
        ),
    ]
    if problem.symptom_of:
        origins = [_link(origin.problem, language) for origin in problem.symptom_of]
        parts += [f"## {FOLLOWS[language]}", "\n".join(f"- {origin}" for origin in origins)]
    return parts


def code(identifier: str) -> str:
    """The example, as it stands in its file."""
    name = f"examples/{identifier}.py"
    return f"[{name}]({name})\n\n```python\n{(HERE / name).read_text(encoding='utf-8').strip()}\n```"


def index(language: Language) -> str:
    """The table of all problems."""
    problems, other = all_problems(), ENDINGS["zh" if language == "en" else "en"]
    parts = [
        f"# {TITLE[language]}",
        f"[{OTHER[language]}](README{other})",
        ABOUT.format(count=len(problems))[language],
    ]
    for heading, early in ((BEFORE, True), (DURING, False)):
        rows = [
            (_link(one.identifier, language), one.causes[0].text[language])
            for one in problems
            if one.before_training is early
        ]
        parts += [f"## {heading[language]}", _table([one[language] for one in INDEX_COLUMNS], rows)]
    return "\n\n".join([*parts, WRITTEN[language]]) + "\n"


def _limits(problem: Problem, language: Language) -> str:
    rows = []
    for one in problem.thresholds:
        part = one.unit == "share"
        value = share(one.value) if part else number(one.value)
        unit = SHARE[language] if part else unit_name(one.value, one.unit, language) or "–"
        rows.append((f"`{one.name}`", one.what[language], value, unit, one.source[language]))
    return _table([one[language] for one in COLUMNS], rows)


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def _counted(entries: Sequence[Any]) -> Sequence[tuple[int, Any]]:
    return list(enumerate(entries, 1))


def _link(identifier: str, language: Language) -> str:
    title = next(one.title for one in all_problems() if one.identifier == identifier)
    return f"[{title[language]}]({identifier}{ENDINGS[language]})"


def _answer(problem: Problem, answer: Diagnosis, language: Language) -> str:
    """The finding of this problem in full, the others by name."""
    found = [finding for finding in answer.findings if finding.problem == problem.identifier]
    others = [finding for finding in answer.findings if finding.problem != problem.identifier]
    parts = [_quoted(finding, language) for finding in found] or ([] if others else [NOTHING[language]])
    if others:
        named = [
            NAMED.format(problem=_link(one.problem, language), severity=SEVERITY_NAMES[one.severity])[language]
            + _origin(one, language)
            for one in others
        ]
        parts.append("\n".join([ALSO[language], "", *named]) if found else "\n".join(named))
    return "\n\n".join(parts)


def _origin(finding: Finding, language: Language) -> str:
    if not finding.follows_from:
        return ""
    return (", " if language == "en" else "，") + FROM.format(problem=_link(finding.follows_from, language))[language]


def _quoted(finding: Finding, language: Language) -> str:
    head, *lines = finding.text(language).splitlines()
    quoted = [f"**{head}**"]
    for line in lines:
        quoted += [line] if line.startswith("- ") and quoted[-1].startswith("- ") else ["", line]
    return "\n".join(f"> {line}".rstrip() for line in quoted)


def treat(training: Callable[[], tuple[Any, ...]]) -> Any:
    """Train and diagnose one training of an example."""
    from pictures import Patient

    from trainwell.workflows.preflight import contract_of

    model, x, y, settings = training()
    if settings["epochs"]:
        run = tw.train(model, x, y, every=EVERY, report=False, **settings)
        return Patient(model, x, y, settings, run.diagnosis, run.facts.told.contract, run.recording)
    contract = contract_of(
        model, x, y, validation=settings.get("validation_data"), class_weight=settings.get("class_weight")
    )
    return Patient(model, x, y, settings, tw.diagnose(model, x, y, **settings), contract, None)


def example(identifier: str) -> Any:
    """The module of an example."""
    spec = importlib.util.spec_from_file_location(identifier, HERE / "examples" / f"{identifier}.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"examples/{identifier}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build(problem: Problem) -> None:
    """Train the example of one problem; write its picture and its two pages."""
    from pictures import PICTURES
    from PIL import Image

    from trainwell.explain.figure import save

    name = problem.identifier
    both = {role: treat(getattr(example(name), role)) for role in ("broken", "mended")}
    figure = PICTURES[name](both)
    figure.patch.set_alpha(1)
    picture = save(figure, HERE / "pictures" / f"{name}.png")
    with Image.open(picture) as drawn:
        few = drawn.convert("RGB").quantize(COLOURS, Image.Quantize.MEDIANCUT)
    few.save(picture, optimize=True)
    answers = [patient.diagnosis for patient in both.values()]
    for language in LANGUAGES:
        (HERE / f"{name}{ENDINGS[language]}").write_text(page(problem, language, answers), encoding="utf-8")


def main(names: Sequence[str]) -> None:
    """Build the pages of these problems, or of all; and the index."""
    import jax
    import keras
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    cache = Path(tempfile.gettempdir()) / f"trainwell-pages-{jax.__version__}"
    jax.config.update("jax_compilation_cache_dir", str(cache))
    warnings.filterwarnings("ignore", category=UserWarning, module="keras")  # the doctor says it, too
    (HERE / "pictures").mkdir(exist_ok=True)
    chosen = [problem for problem in all_problems() if not names or problem.identifier in names]
    columns = (TextColumn("{task.description:26}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("", total=len(chosen))
        for problem in chosen:
            progress.update(task, description=problem.identifier)
            build(problem)
            keras.backend.clear_session()
            progress.advance(task)
    for language in LANGUAGES:
        (HERE / f"README{ENDINGS[language]}").write_text(index(language), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
