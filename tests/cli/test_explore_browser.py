"""`mecbopt explore` in headless Chromium: a slider is moved, a problem solved, and the values are read."""

from __future__ import annotations

import importlib.util
import itertools
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mecbopt as mb

ROOT = Path(__file__).resolve().parents[2]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
#: Seconds for the server, the browser and each answer, on a busy machine.
PATIENCE = 120.0

#: Every element below a root, those in shadow roots too: marimo's controls are such.
DEEP = """
const deep = (root) => [...root.querySelectorAll("*")].flatMap(
  (part) => [part, ...(part.shadowRoot ? deep(part.shadowRoot) : [])]);
const said = () => deep(document).filter((part) => !part.children.length && part.checkVisibility())
  .map((part) => part.textContent.trim()).filter(Boolean).join("\\n");
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed"),
    pytest.mark.skipif(
        any(importlib.util.find_spec(name) is None for name in ("marimo", "websockets")),
        reason="marimo is not installed",
    ),
]


def eventually(ask: Callable[[], Any], what: str) -> Any:
    """The first answer that is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if answer := ask():
            return answer
        time.sleep(0.2)
    raise AssertionError(f"{what} within {PATIENCE:g} s")


class Page:
    """A page of a browser, by the DevTools protocol."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one command; events in between are passed over."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer: dict[str, Any] = json.loads(self._connection.recv(timeout=PATIENCE))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]

    def ask(self, expression: str) -> Any:
        """The value of an expression on the page."""
        result = self.call("Runtime.evaluate", expression=f"(() => {{{DEEP} return {expression}; }})()")
        return result["result"].get("value")

    def shows(self, words: str) -> None:
        """Wait until the page says this."""
        try:
            eventually(lambda: words in (self.ask("said()") or ""), f"'{words}' was not shown")
        except AssertionError as error:
            raise AssertionError(f"{error}, but: {self.ask('said()')}") from None

    def press(self, key: str, code: int) -> None:
        """One key, down and up."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)


@pytest.fixture
def address() -> Iterator[str]:
    """The explorer as a user starts it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "mecbopt", "explore", "--no-browser", "--port", str(port)]
    with subprocess.Popen(
        command, env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=subprocess.DEVNULL
    ) as server:

        def answers() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", port)) == 0

        try:
            eventually(answers, "the server did not answer")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(timeout=PATIENCE)


@pytest.fixture
def page(address: str, tmp_path: Path) -> Iterator[Page]:
    """The explorer in a browser without a window."""
    from websockets.sync.client import connect

    assert BROWSER is not None
    profile = tmp_path / "profile"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0"]
    call = [BROWSER, *options, "--window-size=1280,900", f"--user-data-dir={profile}", "about:blank"]
    told = profile / "DevToolsActivePort"
    with subprocess.Popen(call, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            port = eventually(lambda: told.exists() and told.read_text().split("\n")[0], "no browser")
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=PATIENCE) as answer:
                target = next(entry for entry in json.load(answer) if entry["type"] == "page")
            with connect(target["webSocketDebuggerUrl"], max_size=None) as connection:
                shown = Page(connection)
                shown.call("Page.navigate", url=address)
                yield shown
        finally:
            browser.terminate()
            browser.wait(timeout=PATIENCE)


def test_sliders_and_problems(page: Page) -> None:
    first = mb.bernoulli.solve(0.3, 0.3, 0.378)
    page.shows(f"{first.mutual_information:.6f} bits")
    # One step to the right on a, the first of the sliders.
    assert page.ask('deep(document).find((part) => part.role === "slider").focus() ?? true')
    page.press("ArrowRight", 39)
    page.shows(f"{mb.bernoulli.solve(0.31, 0.3, 0.378).mutual_information:.6f} bits")
    # The second tab: a problem as it stands in the editor.
    tab = (
        'deep(document).find((part) => part.role === "tab" && part.textContent.includes("problem of yours"))'
    )
    assert page.ask(f"{tab}.focus() ?? true")
    page.press("Enter", 13)
    page.shows("solve")
    button = 'deep(document).find((part) => part.tagName === "BUTTON" && part.textContent.trim() === "solve")'
    assert page.ask(f"{button}.click() ?? true")
    problem = mb.Problem(
        [0.5, 0.3, 0.2],
        [0.6, 0.4],
        rate=0.5,
        p_s_given_x=[[0.9, 0.1], [0.2, 0.8], [0.5, 0.5]],
        max_label_entropy=0.9,
    )
    page.shows(f"{mb.solve(problem).mutual_information:.6f}")
    page.shows("save solution.json")
    assert page.ask("document.documentElement.scrollWidth <= innerWidth")
