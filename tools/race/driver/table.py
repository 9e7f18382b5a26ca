"""What is printed."""


def duration(seconds):
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1e3:.3g} ms"


def header():
    print("| path | against | ours | theirs | ours / theirs | 10th–90th percentile | pairs |")
    print("|---|---|---|---|---|---|---|", flush=True)


def row(path, result):
    against = f"{path.side}, {result.variant}"
    times = f"{duration(result.ours_s)} | {duration(result.theirs_s)}"
    spread = f"{result.low:.3f}–{result.high:.3f}"
    cells = f"{against} | {times} | **{result.ratio:.3f}** | {spread} | {result.n_pairs}"
    print(f"| {path.name} | {cells} |", flush=True)


def fresh(ours, theirs):
    """Peak memory and first passes of new processes."""
    gigabytes = lambda n: "not known" if n is None else f"{n / 1e9:.2f} GB"
    print("\n| of a new process | ours | theirs |\n|---|---|---|")
    times = [f"{duration(f.first_s)}, {f.first_s / f.warm_s:.2f} ×" for f in (ours, theirs)]
    print(f"| first-pass: first sar-forward, as a multiple of a warm one | {' | '.join(times)} |")
    peaks = [gigabytes(f.peak_bytes) for f in (ours, theirs)]
    print(f"| memory: peak after sar-forward and sar-cam32 | {' | '.join(peaks)} |", flush=True)
