"""Races this program against Python's frameworks; start it with `run`, README.md says how."""

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from driver import inputs, machine, table, timing
from driver.compare import Differs
from driver.entrants import Entrants
from driver.paths import BY_NAME, PATHS
from driver.side import Failed

ROOT = Path(__file__).resolve().parents[2]
FRESH = ["memory", "first-pass"]


def arguments():
    known = [*BY_NAME, *FRESH]
    parser = argparse.ArgumentParser(prog="tools/race/run", description=__doc__)
    parser.add_argument("--only", metavar="PATH,…", help=f"some of {', '.join(known)}")
    parser.add_argument("--json", metavar="FILE", type=Path, help="where to write the numbers")
    parser.add_argument("--pairs", metavar="N", type=int, help="turns of each side, for all paths")
    parser.add_argument("--threads", metavar="N", type=int, default=2, help="of each side; 2")
    parser.add_argument("--ours", metavar="BINARY", type=Path, help="built already")
    parser.add_argument("--check", action="store_true", help="compare the answers, race nothing")
    options = parser.parse_args()
    default = [path.name for path in PATHS if not path.is_extra] + FRESH
    options.only = options.only.split(",") if options.only else default
    unknown = [name for name in options.only if name not in known]
    if unknown:
        parser.error(f"there is no path {', '.join(unknown)}; there are {', '.join(known)}")
    if options.threads < 1 or options.pairs is not None and options.pairs < 1:
        parser.error("--threads and --pairs are at least 1")
    return options


def build():
    """Our side, with the optimisation of a release."""
    command = ["cargo", "build", "--release", "--package", "stormlens-race"]
    print("building our side", file=sys.stderr)
    messages = subprocess.run(
        [*command, "--message-format=json-render-diagnostics"],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    found = (json.loads(line).get("executable") for line in messages.stdout.splitlines())
    return Path([executable for executable in found if executable][-1])


def check(entrants, path):
    """Both answers compared; raises where they differ too much."""
    ours = entrants["ours"].arrays(path.name, entrants.folder / "ours.npz")
    theirs = entrants[path.side].arrays(path.name, entrants.folder / "theirs.npz")
    try:
        print(f"{path.name}: {path.check(ours, theirs)}", file=sys.stderr, flush=True)
    except Differs as difference:
        raise Failed(f"{path.name}: the two sides give different answers: {difference}") from None


def race(entrants, options):
    """Every path compared, then raced; the numbers by path."""
    chosen = [path for path in PATHS if path.name in options.only]
    for path in chosen:
        check(entrants, path)
    if options.check:
        return {}
    if chosen:
        table.header()
    results, variants = {}, {}
    for path in chosen:
        n_pairs = options.pairs or path.n_pairs
        result = timing.race(entrants["ours"], entrants[path.side], path, n_pairs)
        table.row(path, result)
        results[path.name], variants[path.name] = result.as_json(), result.variant
    for path in (path for path in chosen if path.has_memory):
        table.memory(path, *entrants.measure_memory(path, variants[path.name]))
    if set(FRESH) & set(options.only):
        table.fresh(*entrants.measure_fresh())
    return results


def describe(entrants, n_threads):
    print(f"{machine.cpu()}, {machine.n_cores()} cores, {n_threads} threads a side; ", end="")
    print(f"{machine.commit(ROOT)}\n")
    for side in entrants.sides.values():
        versions = json.loads(side.ask("versions"))
        waits = f"; its threads wait {entrants.wait}" if side.name == "pytorch" else ""
        print(f"- {side.name}: {', '.join(f'{n} {v}' for n, v in versions.items())}{waits}")


def idleness(loads, others):
    """Whether the numbers can be believed."""
    said = "load average {:.2f} before, {:.2f} after".format(*loads)
    if others is None:
        return f"{said}; what else ran is not known here"
    verdict = "idle" if others <= machine.IDLE_SHARE else "NOT idle: race again"
    return f"{said}; {others:.1%} of the processors' time went to others: {verdict}"


def main():
    options = arguments()
    ours = options.ours.resolve() if options.ours else build()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        inputs.write(Path(folder), ROOT, options.only)
        entrants = Entrants(ours, ROOT, options.threads, Path(folder), stack)
        before, others = machine.load(), machine.Others()
        results = race(entrants, options)
        if not options.check:
            print()
            describe(entrants, options.threads)
            stack.close()
            print(f"- {idleness((before, machine.load()), others.share())}")
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    try:
        main()
    except Failed as failure:
        sys.exit(f"race: {failure}")
    except subprocess.CalledProcessError as error:
        sys.exit(f"race: our side could not be built: {error}")
