"""How long forecasts take here and in pysteps, turn by turn. See README.md.

    race.py [--ours BINARY] [NAME ...]
"""

import argparse
import contextlib
import io
import os
import statistics
import subprocess
import time

import numpy as np
import reference as r
from pysteps import nowcasts
from pysteps.extrapolation.semilagrangian import extrapolate

N_PAIRS, N_STEPS = int(os.environ.get("PAIRS", 15)), 6
EXAMPLE = ["cargo", "run", "--release", "-q", "-p", "stormlens-data", "--example", "forecast_time"]


def lagrangian(frames, db):
    return extrapolate(frames[-1], r.motion.get_method("lucaskanade")(db), N_STEPS)[-1]


def s_prog(_, db):
    velocity = r.motion.get_method("lucaskanade")(db)
    forecast = nowcasts.get_method("sprog")
    return r.mm_h(forecast(db, velocity, N_STEPS, precip_thr=r.THRESHOLD, n_cascade_levels=r.LEVELS))[-1]


def steps(_, db):
    velocity = r.motion.get_method("lucaskanade")(db)
    forecast = nowcasts.get_method("steps")
    db = forecast(
        db, velocity, N_STEPS, n_ens_members=24, n_cascade_levels=r.LEVELS, precip_thr=r.THRESHOLD, kmperpixel=1.0,
        timestep=5, seed=24, num_workers=os.cpu_count(),
    )
    return np.nanmean(r.mm_h(db[:, -1]), axis=0)


def timed(forecast, frames, db):
    with contextlib.redirect_stdout(io.StringIO()):
        start = time.perf_counter()
        rain = forecast(frames, db.copy())
        seconds = time.perf_counter() - start
    return seconds, float(np.nanmean(rain))


def main(names, command):
    frames = np.stack([r.rain(t, r.MIDDLE) for t in r.TIMES])
    db = np.stack([r.decibels(frame) for frame in frames])
    ours = subprocess.Popen(command, cwd=r.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(name):
        print(name, file=ours.stdin, flush=True)
        return map(float, ours.stdout.readline().split())

    races = {"lagrangian-persistence": lagrangian, "s-prog": s_prog, "steps-mean": steps}
    for name in names or races:
        (_, here), (_, there) = ask(name), timed(races[name], frames, db)
        assert abs(here / there - 1) < 0.05, f"{name}: {here} and {there} mm/h in the mean"
        n_pairs = N_PAIRS if name != "steps-mean" else 3
        pairs = [(next(ask(name)), timed(races[name], frames, db)[0]) for _ in range(n_pairs)]
        a, b = (statistics.median(side) for side in zip(*pairs))
        ratios = sorted(x / y for x, y in pairs)
        middle = statistics.median(ratios)
        times = f"ours {a * 1e3:.0f} ms, pysteps {b * 1e3:.0f} ms"
        print(f"{name}: {times}, ratio {middle:.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})", flush=True)
    ours.stdin.close()
    ours.wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="how long forecasts take here and in pysteps")
    parser.add_argument("--ours", help="the example forecast_time, built already")
    parser.add_argument("names", nargs="*", help="forecasts; all of them by default")
    options = parser.parse_args()
    main(options.names, [options.ours] if options.ours else EXAMPLE)
