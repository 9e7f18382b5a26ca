"""A small client of ChromeDriver, over the standard library alone: one browser, its log and its pages."""

import json
import re
import shutil
import subprocess
import tempfile
import urllib.request

ARGUMENTS = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
]


class Browser:
    """A fresh headless Chromium; it ends with the `with` block."""

    def __enter__(self):
        self.profile = tempfile.mkdtemp()
        self.process = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        line = next(line for line in self.process.stdout if "started successfully on port" in line)
        self.base = f"http://127.0.0.1:{re.search(r'port ([0-9]+)', line)[1]}"
        options = {"args": [*ARGUMENTS, f"--user-data-dir={self.profile}"]}
        capabilities = {"goog:chromeOptions": options, "goog:loggingPrefs": {"performance": "ALL", "browser": "ALL"}}
        session = self.call("/session", {"capabilities": {"alwaysMatch": capabilities}})["sessionId"]
        self.base += f"/session/{session}"
        return self

    def __exit__(self, *_):
        try:
            self.call("", method="DELETE")
        finally:
            self.process.terminate()
            self.process.wait()
            shutil.rmtree(self.profile, ignore_errors=True)

    def call(self, path, body=None, method="POST"):
        data = json.dumps(body or {}).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + path, data, {"content-type": "application/json"}, method=method)
        with urllib.request.urlopen(request) as response:
            return json.load(response)["value"]

    def open(self, address):
        self.call("/url", {"url": address})

    def run(self, script):
        """Runs a script in the page and returns its value; promises are waited for."""
        return self.call("/execute/sync", {"script": script, "args": []})

    def devtools(self, command, **parameters):
        return self.call("/goog/cdp/execute", {"cmd": command, "params": parameters})

    def network(self):
        """What the network did since the last call, as events of the DevTools protocol."""
        entries = self.call("/se/log", {"type": "performance"})
        events = (json.loads(entry["message"])["message"] for entry in entries)
        return [event for event in events if event["method"].startswith("Network.")]

    def complaints(self):
        """What the console says that is worse than a remark, since the last call."""
        return [entry["message"] for entry in self.call("/se/log", {"type": "browser"}) if entry["level"] == "SEVERE"]

    def size(self, width, height):
        self.devtools(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600
        )

    def prefer(self, theme):
        self.devtools("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": theme}])
