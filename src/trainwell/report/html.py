"""The report as one self-contained HTML file: no script, nothing loaded from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainwell.errors import FolderError
from trainwell.locales import Language, Text
from trainwell.locales.report_labels import (
    KINDS,
    LABELS,
    METRICS,
    PARTS,
    SETTINGS,
    SEVERITIES,
    STOPPED,
    TASKS,
)
from trainwell.report import evidence, numbers
from trainwell.report.facts import PARTS as PART_NAMES
from trainwell.report.facts import RunFacts
from trainwell.report.figures.confusion import LARGEST_MATRIX
from trainwell.report.headline import headline
from trainwell.report.health import LOOKS, layer_health
from trainwell.report.pictures import learned_pictures, svg_pictures
from trainwell.signals import Recording
from trainwell.whole_file import write_whole

if TYPE_CHECKING:
    from trainwell.explain.learned import Learned

_CLASSES = 30  # rows of the table of classes


def render_html(facts: RunFacts, recording: Recording, language: Language, learned: Sequence[Learned] = ()) -> str:
    """The whole page.

    Args:
        facts: of the run.
        recording: of the run, with its epochs.
        language: of every label and sentence.
        learned: what can be shown of what the network has learned.
    """
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def label(key: str, **values: object) -> str:
        return LABELS[key].format(**values)[language]

    def told(text: Text) -> str:
        return text[language]

    svgs = svg_pictures(facts, recording, language)
    page = environment.get_template("report.html.jinja")
    return page.render(
        facts=facts,
        language={"en": "en", "zh": "zh-Hans"}[language],
        comma={"en": ", ", "zh": "，"}[language],
        label=label,
        told=told,
        numbers=numbers,
        duration=lambda seconds: numbers.duration(seconds, language),
        headline=headline(facts),
        health=layer_health(recording, facts.diagnosis),
        looks=LOOKS,
        # our own SVG: Matplotlib escapes every text in it
        pictures={name: Markup(svg) if svg else None for name, svg in svgs.items()},  # noqa: S704
        learned=[replace(one, svg=Markup(one.svg)) for one in learned_pictures(learned, language)],  # noqa: S704
        parts=[part for part in PART_NAMES if facts.data.samples.get(part) or facts.scores.of(part)],
        part_label=lambda part: PARTS[part][language],
        metrics=_metrics(facts),
        metric_label=lambda name: METRICS.get(name, Text(name, name))[language],
        severity_label=lambda severity: SEVERITIES[severity][language],
        setting_label=lambda name: SETTINGS.get(name, Text(name, name))[language],
        kind_label=KINDS.get(facts.data.kind, Text(facts.data.kind, facts.data.kind))[language],
        task_label=TASKS.get(facts.data.task, Text(facts.data.task, facts.data.task)).format(
            count=len(facts.data.class_names)
        )[language],
        stopped=STOPPED[facts.training.stopped][language] if facts.training.stopped else None,
        evidence_measured=lambda one: evidence.measured(one, language),
        evidence_expected=lambda one: evidence.expected(one, language),
        problem_title=lambda problem: next(
            (f.title[language] for f in facts.diagnosis.findings if f.problem == problem), problem
        ),
        many_classes=len(facts.scores.confusion) > LARGEST_MATRIX,
        shown_classes=facts.data.class_names[:_CLASSES],
    )


def write_html(
    facts: RunFacts, recording: Recording, language: Language, path: str | Path, learned: Sequence[Learned] = ()
) -> Path:
    """Write the page to a file and return its path.

    Raises:
        FolderError: the file cannot be written.
    """
    path = Path(path)
    text = render_html(facts, recording, language, learned)
    try:
        write_whole(path, text.encode(errors="replace"))
    except OSError as error:
        reason = error.strerror or str(error)
        raise FolderError(
            Text(
                en=f"the report cannot be written to {path}: {reason}; give a file in a folder that can be written to",
                zh=f"无法把报告写入 {path}：{reason}；请给出一个可写文件夹中的文件名",
            )
        ) from error
    return path


def _metrics(facts: RunFacts) -> list[str]:
    """Every metric of any part, accuracies first, the loss last."""
    tables: list[Any] = [facts.scores.of(part) for part in PART_NAMES]
    names = dict.fromkeys(name for table in tables for name in table)
    return sorted(names, key=lambda name: (name == "loss", not name.endswith("accuracy")))
