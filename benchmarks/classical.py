"""The simplest classical model for each kind of data, on the very split that the network gets.

linear model, TF-IDF with logistic regression, gradient boosting, the last value, Kneser-Ney n-grams
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np

Score = tuple[str, float]  # what it is, its figure on the test part
LARGEST = 20_000  # training samples of a linear model of pixels: more cost minutes and gain little


def linear(data: Any) -> Score:
    """Logistic regression on standardised flat inputs; padding counts as the mean."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def flat(x: Any) -> Any:
        values = np.where(x < -1e29, np.nan, x.astype(np.float32)) if x.dtype == np.float32 else x.astype(np.float32)
        if np.isnan(values).any():
            values = np.where(np.isnan(values), np.asarray(data.scaling.mean, np.float32), values)
        return values.reshape(len(values), -1)

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    model.fit(flat(data.train.x[:LARGEST]), data.train.y[:LARGEST])
    return "linear", float(model.score(flat(data.test.x), data.test.y))


def log_mel_linear(data: Any) -> Score:
    """Logistic regression on the mean and the spread over time of a log spectrogram."""
    from scipy.signal import stft
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rate = data.format.sample_rate

    def features(x: Any) -> Any:
        rows = []
        for sound in x.astype(np.float32) / 32768:
            end = int(np.flatnonzero(sound).max(initial=400)) + 1
            power = np.abs(stft(sound[: max(end, 400)], rate, nperseg=int(0.025 * rate) // 2 * 2)[2])
            bands = np.stack([band.mean(axis=0) for band in np.array_split(np.log(power + 1e-6), 20)])
            thirds = [part.mean(axis=1) for part in np.array_split(bands, 4, axis=1)]
            rows.append(np.concatenate([*thirds, bands.std(axis=1)]))
        return np.nan_to_num(np.stack(rows))

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(features(data.train.x), data.train.y)
    return "log spectrum + linear", float(model.score(features(data.test.x), data.test.y))


def tfidf(data: Any) -> Score:
    """TF-IDF of words (of one and two characters for Chinese) with logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    texts = [[data.format.decode(row[row > 0].tolist()) for row in part.x] for part in (data.train, data.test)]
    chinese = sum("\u4e00" <= letter <= "\u9fff" for text in texts[0][:200] for letter in text) > 1000
    words = (
        TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=2, sublinear_tf=True)
        if chinese
        else (TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True))
    )
    model = make_pipeline(words, LogisticRegression(C=10, max_iter=1000))
    model.fit(texts[0], data.train.y)
    return "TF-IDF + logistic regression", float(model.score(texts[1], data.test.y))


def boosting(data: Any) -> Score:
    """Scikit-learn's histogram gradient boosting on the same columns."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

    kind = HistGradientBoostingClassifier if data.class_names else HistGradientBoostingRegressor
    y = data.train.y if data.class_names else data.train.y[:, 0]
    model = kind(random_state=0).fit(data.train.x, y)
    test = data.test.y if data.class_names else data.test.y[:, 0]
    return "gradient boosting", float(model.score(data.test.x, test))


def naive(data: Any) -> Score:
    """The best of the last value and the value one season before (mean absolute error)."""
    name = min(data.baselines, key=lambda one: data.baselines[one]["mae"])
    return data.baseline_titles[name].en if name in data.baseline_titles else name, data.baselines[name]["mae"]


def n_grams(data: Any) -> Score:
    """The best interpolated Kneser-Ney model of order 2 to 5, in nats per token, with the windows' own context."""
    windows = [np.concatenate([part.x, part.y[:, -1:]], axis=1).tolist() for part in (data.train, data.test)]
    scores = {order: KneserNey(windows[0], order, data.vocabulary_size).loss(windows[1]) for order in range(2, 6)}
    best = min(scores, key=scores.__getitem__)
    return f"{best}-grams (Kneser-Ney)", scores[best]


class KneserNey:
    """Interpolated Kneser-Ney smoothing with one discount per order (Kneser & Ney 1995; Chen & Goodman 1999, 2.7).

    Args:
        windows: tokens to count.
        order: longest n-gram.
        vocabulary: number of different tokens.
    """

    def __init__(self, windows: list[list[int]], order: int, vocabulary: int):
        self._order, self._vocabulary = order, vocabulary
        counts: list[Counter[tuple[int, ...]]] = [Counter() for _ in range(order + 1)]
        for window in windows:
            for n in range(1, order + 1):
                counts[n].update(zip(*(window[i:] for i in range(n)), strict=False))
        # below the highest order it counts in how many different contexts a continuation was seen
        for n in range(order - 1, 0, -1):
            counts[n] = Counter(gram[1:] for gram in counts[n + 1])
        self._counts = counts
        self._totals: list[dict[tuple[int, ...], int]] = [defaultdict(int) for _ in range(order + 1)]
        self._kinds: list[dict[tuple[int, ...], int]] = [defaultdict(int) for _ in range(order + 1)]
        self._discounts = [0.0] * (order + 1)
        for n in range(1, order + 1):
            for gram, count in counts[n].items():
                self._totals[n][gram[:-1]] += count
                self._kinds[n][gram[:-1]] += 1
            once, twice = (sum(count == k for count in counts[n].values()) for k in (1, 2))
            self._discounts[n] = once / (once + 2 * twice) if once else 0.5

    def probability(self, context: tuple[int, ...], token: int) -> float:
        """Of a token behind a context of at most order - 1 tokens."""
        below = 1 / self._vocabulary
        for n in range(1, len(context) + 2):
            before = context[len(context) - n + 1 :]
            total = self._totals[n].get(before, 0)
            if not total:
                break
            discount = self._discounts[n]
            count = self._counts[n].get((*before, token), 0)
            below = max(count - discount, 0) / total + discount * self._kinds[n][before] / total * below
        return below

    def loss(self, windows: list[list[int]]) -> float:
        """Nats per token, the first token of each window not counted."""
        total, count = 0.0, 0
        for window in windows:
            for place in range(1, len(window)):
                context = tuple(window[max(0, place - self._order + 1) : place])
                total -= math.log(self.probability(context, window[place]))
                count += 1
        return total / count


BASELINES: dict[str, Callable[[Any], Score]] = {
    "linear": linear,
    "log_mel_linear": log_mel_linear,
    "tfidf": tfidf,
    "boosting": boosting,
    "naive": naive,
    "n_grams": n_grams,
}
