"""A headless Chromium, driven over a pipe with its DevTools protocol: no driver, no port.

https://chromedevtools.github.io/devtools-protocol/
"""

import base64
import json
import os
import shutil
import subprocess
from contextlib import contextmanager

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--hide-scrollbars"),
    "--remote-debugging-pipe",
)


def find_browser():
    """The path of an installed browser, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@contextmanager
def browser(profile):
    """Args: profile: an empty folder for what a browser keeps."""
    read_end, commands = os.pipe()
    answers, write_end = os.pipe()
    # the protocol is spoken on descriptors 3 and 4
    line = f'exec "$0" "$@" 3<&{read_end} 4>&{write_end}'
    process = subprocess.Popen(
        ["bash", "-c", line, find_browser(), *FLAGS, f"--user-data-dir={profile}", "about:blank"],
        pass_fds=(read_end, write_end),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    os.close(read_end)
    os.close(write_end)
    with os.fdopen(commands, "wb", buffering=0) as out, os.fdopen(answers, "rb") as incoming:
        try:
            yield Chromium(out, incoming)
        finally:
            out.write(b'{"id":0,"method":"Browser.close"}\0')
            process.wait(timeout=30)


class Chromium:
    """One tab."""

    def __init__(self, out, incoming):
        self.out, self.incoming, self.number, self.events = out, incoming, 0, []
        self.session = None
        targets = self.ask("Target.getTargets")["targetInfos"]
        page = next(target for target in targets if target["type"] == "page")
        attached = self.ask("Target.attachToTarget", targetId=page["targetId"], flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method, **params):
        """Send a command and wait for its answer; events that come before it are kept."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.out.write(json.dumps(message).encode() + b"\0")
        while True:
            found = self.receive()
            if found.get("id") == self.number:
                assert "error" not in found, found
                return found["result"]
            self.events.append(found)

    def receive(self):
        text = bytearray()
        while (sign := self.incoming.read(1)) != b"\0":
            assert sign, "the browser is gone"
            text += sign
        return json.loads(text)

    def run(self, script):
        """The value of an expression, awaited where it is a promise."""
        found = self.ask(
            "Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True
        )
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def resize(self, width, height=900):
        self.ask(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 600,
        )

    def prefer(self, scheme):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.ask("Emulation.setEmulatedMedia", features=[feature])

    def open(self, path):
        """Load a file and wait until its charts are drawn."""
        self.events.clear()
        self.ask("Page.navigate", url=path.absolute().as_uri())
        while not any(event.get("method") == "Page.loadEventFired" for event in self.events):
            self.events.append(self.receive())
        self.run(
            """new Promise((done) => { const look = () => document.documentElement.dataset.drawn
            ? done() : setTimeout(look, 20); look(); })"""
        )

    def complaints(self):
        """What the page wrote to the console, or threw."""
        wanted = {"Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"}
        return [event["params"] for event in self.events if event.get("method") in wanted]

    def requests(self):
        """Every address that was asked for, the page's own left out."""
        asked = [e for e in self.events if e.get("method") == "Network.requestWillBeSent"]
        addresses = [event["params"]["request"]["url"] for event in asked]
        return [each for each in addresses[1:] if not each.startswith("data:")]

    def picture(self, path):
        """A screenshot of the whole page."""
        found = self.ask("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))

    def printed(self, path):
        """The page as a PDF."""
        found = self.ask("Page.printToPDF", preferCSSPageSize=True)
        path.write_bytes(base64.b64decode(found["data"]))
