"""What the race ran on, and whether it had that to itself."""

import os
import platform
import resource
import subprocess
from pathlib import Path

# More of the processors' time than this for others, and the race is not to be believed.
IDLE_SHARE = 0.03


def cpu():
    lines = read("/proc/cpuinfo").splitlines()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown CPU"


def n_cores():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def load():
    return os.getloadavg()[0]


def commit(root):
    """The commit that is raced, with a mark where files differ from it."""
    describe = ["git", "-C", str(root), "describe", "--always", "--dirty"]
    found = subprocess.run(describe, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "no commit"


class Others:
    """The share of the processors' time that went to programs outside the race.

    Ended processes count as the race's own, so ask once all sides are closed.
    """

    def __init__(self):
        self.start = self.now()

    @staticmethod
    def now():
        words = read("/proc/stat").splitlines()[:1]
        ticks = [int(word) for word in words[0].split()[1:9]] if words else [0] * 8
        idle = ticks[3] + ticks[4]
        own = sum(
            usage.ru_utime + usage.ru_stime
            for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        )
        return sum(ticks), sum(ticks) - idle, own * os.sysconf("SC_CLK_TCK")

    def share(self):
        """0 to 1, or `None` where the system does not say."""
        total, busy, own = (b - a for a, b in zip(self.start, self.now()))
        return max(busy - own, 0) / total if total > 0 else None


def read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""
