"""One side of the race: a process that does a piece of work once for every line it reads.

| line | answer |
|---|---|
| `PATH` or `PATH@VARIANT` | the seconds that the work took, after preparing it where it is new |
| `check PATH FILE` | `checked`, with the arrays of one more run written to an `.npz` file |
| `variants PATH` | the ways in which the path can be run, the quickest of which shall count |
| `versions` | a JSON object |

Anything that fails is answered with `error` and the reason, on one line. Between lines the process
waits for the next one and computes nothing.
"""

import json
import os
import sys
import time
import traceback

import numpy as np


def serve(paths, versions):
    """Answers lines until there are no more.

    `paths` maps the name of a path to a function that prepares it and returns its variants by name:
    functions of nothing that give arrays by name; what changes from call to call has a method `arrays`, too, which begins
    anew. `versions` returns versions by name.
    """
    # Libraries print what they like; only answers may reach the other end.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    side = Side(paths, versions)
    for line in sys.stdin:
        try:
            answer = side.answer(line.split())
        except Exception as error:
            traceback.print_exc()
            answer = f"error {type(error).__name__}: {error}".replace("\n", " ")
        print(answer, file=answers, flush=True)


class Side:
    def __init__(self, paths, versions):
        self.paths, self.versions = paths, versions
        self.prepared = {}

    def answer(self, words):
        match words:
            case ["versions"]:
                return json.dumps(self.versions())
            case ["variants", path]:
                return " ".join(self.variants(path))
            case ["check", path, file]:
                work = self.work(path)
                np.savez(file, **getattr(work, "arrays", work)())
                return "checked"
            case [path]:
                return self.seconds(self.work(path))
        raise ValueError(f"there is no command {' '.join(words)!r}")

    @staticmethod
    def seconds(work):
        start = time.perf_counter()
        result = work()
        elapsed = time.perf_counter() - start
        # Freed after the clock has stopped.
        del result
        return f"{elapsed:.9f}"

    def variants(self, path):
        if path not in self.prepared:
            if path not in self.paths:
                raise ValueError(f"there is no path {path!r}; there are {', '.join(self.paths)}")
            self.prepared[path] = self.paths[path]()
        return self.prepared[path]

    def work(self, name):
        path, _, variant = name.partition("@")
        variants = self.variants(path)
        return variants[variant] if variant else next(iter(variants.values()))
