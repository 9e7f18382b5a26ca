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
    first = lambda f: f"{duration(f.first_s)}, {f.ratio:.2f} ×"
    rows = {
        "first-pass: first sar-forward, as a multiple of a warm one": first,
        "before it: reading and preparing the weights": lambda f: duration(f.read_s),
        "memory: peak after sar-forward and sar-cam32": lambda f: f"{f.peak_bytes / 1e9:.2f} GB",
    }
    print("\n| of a new process | ours | theirs |\n|---|---|---|")
    for name, cell in rows.items():
        print(f"| {name} | {cell(ours)} | {cell(theirs)} |", flush=True)


def memory(path, ours_bytes, theirs_bytes):
    """Peak memory of new processes that did a path a few times."""
    ratio = ours_bytes / theirs_bytes
    print(f"\nmemory of a new process after {path.name}: ours {ours_bytes / 1e9:.2f} GB, ", end="")
    print(f"theirs {theirs_bytes / 1e9:.2f} GB, ours / theirs {ratio:.2f}", flush=True)
