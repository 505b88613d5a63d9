"""No page of the manual is wider than a phone or a window: what is wider scrolls by itself."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
#: A phone and a window, pixels.
WIDTHS = (390, 1280)

#: Opens every page in a frame of each width and posts those that scroll sideways, with what sticks out.
SCRIPT = """<!doctype html><script>
async function look(page, width) {
  const frame = document.createElement("iframe");
  frame.style.cssText = `width: ${width}px; height: 800px; border: 0`;
  frame.src = "/" + page;
  document.body.appendChild(frame);
  await new Promise(done => { frame.onload = done; });
  const inner = frame.contentDocument, root = inner.scrollingElement, wide = [];
  const scrolls = element => {
    for (let above = element.parentElement; above && above !== inner.body; above = above.parentElement)
      if (frame.contentWindow.getComputedStyle(above).overflowX !== "visible") return true;
    return false;
  };
  const room = root.clientWidth, taken = root.scrollWidth;
  if (taken > room)
    for (const element of inner.querySelectorAll(".md-content *"))
      if (element.getBoundingClientRect().right > room + 1 && !scrolls(element))
        wide.push(element.outerHTML.slice(0, 120));
  const found = taken > room ? [page, width, taken, wide.slice(0, 3)] : null;
  frame.remove();
  return found;
}
addEventListener("load", async () => {
  const found = [];
  for (const width of WIDTHS) for (const page of PAGES) found.push(await look(page, width));
  fetch("/found", { method: "POST", body: JSON.stringify(found) });
});
</script><body></body>"""


class Pages(SimpleHTTPRequestHandler):
    """The built pages, the script that looks at them, and what it found."""

    script: bytes
    found: list[Any]
    done: threading.Event

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """A page, or the script."""
        if self.path != "/look":
            super().do_GET()
            return
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(self.script)))
        self.end_headers()
        self.wfile.write(self.script)

    def do_POST(self) -> None:
        """What the script found."""
        self.found.extend(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()
        self.done.set()


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The built pages; MECBOPT_SITE names a folder that has them."""
    built = os.environ.get("MECBOPT_SITE")
    if built is None:
        pytest.importorskip("material")
        command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--site-dir", str(tmp_path / "site")]
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "NO_MKDOCS_2_WARNING": "1"}
        subprocess.run(command, cwd=ROOT, env=environment, check=True, timeout=300)
    return tmp_path / "site" if built is None else Path(built)


@pytest.mark.slow
@pytest.mark.skipif(BROWSER is None, reason="there is no Chromium")
def test_no_page_scrolls_sideways(site: Path, tmp_path: Path) -> None:
    pages = sorted(
        path.relative_to(site).as_posix() for path in site.rglob("*.html") if path.name != "404.html"
    )
    assert len(pages) >= 50
    script = f"const PAGES = {json.dumps(pages)}, WIDTHS = {json.dumps(WIDTHS)};"
    found: list[Any] = []
    attributes = {
        "script": SCRIPT.replace("<script>", f"<script>{script}").encode(),
        "found": found,
        "done": threading.Event(),
    }
    handler = type("Served", (Pages,), attributes)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(handler, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options = ("--headless=new", "--no-sandbox", "--disable-gpu")
    address = f"http://127.0.0.1:{server.server_port}/look"
    browser = subprocess.Popen(
        [str(BROWSER), *options, f"--user-data-dir={tmp_path / 'profile'}", address],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        assert attributes["done"].wait(3000)  # type: ignore[attr-defined]
    finally:
        browser.terminate()
        browser.wait()
        server.shutdown()
        server.server_close()
    assert len(found) == len(pages) * len(WIDTHS)
    assert [entry for entry in found if entry is not None] == []
