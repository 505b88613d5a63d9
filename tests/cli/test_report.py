"""`mecbopt report`: the page says what the solver says, loads nothing, and its commands run."""

from __future__ import annotations

import base64
import json
import re
import shlex
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

import mecbopt as mb
from mecbopt.cli import report as command
from mecbopt.cli.main import ExitCode
from mecbopt.cli.report_page import verdict
from tests.cli.conftest import Run

QUICK = ("--points", "4", "--stage-limit", "20")
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Tables and links of a page, which must be well-formed and load nothing."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tables: dict[str, list[list[list[str]]]] = {}
        self.texts: dict[str, str] = {}
        self.pictures: list[str] = []
        self.files: dict[str, bytes] = {}
        self.section = "head"
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert tag not in ("script", "link", "iframe", "object", "base")
        if tag in ("section", "p") and "id" in given:
            self.section = str(given["id"])
        if tag == "img":
            kind, data = str(given["src"]).split(";base64,")
            assert kind == "data:image/svg+xml"
            assert given["alt"]
            self.pictures.append(base64.b64decode(data).decode())
        if tag == "a":
            kind, data = str(given["href"]).split(";base64,")
            assert kind == "data:application/json"
            self.files[str(given["download"])] = base64.b64decode(data)
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.tables.setdefault(self.section, []).append([])
        if tag == "tr":
            self.tables[self.section][-1].append([])
        if tag in ("th", "td"):
            self.tables[self.section][-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" in self.open:
            assert "url(" not in data
            assert "@import" not in data
            return
        self.texts[self.section] = self.texts.get(self.section, "") + data
        if self.open and self.open[-1] in ("th", "td"):
            self.tables[self.section][-1][-1][-1] += data

    def figures(self, section: str) -> dict[str, str]:
        """The first table of a section, of names and what is said of them."""
        return dict(self.tables[section][0])


def read(path: str = "report.html") -> Page:
    text = Path(path).read_text(encoding="utf-8")
    found = Page(text)
    for picture in found.pictures:
        assert picture.count("<svg") == 1
        references = re.findall(r'(?:href|src)="([^"]*)"|url\(([^)]*)\)', picture)
        assert references
        assert all((one or two).startswith(("#", "data:")) for one, two in references)
    return found


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages without pictures: each costs more than the solution, and other tests look at them."""
    monkeypatch.setattr(command, "_pictures", lambda *_: {})


@pytest.fixture
def nasty(ternary: Path) -> Path:
    """A problem with a label whose names need escaping, in a file whose name needs quoting."""
    path = ternary.with_name("my problem & co.toml")
    names = 'x_letters = ["<script>alert(1)</script>", "a & b", "$c$"]\ny_letters = ["\\"0\\"", "1"]\n'
    path.write_text(names + ternary.read_text())
    return path


def test_the_page_says_what_the_solver_says(run: Run, nasty: Path) -> None:
    outcome = run("report", nasty, "--out", "report.html", "--json", "report.json", *QUICK)
    assert outcome.code == ExitCode.DONE, outcome
    assert "Written: report.html" in outcome.out
    problem = mb.load_problem(nasty)
    solution = mb.solve(problem)
    found = read()
    assert f"I(X;Y) = {solution.mutual_information:.6f} bits, optimal within" in found.texts["verdict"]
    figures = found.figures("solution")
    assert figures["I(X;Y)"] == f"{solution.mutual_information:.6f} bits"
    assert figures["H(S|Y,U)"] == f"{solution.label_entropy_with_seed:.6f} bits"
    bounds = found.figures("bounds")
    assert bounds["no coupling exceeds"] == f"{solution.upper_bound:.9f} bits"
    assert bounds["certified"].startswith("0.2724")
    assert found.figures("problem")["label limit"].startswith("H(S|Y,U) <= C = 0.95 bits")
    law = found.tables["problem"][1]
    assert [row[0] for row in law[1:]] == ["<script>alert(1)</script>", "a & b", "$c$"]
    mixture = found.tables["solution"][2]
    assert mixture[0][2:] == ["f(<script>alert(1)</script>)", "f(a & b)", "f($c$)"]
    assert set(mixture[1][2:]) <= {'"0"', "1"}
    assert len(found.pictures) == 3
    # The point of the problem is among those of its curve.
    rates = [float(row[0]) for row in found.tables["curve"][0][1:]]
    assert len(rates) == 5
    assert 0.5 in rates
    (rate, limit) = found.tables["prices"][0][1:]
    assert rate[:3] == ["rate R", "0.5", "0.500000, all of it"]
    assert limit[0] == "label limit C"
    assert "verified by the checker" in found.texts["certificate"]
    # What the page carries is the problem itself.
    Path("problem.json").write_bytes(found.files["problem.json"])
    assert mb.load_problem("problem.json").equals(problem)
    document = json.loads(Path("report.json").read_text())
    assert document["solution"]["mutual_information"] == solution.mutual_information
    assert [price["limit"] for price in document["prices"]] == ["rate", "max_label_entropy"]
    assert document["commands"] == found.texts["commands"].removeprefix("Commands").strip().splitlines()


@pytest.mark.usefixtures("undrawn")
def test_its_commands_run_and_give_the_same(run: Run, nasty: Path) -> None:
    run("report", nasty.name, "--rate", "1/3", "--gap", "1e-5", "--out", "report.html", *QUICK)
    first = Path("report.html").read_text()
    found = read()
    lines = found.texts["commands"].removeprefix("Commands").strip().splitlines()
    assert [line.split()[1] for line in lines] == ["solve", "check", "curve", "report"]
    for line in lines:
        program, *arguments = shlex.split(line)
        assert program == "mecbopt"
        outcome = run(*arguments)
        assert outcome.code == ExitCode.DONE, (line, outcome)
    solution = mb.Solution.from_json("solution.json")
    assert str(solution.problem.exact_number("rate")) == "1/3"
    assert found.figures("solution")["I(X;Y)"] == f"{solution.mutual_information:.6f} bits"
    points = Path("curve.csv").read_text().splitlines()[1:]
    assert len(points) == 4
    # The same page again, to the byte.
    assert Path("report.html").read_text() == first


def test_an_infeasible_problem_has_a_page(run: Run, ternary: Path) -> None:
    outcome = run("report", ternary, "--max-label-entropy", "0.8", "--out", "report.html", *QUICK)
    assert outcome.code == ExitCode.CLAIM_FAILED
    solution = mb.solve(mb.load_problem(ternary).replace(max_label_entropy=0.8))
    assert solution.status is mb.Status.INFEASIBLE
    found = read()
    least, needed = solution.smallest_label_entropy, solution.smallest_rate
    assert f"smallest C is {least:.6f} bits" in found.texts["verdict"]
    assert (f"needs a rate of {needed:.6f}" if needed else "no rate makes") in found.texts["verdict"]
    assert found.figures("solution")["smallest C at this rate"] == f"{least:.6f} bits"
    assert "no coupling meets the limits" in found.texts["certificate"]
    assert "nothing has a price" in found.texts["prices"]
    assert "mixture" not in found.figures("solution")


@pytest.mark.usefixtures("undrawn")
def test_a_smallest_rate_that_is_not_computed_is_not_called_none(run: Run, ternary: Path) -> None:
    hidden = ("--label-without-seed", "--max-label-entropy", "0.8")
    outcome = run("report", ternary, *hidden, "--out", "report.html", *QUICK)
    assert outcome.code == ExitCode.CLAIM_FAILED
    found = read()
    assert "smallest C is" in found.texts["verdict"]
    assert "no rate" not in found.texts["verdict"]
    assert "--label-without-seed" in found.texts["commands"]


@pytest.mark.usefixtures("undrawn")
def test_what_cannot_be_done_is_said(run: Run) -> None:
    numbers = ("--px", "0.5,0.5", "--py", "0.5,0.5", "--distortion", "0,1;1,0", "--rate", "0.5")
    assert run("report", *numbers, "--out", "report.html", *QUICK).code == ExitCode.DONE
    found = read()
    assert "distortion" in found.texts["curve"]
    assert "Certified: 0.249998" in found.texts["certificate"]
    assert found.figures("bounds")["certified"].endswith("<= E d(X,Y) <= 0.250000000000")
    assert "units of d per bit more" in found.tables["prices"][0][0]
    lines = found.texts["commands"]
    assert "mecbopt check" in lines
    assert "mecbopt curve" not in lines


@pytest.mark.usefixtures("undrawn")
def test_a_constant_and_a_problem_without_limits_have_pages(run: Run) -> None:
    assert run("report", "--px", "0.5,0.5", "--py", "1", "--out", "a.html", *QUICK).code == ExitCode.DONE
    assert "constant" in read("a.html").texts["curve"]
    assert (
        run("report", "--px", "0.5,0.5", "--py", "0.5,0.5", "--out", "b.html", *QUICK).code == ExitCode.DONE
    )
    assert "No limit can bind" in read("b.html").texts["prices"]


@pytest.mark.usefixtures("undrawn")
def test_streams_and_quiet(run: Run) -> None:
    numbers = ("--px", "0.5,0.5", "--py", "0.5,0.5", "--rate", "0.5", *QUICK)
    outcome = run("report", *numbers, "--out", "-", "--title", "<b>Mine</b>")
    Page(outcome.out)
    assert "&lt;b&gt;Mine&lt;/b&gt;" in outcome.out
    assert "optimal" in outcome.err
    outcome = run("report", *numbers, "--out", "a.html", "--quiet")
    assert (outcome.code, outcome.out, outcome.err) == (ExitCode.DONE, "", "")
    outcome = run("report", *numbers, "--out", "a.html", "--json", "-")
    assert json.loads(outcome.out)["format"] == "mecbopt-report-1"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--out", "no such folder/a.html"), ("--out", "no such folder")),
        (("--out", "a.pdf"), ("--out", ".html")),
        (("--out", "."), ("--out",)),
        ((), ("--out",)),
        (("--out", "a.html", "--json", "a.html"), ("--json", "--out")),
        (("--out", "a.html", "--json", "gone/a.json"), ("--json", "gone")),
        (("--out", "a.html", "--points", "1"), ("--points", "at least 2")),
        (("--out", "a.html", "--stage-limit", "0"), ("--stage-limit", "0")),
        (("--out", "a.html", "--stage-limit", "inf"), ("--stage-limit", "inf")),
        (("--out", "a.html", "--gap", "0"), ("--gap", "0")),
    ],
)
def test_bad_options_are_refused_before_any_work(
    run: Run, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], words: tuple[str, ...]
) -> None:
    def work(*arguments: Any, **options: Any) -> mb.Solution:
        if "--gap" in words:
            return mb.solve(*arguments, **options)
        raise AssertionError("solved before the arguments were checked")

    monkeypatch.setattr(command, "solve", work)
    outcome = run("report", "--px", "0.5,0.5", "--py", "0.5,0.5", *options)
    assert outcome.code == ExitCode.USAGE
    assert outcome.err.count("\n") == 1
    for word in words:
        assert word in outcome.err
    assert not Path("a.html").exists()


@pytest.mark.parametrize("stage", ["rate_curve", "limit_prices", "certify"])
@pytest.mark.usefixtures("undrawn")
def test_an_interruption_leaves_a_page_with_what_there_was(
    run: Run, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command, stage, interrupted)
    numbers = ("--px", "0.5,0.5", "--py", "0.5,0.5", "--rate", "0.5", *QUICK)
    outcome = run("report", *numbers, "--out", "report.html")
    assert outcome.code == ExitCode.STOPPED
    found = read()
    assert "0.188722" in found.texts["verdict"]
    part = {"rate_curve": "curve", "limit_prices": "prices", "certify": "certificate"}[stage]
    assert "interrupted" in found.texts[part]
    # What would have come later is left out too.
    assert "interrupted" in found.texts["certificate"]


@pytest.mark.usefixtures("undrawn")
def test_a_time_limit_gives_a_page_with_bounds(run: Run) -> None:
    numbers = ("--px", "1,1,1,1", "--py", "1,1,1,1", "--normalize", "--rate", "1.1", "--engine", "highs")
    options = ("--time-limit", "0.2", "--points", "2", "--stage-limit", "0.4")
    outcome = run("report", *numbers, *options, "--out", "report.html")
    assert outcome.code == ExitCode.STOPPED
    found = read()
    assert "is not closed (feasible)" in found.texts["verdict"]
    assert "--time-limit 0.2" in found.texts["commands"]


def test_a_verdict_in_every_state() -> None:
    solved = mb.solve(mb.Problem([0.5, 0.5], [0.5, 0.5], 0.5))

    def state(**changes: Any) -> str:
        fields = {**solved.__dict__, **changes}
        names = ("problem", "status", "stop_reason", "mixture", "upper_bound")
        return verdict(mb.Solution(**{name: fields[name] for name in names}))

    assert "at most 0.300000 bits" in state(status=mb.Status.FEASIBLE, upper_bound=0.3)
    assert "(invalid)" in state(status=mb.Status.INVALID, upper_bound=0.1)
    assert state(status=mb.Status.UNKNOWN, mixture=None).startswith("Unknown")
    assert state(status=mb.Status.INFEASIBLE, mixture=None) == "Infeasible: no coupling meets the limits."
