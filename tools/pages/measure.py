"""What a visitor waits for: first paint, layout shift, bytes and requests of every page, in headless Chromium.

Usage: measure.py http://127.0.0.1:8080 [--repeats 3] [--json FILE] [--screenshots FOLDER] [--only NAME]

See README.md beside this file for what the columns mean.
"""

import argparse
import base64
import json
import os
import statistics
import time
from pathlib import Path

import places
from driver import Browser

SIZES = {"desktop": (1280, 900), "phone": (390, 844)}
QUIET_S = 0.6
KINDS = {"Document": "html", "Stylesheet": "css", "Script": "script", "Font": "font", "Image": "image"}

# Collects from the first moment of a page on; the longest-lived numbers are read when all is quiet.
WATCH = """
window.seen = { lcp: 0, shift: 0, shifts: [] };
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) seen.lcp = entry.startTime;
}).observe({ type: "largest-contentful-paint", buffered: true });
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.hadRecentInput) continue;
    seen.shift += entry.value;
    const what = (node) => node?.nodeType === 1 ? node.tagName + "." + node.className : node?.nodeName;
    seen.shifts.push({ value: entry.value, of: entry.sources.map((source) => what(source.node)) });
  }
}).observe({ type: "layout-shift", buffered: true });
"""


class Traffic:
    """What went over the network, by the events of the browser."""

    def __init__(self, browser):
        self.browser = browser
        self.open, self.kinds, self.cached = set(), {}, set()
        self.bytes, self.decoded, self.n_requests = {}, {}, 0

    def read(self):
        for event in self.browser.network():
            self.take(event["method"].removeprefix("Network."), event["params"])

    def take(self, method, event):
        request = event.get("requestId")
        if method == "requestWillBeSent" and event["request"]["url"].startswith("http"):
            self.open.add(request)
        elif method == "requestServedFromCache":
            self.cached.add(request)
        elif method == "responseReceived":
            self.kinds[request] = KINDS.get(event["type"], "other")
            if event["response"].get("fromDiskCache"):
                self.cached.add(request)
        elif method == "dataReceived" and request in self.kinds:
            kind = self.kinds[request]
            self.decoded[kind] = self.decoded.get(kind, 0) + event["dataLength"]
        elif method in ("loadingFinished", "loadingFailed") and request in self.open:
            self.open.discard(request)
            if request not in self.cached:
                self.n_requests += 1
                kind = self.kinds.get(request, "other")
                self.bytes[kind] = self.bytes.get(kind, 0) + event.get("encodedDataLength", 0)

    def settle(self, limit_s=60):
        """Waits until nothing has been under way for a while."""
        quiet_since = started = time.monotonic()
        while time.monotonic() - quiet_since < QUIET_S and time.monotonic() - started < limit_s:
            self.read()
            if self.open:
                quiet_since = time.monotonic()
            time.sleep(0.05)


def scroll(browser):
    """Down to the end, as somebody who reads, so that lazy pictures come."""
    browser.run(
        """return (async () => {
          const pause = () => new Promise((done) => setTimeout(done, 80));
          for (let y = 0; y < document.documentElement.scrollHeight; y += innerHeight * 0.8) {
            scrollTo(0, y);
            await pause();
          }
        })()"""
    )


def visit(browser, address):
    """Numbers of one visit."""
    browser.open("about:blank")
    browser.network()
    browser.complaints()
    traffic = Traffic(browser)
    browser.open(address)
    traffic.settle()
    n_at_first, bytes_at_first = traffic.n_requests, sum(traffic.bytes.values())
    seen = browser.run(
        """const paint = performance.getEntriesByName("first-contentful-paint")[0];
        const page = performance.getEntriesByType("navigation")[0];
        return { fcp: paint?.startTime ?? null, answered: page.responseEnd, lcp: seen.lcp };"""
    )
    scroll(browser)
    traffic.settle()
    shifted = browser.run("return seen")
    return {
        "first_contentful_paint_ms": seen["fcp"],
        "largest_contentful_paint_ms": seen["lcp"],
        "answered_ms": seen["answered"],
        "layout_shift": shifted["shift"],
        "shifts": shifted["shifts"],
        "requests_before_scrolling": n_at_first,
        "requests": traffic.n_requests,
        "bytes_before_scrolling": bytes_at_first,
        "bytes": traffic.bytes,
        "script_bytes_unpacked": traffic.decoded.get("script", 0),
        "images_unpacked_bytes": traffic.decoded.get("image", 0),
        "console_errors": browser.complaints(),
    }


def middle(visits):
    """One visit out of several: medians of times, the worst of what must not happen."""
    known = [v for v in visits if v["first_contentful_paint_ms"] is not None]
    result = dict(visits[-1])
    for name in ("first_contentful_paint_ms", "largest_contentful_paint_ms", "answered_ms"):
        result[name] = statistics.median(v[name] for v in known) if known else None
    result["layout_shift"] = max(v["layout_shift"] for v in visits)
    result["console_errors"] = [error for v in visits for error in v["console_errors"]]
    return result


def measure(browser, base, found, repeats):
    rows = []
    for name, path in found.items():
        for size, (width, height) in SIZES.items():
            browser.size(width, height)
            visits = {"cold": [], "warm": []}
            for _ in range(repeats):
                browser.devtools("Network.clearBrowserCache")
                for state in visits:
                    visits[state].append(visit(browser, base + path))
            rows += [{"page": name, "size": size, "state": s, **middle(v)} for s, v in visits.items()]
    return rows


def screenshots(browser, base, found, folder):
    folder.mkdir(parents=True, exist_ok=True)
    for name, path in found.items():
        for size, (width, height) in SIZES.items():
            for theme in ("light", "dark"):
                browser.size(width, height)
                browser.prefer(theme)
                browser.open("about:blank")
                browser.network()
                browser.open(base + path)
                scroll(browser)
                Traffic(browser).settle(limit_s=20)
                browser.run("scrollTo(0, 0)")
                picture = browser.devtools("Page.captureScreenshot", format="png", captureBeyondViewport=True)
                file = folder / f"{name.replace(', ', '-').replace(' ', '-')}-{size}-{theme}.png"
                file.write_bytes(base64.b64decode(picture["data"]))


def table(rows):
    kilobytes = lambda n: f"{n / 1000:.1f}"
    lines = [
        "| page | width | cache | first paint, ms | largest paint, ms | layout shift | requests (after scrolling)"
        " | kB before scrolling | kB after | html | css | script | font | image | errors |",
        "|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for row in rows:
        whole = lambda value: "–" if value is None else f"{value:.0f}"
        cells = [
            row["page"],
            row["size"],
            row["state"],
            whole(row["first_contentful_paint_ms"]),
            whole(row["largest_contentful_paint_ms"]),
            f"{row['layout_shift']:.4f}",
            f"{row['requests_before_scrolling']} ({row['requests']})",
            kilobytes(row["bytes_before_scrolling"]),
            kilobytes(sum(row["bytes"].values())),
            *(kilobytes(row["bytes"].get(kind, 0)) for kind in ("html", "css", "script", "font", "image")),
            str(len(row["console_errors"])),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("base")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--screenshots", type=Path)
    parser.add_argument("--only", action="append", help="a name of a page; may be given more than once")
    options = parser.parse_args()
    base = options.base.rstrip("/")
    found = places.find(base)
    if options.only:
        found = {name: path for name, path in found.items() if name in options.only}
    with Browser() as browser:
        browser.devtools("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        if options.screenshots:
            screenshots(browser, base, found, options.screenshots)
            return
        rows = measure(browser, base, found, options.repeats)
    print(table(rows))
    print(f"\nLoad while measuring, 1 min: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
