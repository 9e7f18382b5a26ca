"""A process that answers one line for each that it reads."""

import math
import os
import subprocess
from pathlib import Path

import numpy as np


class Failed(Exception):
    """A side did not do what it was asked."""


class Side:
    def __init__(self, name, command, variables, folder):
        self.name = name
        self.log = Path(folder) / f"{name}.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, **variables},
                text=True,
                bufsize=1,
            )

    def ask(self, line):
        try:
            self.process.stdin.write(line + "\n")
            answer = self.process.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise Failed(f"{self.name} ended at {line!r}:\n{self.last_words()}")
        if answer.startswith("error "):
            raise Failed(f"{self.name} at {line!r}: {answer[6:]}\n{self.last_words()}")
        return answer

    def last_words(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-15:])

    def seconds(self, path):
        return float(self.ask(path))

    def variants(self, path):
        return self.ask(f"variants {path}").split()

    def arrays(self, path, file):
        self.ask(f"check {path} {file}")
        with np.load(file) as arrays:
            return dict(arrays)

    def peak_bytes(self):
        """The most memory that it has had at once; not a number where the system does not say."""
        try:
            status = Path(f"/proc/{self.process.pid}/status").read_text()
        except OSError:
            return math.nan
        lines = (line.split() for line in status.splitlines())
        return next((int(words[1]) * 1024 for words in lines if words[0] == "VmHWM:"), math.nan)

    def close(self):
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


def environment(n_threads):
    """Every library's own word for the number of threads, and no GPU."""
    names = ["OMP", "MKL", "OPENBLAS", "RAYON"]
    threads = {f"{name}_NUM_THREADS": str(n_threads) for name in names}
    threads["TOKIO_WORKER_THREADS"] = threads["STORMLENS_RACE_THREADS"] = str(n_threads)
    return {**threads, "CUDA_VISIBLE_DEVICES": ""}
