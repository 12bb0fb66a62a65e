"""How often is the doctor right? Trainings with one known fault each, and healthy ones, recorded once, judged often.

    python benchmarks/diagnosis.py record [--data DIR] [--out DIR] [--only GLOB] [--part i/n]
    python benchmarks/diagnosis.py score  [--out DIR] [--half tune|score|both] [--json FILE] [--misses]
    python benchmarks/diagnosis.py label  [--out DIR]
    python benchmarks/diagnosis.py list   [--only GLOB]

`label` writes what today's catalogue accepts into what is recorded already, where the catalogue was corrected since.

`record` trains what is not recorded yet; with `--part 1/2` and `--part 2/2` two workers share the work. `score` reads
the recordings, asks today's rules, and compares; beside them stand the rules of other tools on the same recordings.
A case counts as faulty if its fault harmed the training (see `gallery.harm`) or is one by definition. The cases are in
two halves: thresholds may be tuned on "tune", and what is reported comes from "score".
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import os
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent
DATA = ROOT.parent.parent / "shared" / "data"
OUT = ROOT.parent / "runs" / "gallery"
KEPT_PROGRAMS = 12  # cases, after which compiled programs are dropped from memory; they are kept on disk

sys.path.insert(0, str(ROOT))


def record(data: Path, out: Path, only: str, part: str) -> None:
    """Train what is asked for and not there yet."""
    out.mkdir(parents=True, exist_ok=True)
    import jax

    jax.config.update("jax_compilation_cache_dir", str(out / ".compiled"))
    jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.05)
    import warnings

    from gallery.cases import all_cases
    from gallery.record import CASE
    from gallery.record import record as record_case
    from gallery.sources import Missing

    warnings.simplefilter("ignore")
    mine, parts = (int(number) for number in part.split("/"))
    cases = [case for case in all_cases() if fnmatch.fnmatch(case.name, only)]
    # in an order by chance that is always the same, so that what is there at any time is a fair sample
    cases = sorted(cases, key=lambda case: hashlib.sha256(case.name.encode()).hexdigest())[mine - 1 :: parts]
    counts: Counter[str] = Counter()
    for number, case in enumerate(cases, 1):
        if (out / case.name / CASE).is_file():
            counts["there already"] += 1
            continue
        began = time.perf_counter()
        try:
            facts = record_case(case, data, out)
            counts["recorded"] += 1
            reached = "no score" if facts["score"] is None else f"{facts['metric']} {facts['score']:.3f}"
            said = f"{reached}; found: {', '.join(facts['found']) or 'nothing'}"
        except Missing as missing:
            counts["without data"] += 1
            said = f"left out, no {missing}"
        except Exception as error:  # noqa: BLE001 - one broken case must not end a night's recording
            counts["failed"] += 1
            said = f"failed: {error!r:.200}"
            traceback.print_exc(file=sys.stderr)
        print(f"[{number}/{len(cases)}] {case.name}: {said} ({time.perf_counter() - began:.1f} s)", flush=True)
        if number % KEPT_PROGRAMS == 0:
            jax.clear_caches()
    print(", ".join(f"{count} {what}" for what, count in counts.items()) or "no such case")


def score(out: Path, half: str, json_file: Path | None, misses: bool, only: str) -> None:
    """Print the tables."""
    from gallery.table import report

    content, text = report(out, half, only, misses)
    print(text)
    if json_file:
        json_file.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def label(out: Path, only: str) -> None:
    """Bring what is accepted in recorded cases up to date."""
    from gallery.cases import all_cases
    from gallery.record import CASE
    from gallery.record import label as label_case

    cases = [case for case in all_cases() if (out / case.name / CASE).is_file() and fnmatch.fnmatch(case.name, only)]
    print(f"{sum(label_case(case, out) for case in cases)} of {len(cases)} recorded cases got other labels")
    known = {case.name for case in all_cases()}
    for path in sorted(out.glob(f"[!.]*/{CASE}")):
        if path.parent.name not in known:
            print(f"no longer in the catalogue, to be removed: {path.parent.name}")


def show(only: str) -> None:
    """Print the names of all cases, and how many there are of each fault."""
    from gallery.cases import all_cases

    cases: list[Any] = [case for case in all_cases() if fnmatch.fnmatch(case.name, only)]
    for case in cases:
        print(case.name, case.half)
    counts = Counter(case.fault.problem if case.fault else "healthy" for case in cases)
    print(f"{len(cases)} cases: {', '.join(f'{count} {what}' for what, count in counts.most_common())}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=("record", "score", "label", "list"))
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--out", type=Path, default=OUT, help="folder of the gallery")
    parser.add_argument("--only", default="*", metavar="GLOB", help="cases whose names look like this")
    parser.add_argument("--part", default="1/1", metavar="i/n", help="this worker's share")
    parser.add_argument("--half", choices=("tune", "score", "both"), default="both")
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--misses", action="store_true", help="list every missed fault and every false alarm")
    asked = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "jax")
    if asked.command == "record":
        record(asked.data, asked.out, asked.only, asked.part)
    elif asked.command == "score":
        score(asked.out, asked.half, asked.json, asked.misses, asked.only)
    elif asked.command == "label":
        label(asked.out, asked.only)
    else:
        show(asked.only)


if __name__ == "__main__":
    main()
