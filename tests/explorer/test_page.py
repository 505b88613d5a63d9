"""The explorer's page in headless Chromium: a slider is moved and the value is read."""

from __future__ import annotations

import functools
import html
import http.server
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

import mecbopt as mb

DOCS = Path(__file__).parents[2] / "docs"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

#: Moves sliders as a hand does, and leaves what the page then says in elements of its own.
MOVE = """
const told = [];
const read = () =>
  [...document.querySelectorAll("#explorer-figures dd")].map((part) => part.textContent).join(" | ");
const move = (name, value) => {
  const slider = document.getElementById(`explorer-${name}`);
  if (slider.type === "checkbox") slider.checked = value; else slider.value = value;
  slider.dispatchEvent(new Event("input", { bubbles: true }));
  slider.dispatchEvent(new Event("change", { bubbles: true }));
  told.push(`${name}: ${read()}`);
};
told.push(`first: ${read()}`);
move("rate", 0.7);
move("label", true);
move("limit", 0.1);
told.push(`svg: ${document.querySelectorAll("#explorer svg").length}`);
document.querySelector("#explorer-examples button").click();
told.push(`example: ${read()}`);
told.push(`hash: ${location.hash}`);
told.push(`wide: ${document.documentElement.scrollWidth > innerWidth}`);
const list = document.createElement("pre");
list.id = "told";
list.textContent = told.join("\\n");
document.body.append(list);
"""


def page_text() -> str:
    """The explorer's part of its page, as it stands there."""
    text = (DOCS / "explorer.md").read_text(encoding="utf-8")
    found = re.search(r"<link .*?</script>", text, re.DOTALL)
    assert found is not None
    return found[0]


class _Quiet(http.server.SimpleHTTPRequestHandler):
    """A server of a folder that says nothing; modules have their type on every machine."""

    extensions_map: ClassVar[dict[str, str]] = {  # type: ignore[misc]
        **http.server.SimpleHTTPRequestHandler.extensions_map,
        ".mjs": "text/javascript",
    }

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The page and its modules on a server of this machine's own."""
    for name in ("binary.mjs", "draw.mjs", "page.mjs", "style.css"):
        shutil.copy(DOCS / "explorer" / name, tmp_path)
    (tmp_path / "move.mjs").write_text(f'import "./page.mjs";\n{MOVE}', encoding="utf-8")
    script = '<script type="module" src="move.mjs"></script>'
    top = '<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    (tmp_path / "index.html").write_text(f"{top}<body>{page_text()}{script}</body>", encoding="utf-8")
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
        server.shutdown()
        thread.join()


@pytest.mark.skipif(BROWSER is None, reason="Chromium is not installed")
def test_a_slider_moves_the_value(address: str, tmp_path: Path) -> None:
    assert BROWSER is not None
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--window-size=390,844", profile]
    call = [BROWSER, *options, "--virtual-time-budget=4000", "--dump-dom", address]
    done = subprocess.run(call, capture_output=True, text=True, timeout=120)
    found = re.search(r'<pre id="told">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found is not None, done.stderr[-2000:]
    told = dict(line.split(": ", 1) for line in html.unescape(found[1]).splitlines())
    value = mb.bernoulli.solve(0.3, 0.3, 0.378).mutual_information
    assert told["first"].startswith(f"{value:.6f} bits | X and Y are opposed")
    value = mb.bernoulli.solve(0.3, 0.3, 0.7).mutual_information
    assert told["rate"].startswith(f"{value:.6f} bits | X and Y are alike")
    best = mb.bernoulli.solve(0.3, 0.3, 0.7, 0.1, 0.8)
    assert f"{best.label_entropy_with_seed:.6f} of C = 0.800 bits" in told["label"]
    least = mb.bernoulli.smallest_label_entropy(0.3, 0.3, 0.7, 0.1)
    assert told["limit"].startswith("infeasible")
    assert float(told["limit"].split(" | ")[1].split()[0]) == pytest.approx(least, abs=1.1e-6)
    assert told["svg"] == "5"
    assert told["example"] == told["first"]
    assert told["hash"].startswith("#a=0.3&b=0.3&rate=0.378")
    assert told["wide"] == "false"


def test_the_page_loads_nothing_from_elsewhere() -> None:
    texts = [page_text(), *(path.read_text(encoding="utf-8") for path in (DOCS / "explorer").iterdir())]
    for text in texts:
        assert not re.search(r"https?:|url\(|@import|//cdn", text)
        for name in re.findall(r'(?:src|href|from|import)[= ]"([^"]+)"', text):
            assert (DOCS / "explorer" / name).is_file()


def test_every_element_that_the_script_asks_for_is_there() -> None:
    script = (DOCS / "explorer" / "page.mjs").read_text(encoding="utf-8")
    names = set(re.findall(r'element\("([\w-]+)"\)', script))
    sliders = re.search(r"SLIDERS = \[([^\]]*)\]", script)
    assert sliders is not None
    for slider in re.findall(r"\w+", sliders[1]):
        names |= {slider, f"{slider}-value"}
    assert len(names) >= 14
    for name in names:
        assert page_text().count(f'id="explorer-{name}"') == 1, name
