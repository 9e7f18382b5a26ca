"""Fails when commands of one profile would compile a dependency twice, and says where that begins.

Usage: features.py   (in the project's folder; builds nothing, takes about ten seconds)

Cargo compiles a crate once for every set of features that it, or anything below it, is asked for. What
the first command of each kind below compiles has to serve the others; where one asks for other
features, the missing ones go into crates/stormlens-features/Cargo.toml.
"""

import json
import os
import subprocess
import sys
from functools import cache

# What one kind of command compiles for itself: the command that compiles most of it, and those that
# have to find everything done after it. Benchmarks share the profile of releases.
KINDS = [
    (["test", "--workspace"], [
        ["build"],
        ["build", "--workspace"],
        ["build", "-p", "stormlens-nn"],
        ["test", "-p", "stormlens"],
        ["test", "-p", "stormlens-nn"],
    ]),
    (["test", "--workspace", "--release"], [
        ["build", "--release"],
        ["build", "--release", "--bin", "stormlens"],
        ["bench", "--workspace"],
        ["bench", "-p", "stormlens-nn"],
    ]),
    # Clippy compiles what `cargo check` does.
    (["check", "--workspace", "--all-targets"], [
        ["check"],
        ["doc", "--workspace", "--no-deps"],
    ]),
]
# What of a profile ends up in the compiled crate; its name does not.
SETTINGS = [
    "opt_level", "codegen_units", "debuginfo", "debug_assertions", "overflow_checks", "panic", "strip", "lto",
]


class Graph:
    """What cargo would compile for a command, each unit with a key that holds all below it."""

    def __init__(self, command):
        # The list of units is a nightly feature of cargo; the toolchain is pinned, so is its format.
        found = subprocess.run(
            ["cargo", *command, "--unit-graph", "-Z", "unstable-options"],
            env={**os.environ, "RUSTC_BOOTSTRAP": "1"}, stdout=subprocess.PIPE, check=True,
        )
        self.command = " ".join(["cargo", *command])
        self.units = json.loads(found.stdout)["units"]
        self.key = cache(self._key)
        self.keys = {self.key(index) for index in range(len(self.units))}
        # Programs, tests and benchmarks are at the top: nothing else could use them.
        self.shared = {below for index in range(len(self.units)) for below in self.below(index)}

    def _key(self, index):
        unit = self.units[index]
        settings = [unit["profile"][name] for name in SETTINGS]
        below = sorted(self.key(crate) for crate in self.below(index))
        return hash(repr((self.place(index), sorted(unit["features"]), settings, below)))

    def place(self, index):
        """Everything that tells a unit from others but the features it is asked for."""
        unit = self.units[index]
        target = unit["target"]
        return unit["pkg_id"], target["name"], target["kind"], unit["mode"], unit["platform"]

    def below(self, index):
        return [crate["index"] for crate in self.units[index]["dependencies"]]

    def features(self, index):
        return f"[{', '.join(sorted(self.units[index]['features']))}]"

    def name(self, index):
        return self.units[index]["pkg_id"].split("/")[-1].removeprefix("crates.io-index#")


def compare(graph, reference):
    """Lines that say which units of `graph` the reference lacks, where nothing below is missing."""
    missing = [
        index for index in range(len(graph.units))
        if index in graph.shared and graph.key(index) not in reference.keys
    ]
    lines = []
    for index in missing:
        if any(graph.key(below) not in reference.keys for below in graph.below(index)):
            continue
        theirs = [
            other for other in range(len(reference.units))
            if reference.place(other) == graph.place(index)
        ]
        for other in theirs:
            if reference.features(other) != graph.features(index):
                lines.append(difference(graph, index, reference, other))
            keys = {reference.key(below) for below in reference.below(other)}
            # The same crate with two sets of features in one graph: the unit above takes the other one.
            lines += [
                f"{graph.name(index)} with {difference(graph, below, reference, twin)}"
                for below in graph.below(index) if graph.key(below) not in keys
                for twin in reference.below(other)
                if reference.place(twin) == graph.place(below) and reference.features(twin) != graph.features(below)
            ]
        if not theirs:
            lines.append(f"{graph.name(index)}: not in the other graph at all")
    return sorted(set(lines)), len(missing)


def difference(graph, index, reference, other):
    return f"{graph.name(index)}: {graph.features(index)} instead of {reference.features(other)}"


def main():
    n_bad = 0
    for first, commands in KINDS:
        reference = Graph(first)
        for command in commands:
            graph = Graph(command)
            lines, n_missing = compare(graph, reference)
            print(f"{graph.command}: {n_missing} of {len(graph.shared)} units are not those of {reference.command}")
            for line in lines:
                print(f"  {line}")
            n_bad += n_missing > 0
    if n_bad:
        sys.exit("name the missing features in crates/stormlens-features/Cargo.toml: see its first lines")


if __name__ == "__main__":
    main()
