"""The processes that race."""

import sys
from contextlib import ExitStack, closing

import numpy as np

from . import fresh, timing
from .side import Side, environment

# How the threads of PyTorch wait for work: by its default they spin for a moment.
WAITS = {"spinning": {}, "sleeping": {"OMP_WAIT_POLICY": "PASSIVE"}}


class Entrants:
    """The processes that take part, each started when it is first needed."""

    def __init__(self, ours, root, n_threads, folder, stack):
        self.binary, self.root, self.folder, self.stack = ours, root, folder, stack
        self.threads = environment(n_threads)
        self.sides = {}
        self.wait = None

    def __getitem__(self, name):
        if name not in self.sides:
            if name == "pytorch" and self.wait is None:
                self.wait = self.quicker_wait()
            self.sides[name] = self.stack.enter_context(closing(self.start(name)))
        return self.sides[name]

    def start(self, name, wait=None):
        program, variables = [self.binary], self.threads
        if name != "ours":
            program = [sys.executable, self.root / "tools/race/theirs" / f"side_{name}.py"]
        if name == "pytorch":
            variables = {**variables, **WAITS[wait or self.wait]}
        return Side(name, [*program, self.folder, self.root], variables, self.folder)

    def quicker_wait(self):
        """Tried on this machine, because it depends on what else wants the processors."""
        with ExitStack() as stack:
            sides = {w: stack.enter_context(closing(self.start("pytorch", w))) for w in WAITS}
            side = timing.quicker(list(sides.values()), "sar-forward@channels-last")
            return next(wait for wait, other in sides.items() if other is side)

    def measure_fresh(self):
        """Both sides in turns, each in several new processes."""
        if self.wait is None:
            self.wait = self.quicker_wait()
        turns = [(self.one_fresh("ours"), self.one_fresh("pytorch")) for _ in range(fresh.N_PROCESSES)]
        return [fresh.median(processes) for processes in zip(*turns)]

    def one_fresh(self, name):
        with closing(self.start(name)) as side:
            return fresh.measure(side)

    def measure_memory(self, path, variant):
        """The most memory of both sides after a few runs of a path, each in several new processes."""
        runs = {"ours": path.name, path.side: f"{path.name}@{variant}"}
        turns = [[self.one_peak(*run) for run in runs.items()] for _ in range(fresh.N_PROCESSES)]
        return [float(np.median(peaks)) for peaks in zip(*turns)]

    def one_peak(self, name, run):
        with closing(self.start(name)) as side:
            for _ in range(fresh.N_RUNS):
                side.seconds(run)
            return side.peak_bytes()
