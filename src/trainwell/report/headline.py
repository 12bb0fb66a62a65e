"""The one number of a run, with what it means; the terminal and the page say the same."""

from __future__ import annotations

import math
from dataclasses import dataclass

from trainwell.diagnosis.finding import SEVERITIES, Diagnosis
from trainwell.locales import Text
from trainwell.locales.report_labels import LABELS, METRICS
from trainwell.report import numbers
from trainwell.report.facts import Part, RunFacts

NOUNS = {
    "image": Text(en="images", zh="图像"),
    "text": Text(en="texts", zh="文本"),
    "audio": Text(en="recordings", zh="录音"),
    "sequence": Text(en="sequences", zh="序列"),
}
WINDOWS = Text(en="windows", zh="窗口")
LABELLED: dict[Part, Text] = {
    "test": Text(
        en="of all labels of {count} test {noun} that the network never saw are right",
        zh="的标签判断正确（{count} 个网络从未见过的测试{noun}）",
    ),
    "validation": Text(
        en="of all labels of {count} validation {noun} are right; there is no test part",
        zh="的标签判断正确（{count} 个验证{noun}；没有测试部分）",
    ),
    "train": Text(
        en="of all labels of {count} training {noun} are right; how it does on new ones is not known",
        zh="的标签判断正确（{count} 个训练{noun}；对新样本的表现未知）",
    ),
}
NATS: dict[Part, Text] = {
    "test": Text(
        en="nats per token is the loss on text that the network never saw: it hesitates between "
        "{perplexity} tokens on average",
        zh="奈特/词元：在网络从未见过的文本上的损失，平均相当于在 {perplexity} 个词元之间犹豫",
    ),
    "validation": Text(
        en="nats per token is the loss on validation text: it hesitates between {perplexity} tokens on "
        "average; there is no test part",
        zh="奈特/词元：在验证文本上的损失，平均相当于在 {perplexity} 个词元之间犹豫；没有测试部分",
    ),
    "train": Text(
        en="nats per token is the loss on training text; how it does on new text is not known",
        zh="奈特/词元：在训练文本上的损失；对新文本的表现未知",
    ),
}
SAMPLES = Text(en="samples", zh="样本")
# part -> what is said of an accuracy, and of an error
RIGHT: dict[Part, Text] = {
    "test": Text(
        en="of {count} test {noun} that the network never saw are answered correctly",
        zh="的测试{noun}回答正确（共 {count} 个，网络从未见过）",
    ),
    "validation": Text(
        en="of {count} validation {noun} are answered correctly; there is no test part",
        zh="的验证{noun}回答正确（共 {count} 个；没有测试部分）",
    ),
    "train": Text(
        en="of {count} training {noun} are answered correctly; how it does on new ones is not known",
        zh="的训练{noun}回答正确（共 {count} 个；对新样本的表现未知）",
    ),
}
WRONG: dict[Part, Text] = {
    "test": Text(
        en="is the {metric} on {count} test {noun} that the network never saw",
        zh="是测试{noun}上的{metric}（共 {count} 个，网络从未见过）",
    ),
    "validation": Text(
        en="is the {metric} on {count} validation {noun}; there is no test part",
        zh="是验证{noun}上的{metric}（共 {count} 个；没有测试部分）",
    ),
    "train": Text(
        en="is the {metric} on {count} training {noun}; how it does on new ones is not known",
        zh="是训练{noun}上的{metric}（共 {count} 个；对新样本的表现未知）",
    ),
}
TRIVIAL = Text(en="{name} gets {baseline}.", zh="{name}，结果为 {baseline}。")
COMMONEST = Text(en="always answering the commonest class", zh="总是回答最常见的类别")
MEAN_TARGET = Text(en="always predicting the mean", zh="总是预测均值")
FOUND = Text(en="Found: {list}.", zh="诊断发现：{list}。")
COUNTED = {  # severity -> one, several
    "error": (Text(en="1 error", zh="1 个错误"), Text(en="{count} errors", zh="{count} 个错误")),
    "warning": (Text(en="1 warning", zh="1 个警告"), Text(en="{count} warnings", zh="{count} 个警告")),
    "note": (Text(en="1 note", zh="1 个提示"), Text(en="{count} notes", zh="{count} 个提示")),
}


@dataclass(frozen=True)
class Headline:
    """The result in a few words.

    Attributes:
        value: the number, formatted; UNKNOWN if nothing was measured.
        sentence: what it means; follows the value.
        interval: how exact an accuracy is, None for other metrics.
        verdict: how many problems were found.
    """

    value: str
    sentence: Text
    interval: Text | None
    verdict: Text


def headline(facts: RunFacts) -> Headline:
    """The accuracy or error on the part that says most: test, else validation, else training."""
    part = _part(facts)
    metrics = facts.scores.of(part)
    language_model = facts.data.task == "language_model"
    known = ("loss",) if language_model else ("accuracy", "mae", "rmse", "loss", *metrics)
    metric = next((name for name in known if name in metrics), "loss")
    value, count = metrics.get(metric), facts.data.samples.get(part, 0)
    noun = WINDOWS if facts.data.task == "forecasting" else NOUNS.get(facts.data.kind, SAMPLES)
    right = metric == "accuracy"
    title = METRICS.get(metric, Text(metric, metric))
    sentences = LABELLED if facts.data.task == "multilabel" else RIGHT if right else NATS if language_model else WRONG
    sentence = sentences[part].format(
        count=numbers.count(count),
        noun=noun,
        metric=Text(en=title.en.lower(), zh=title.zh),
        perplexity=numbers.number(metrics.get("perplexity")),
    )
    trivial = facts.scores.baseline.get(metric)
    if trivial is None:
        sentence = Text(en=sentence.en + ".", zh=sentence.zh + "。")
    else:
        name = facts.scores.baseline_name or (COMMONEST if right else MEAN_TARGET)
        against = TRIVIAL.format(name=name, baseline=numbers.metric(metric, trivial))
        sentence = Text(en=f"{sentence.en}; {against.en}", zh=f"{sentence.zh}；{against.zh}")
    interval = None
    one_class = right and facts.data.task != "multilabel"
    if one_class and value is not None and math.isfinite(value) and count:
        low, high = wilson_interval(value, count)
        interval = LABELS["interval"].format(low=numbers.percent(low), high=numbers.percent(high))
    return Headline(numbers.metric(metric, value), sentence, interval, verdict(facts.diagnosis))


def _part(facts: RunFacts) -> Part:
    if facts.scores.test:
        return "test"
    return "validation" if facts.scores.validation else "train"


def wilson_interval(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    """Where the true share lies with 95% confidence, if `share` of `count` samples were right.

    E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.

    >>> tuple(round(end, 4) for end in wilson_interval(0.5, 100))
    (0.4038, 0.5962)
    """
    spread = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    middle, scale = share + z * z / (2 * count), 1 + z * z / count
    return max(0.0, (middle - spread) / scale), min(1.0, (middle + spread) / scale)


def verdict(diagnosis: Diagnosis) -> Text:
    """How many problems were found, in words."""
    if not diagnosis.findings:
        if not diagnosis.checked:
            return LABELS["nothing_looked_for"]
        return LABELS["no_findings"].format(count=len(diagnosis.checked))
    counts = {s: sum(finding.severity == s for finding in diagnosis.findings) for s in SEVERITIES}
    said = [COUNTED[severity][count > 1].format(count=count) for severity, count in counts.items() if count]
    both = Text(en=", ".join(text.en for text in said), zh="、".join(text.zh for text in said))
    return FOUND.format(list=both)
