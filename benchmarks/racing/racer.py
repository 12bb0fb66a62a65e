"""The parent's side of a worker: starts it, hears what it says, gives it its turns."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

from racing.contestants import BENCHMARKS, Entrant


class Failed(Exception):  # noqa: N818
    """A worker ended before it said what it should."""


class Racer:
    """A contestant's process.

    Args:
        entrant: who.
        task: for the worker; `module` and `options` are added.
        cache: folder of its compile cache; None for none (torch.compile gets an empty one, as it always has one).
    """

    def __init__(self, entrant: Entrant, task: dict[str, Any], cache: Path | None = None):
        self.name = entrant.name
        self.versions: dict[str, str] = {}
        """Package -> version, as soon as the worker is ready."""
        self._scratch = tempfile.TemporaryDirectory()
        if cache is None and entrant.cache == "TORCHINDUCTOR_CACHE_DIR":
            cache = Path(self._scratch.name)
        self._errors = Path(self._scratch.name, "errors").open("w+b")  # noqa: SIM115
        task = task | {"module": entrant.module, "options": entrant.options}
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            [str(entrant.python), "-m", "racing.worker", json.dumps(task)],
            cwd=BENCHMARKS,
            env=entrant.surroundings(cache),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )

    def wait_for(self, event: str) -> dict[str, Any]:
        """What the worker says when `event` happens; other events before it are passed over.

        Raises:
            Failed: it ended before.
        """
        assert self._process.stdout is not None  # noqa: S101
        for line in self._process.stdout:
            said = json.loads(line)
            self.versions |= said.get("versions", {})
            if said["event"] == event:
                return said | {"since_start": time.perf_counter() - self.began}
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        raise Failed(lines[-1] if lines else f"ended with {self._process.returncode}")

    def order(self, **order: Any) -> None:
        """Tell the worker to go on."""
        assert self._process.stdin is not None  # noqa: S101
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failed("ended between two turns") from None

    def close(self) -> None:
        """End the process."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                stream.close()
        self._errors.close()
        self._scratch.cleanup()
