"""A report as one HTML page that loads nothing: style, pictures and the problem itself stand in it.

Equal reports are equal pages: no date and no time is written.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from html import escape
from typing import Any

from mecbopt.analysis import LimitPrice, RateCurve
from mecbopt.analysis.curve_text import FIELDS, rows
from mecbopt.certificates import CertifiedInterval
from mecbopt.problem import Solution, Status, html
from mecbopt.problem.problem_text import law_tables, letter_names, statement
from mecbopt.problem.solution_text import coupling_table, figures, smallest_label_entropy

__all__ = ["Report", "document", "page", "verdict"]

#: Larger tables are not read on a page; the files that the commands write have them whole.
_MAX_LAW_ROWS, _MAX_ROWS, _MAX_COLUMNS = 60, 40, 16
#: Laws of so many letters are shown without a click.
_OPEN_ROWS = 6

_STYLE = """
:root { color-scheme: light dark; --ink: #22303c; --quiet: #5b6975; --paper: #ffffff; --soft: #f2f5f7;
  --line: #d3dbe1; --link: #0b5a8c; --good: #16876b; --bad: #b23a25; --open: #8f6b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e3e9ee; --quiet: #a4b1bc; --paper: #161c21;
  --soft: #212a31; --line: #3a464f; --link: #7cc0ea; --good: #5cc9a7; --bad: #f0866f; --open: #e0bd55; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem 1rem 3rem; max-width: 60rem;
  background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .5rem;
  padding-bottom: .2rem; border-bottom: 1px solid var(--line); }
p { margin: .5rem 0; } .quiet { color: var(--quiet); font-size: .92rem; } a { color: var(--link); }
.verdict { font-size: 1.15rem; font-weight: 600; border-left: 5px solid var(--open); padding: .5rem .9rem;
  background: var(--soft); margin: 1rem 0; } .verdict.optimal { border-color: var(--good); }
.verdict.infeasible, .verdict.invalid { border-color: var(--bad); }
.wide { overflow-x: auto; } .row { display: flex; flex-wrap: wrap; gap: 0 2.5rem; align-items: flex-start; }
table { border-collapse: collapse; margin: .6rem 0; font-variant-numeric: tabular-nums; font-size: .92rem; }
th, td { padding: .22rem .6rem; border-bottom: 1px solid var(--line); text-align: right;
  vertical-align: top; }
th { font-weight: 600; } tr > th:first-child, .words td, .words th { text-align: left; }
figure { margin: .8rem 0; } img { display: block; max-width: 100%; height: auto; background: #ffffff;
  border: 1px solid var(--line); border-radius: 6px; padding: 6px; } figcaption { color: var(--quiet);
  font-size: .92rem; margin-top: .3rem; }
pre { background: var(--soft); padding: .7rem .9rem; overflow-x: auto; border-radius: 6px;
  font-size: .86rem; }
details { margin: .6rem 0; } summary { cursor: pointer; color: var(--link); }
"""


@dataclass(frozen=True, eq=False)
class Report:
    """What a report says; a part that is missing has a note that says why.

    Attributes
    ----------
    title : str
    solution : Solution
    curve : RateCurve or None
    prices : tuple of LimitPrice
    interval : CertifiedInterval or None
        What a certificate was checked to prove.
    notes : dict of str
        For "curve", "prices" and "certificate", in words.
    pictures : dict of str
        SVG texts by name: "curve", "coupling", "mixture".
    commands : tuple of str
        Command lines that give the same figures again.
    """

    title: str
    solution: Solution
    curve: RateCurve | None
    prices: tuple[LimitPrice, ...]
    interval: CertifiedInterval | None
    notes: dict[str, str]
    pictures: dict[str, str]
    commands: tuple[str, ...]


def verdict(solution: Solution) -> str:
    """The result in one sentence."""
    unit = " bits" if solution.problem.distortion is None else ""
    name = "I(X;Y)" if solution.problem.distortion is None else "E d(X,Y)"
    if solution.status is Status.INFEASIBLE:
        if solution.smallest_label_entropy is None:
            return "Infeasible: no coupling meets the limits."
        text = f"Infeasible: at this rate the smallest C is {smallest_label_entropy(solution)} bits"
        if solution.smallest_rate is None and not solution.problem.label_sees_seed:
            return f"{text}."  # the smallest rate is not computed where the seed is hidden
        if solution.smallest_rate is None:
            return f"{text}; no rate makes this C attainable."
        return f"{text}; this C needs a rate of {solution.smallest_rate:.6f} bits."
    if not solution.has_coupling:
        return "Unknown: neither a coupling nor a proof of infeasibility was found."
    value = f"{name} = {solution.objective:.6f}{unit}"
    if solution.status is Status.OPTIMAL:
        return f"{value}, optimal within {max(solution.gap, 0.0):.1e}{unit}."
    side = "at most" if solution.problem.distortion is None else "at least"
    proved = f"the optimum is {side} {solution.objective_bound:.6f}{unit}"
    return f"{value}; {proved}, so the gap of {solution.gap:.1e} is not closed ({solution.status.value})."


def page(report: Report) -> str:
    """The whole page."""
    solution = report.solution
    parts = [
        "<!DOCTYPE html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(report.title)} - mecbopt report</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(report.title)}</h1>",
        '<p class="quiet">Constrained minimum entropy coupling, quantities in bits.</p>',
        f'<p class="verdict {solution.status.value}" id="verdict">{escape(verdict(solution))}</p>',
        _section("problem", "The problem", _problem(report)),
        _section("solution", "The solution", _solution(report)),
        _section("bounds", "Bounds", _bounds(report)),
        _section("curve", "The value against the rate", _curve(report)),
        _section("prices", "What binds, and its price", _prices(report)),
        _section("certificate", "Certificate", _certificate(report)),
        _section("commands", "Commands", _commands(report)),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _section(name: str, heading: str, body: str) -> str:
    return f'<section id="{name}"><h2>{escape(heading)}</h2>\n{body}</section>'


def _paragraph(text: str, kind: str = "") -> str:
    return f"<p{f' class={chr(34)}{kind}{chr(34)}' if kind else ''}>{escape(text)}</p>\n" if text else ""


def _wide(table: str, kind: str = "") -> str:
    return f'<div class="wide{f" {kind}" if kind else ""}">{table}</div>\n' if table else ""


def _picture(report: Report, name: str, alternative: str, caption: str) -> str:
    text = report.pictures.get(name)
    if text is None:
        return ""
    data = base64.b64encode(text.encode()).decode()
    return (
        f'<figure><img alt="{escape(alternative)}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{escape(caption)}</figcaption></figure>\n"
    )


def _problem(report: Report) -> str:
    problem = report.solution.problem
    text = json.dumps(problem.to_document(), indent=1, allow_nan=False)
    link = base64.b64encode(text.encode()).decode()
    laws = law_tables(problem, _MAX_LAW_ROWS)
    short = " open" if max(problem.shape) <= _OPEN_ROWS else ""
    return (
        _wide(html.figures(statement(problem)), "words")
        + (f"<details{short}><summary>Its laws</summary>{_wide(laws, 'row')}</details>" if laws else "")
        + f'<p><a download="problem.json" href="data:application/json;base64,{link}">problem.json</a> '
        '<span class="quiet">states it exactly; every command takes it as its problem file.</span></p>\n'
    )


def _solution(report: Report) -> str:
    solution = report.solution
    body = _paragraph(solution.status.meaning)
    if solution.status not in (Status.OPTIMAL, Status.INFEASIBLE):
        body += _paragraph(f"{solution.stop_reason.meaning} {solution.stop_reason.remedy}")
    body += _wide(html.figures(figures(solution)), "words")
    body += _picture(
        report,
        "coupling",
        "Heat map of the coupling P(x, y) with its marginals",
        "The coupling P(x, y), with p_X beside it and p_Y above it.",
    )
    body += _picture(
        report,
        "mixture",
        "The mappings of the mixture with their weights",
        "The mixture: the shared seed U picks mapping f_k with its weight, and x is sent to f_k(x).",
    )
    tables = coupling_table(solution, _MAX_ROWS, _MAX_COLUMNS) + _mixture_table(solution)
    return body + (f"<details><summary>As tables</summary>{_wide(tables)}</details>" if tables else "")


def _mixture_table(solution: Solution) -> str:
    problem, mixture = solution.problem, solution.mixture
    if mixture is None or problem.shape[0] > _MAX_COLUMNS or len(mixture) > _MAX_ROWS:
        return ""
    x_names = letter_names(problem.x_letters, problem.shape[0])
    y_names = letter_names(problem.y_letters, problem.shape[1])
    order = sorted(range(len(mixture)), key=lambda index: -mixture.weights[index])
    lines = [
        (str(number), [f"{mixture.weights[k]:.6f}", *(y_names[y] for y in mixture.mappings[k])])
        for number, k in enumerate(order, start=1)
    ]
    return html.matrix("k", ["weight", *(f"f({name})" for name in x_names)], lines)


def _bounds(report: Report) -> str:
    solution, problem = report.solution, report.solution.problem
    interval = report.interval
    proved = [] if interval is None or interval.lower is None else [("certified", interval.claim)]
    if problem.distortion is not None:
        least_distortion = ("least E d(X,Y) is at least", f"{solution.objective_bound:.9f}")
        return _wide(html.figures([least_distortion, *proved]), "words")
    if solution.status is Status.INFEASIBLE:
        least = solution.smallest_label_entropy_bound
        known = "H(S|Y,U)" if problem.label_sees_seed else "H(S|Y)"
        told = "" if least is None else f"At this rate no coupling has {known} below {least:.6f} bits."
        return _paragraph("There is no coupling, so I(X;Y) has no bounds.") + _paragraph(told)
    lines = [
        ("found", f"{solution.mutual_information:.9f} bits" if solution.has_coupling else "nothing"),
        ("no coupling exceeds", f"{solution.upper_bound:.9f} bits"),
        ("without a search", f"{problem.value_upper_bound:.9f} bits, from R, H(X), H(Y) and majorisation"),
    ]
    return _wide(html.figures([*lines, *proved]), "words")


def _curve(report: Report) -> str:
    body = _picture(
        report,
        "curve",
        "I(X;Y) against the rate, with the point of this problem",
        "I(X;Y) against R with every other limit kept; the band reaches up to the proved bound, and the "
        "dotted line is min(R, H(X), H(Y)), which no coupling passes.",
    )
    body += _paragraph(report.notes.get("curve", ""), "quiet")
    if report.curve is None:
        return body
    lines = [
        (f"{rate:.6g}", [_bits(value), _bits(bound), "" if gap is None else f"{gap:.1e}", status])
        for rate, value, bound, gap, status, *_ in rows(report.curve)
    ]
    table = html.matrix("rate R", ["I(X;Y), bits", "upper bound", "gap", "status"], lines)
    return body + f"<details><summary>Its points</summary>{_wide(table)}</details>"


def _bits(value: float | None) -> str:
    return "" if value is None else f"{value:.6f}"


def _prices(report: Report) -> str:
    body = _paragraph(report.notes.get("prices", ""))
    if not report.prices:
        return body
    unit = "bits of I" if report.solution.problem.distortion is None else "units of d"
    columns = ["limit, bits", "spent", f"{unit} per bit more", f"{unit} per bit less", "step, bits"]
    lines = [
        (
            "rate R" if price.name == "rate" else "label limit C",
            [
                f"{price.limit:.6g}",
                f"{price.spent:.6f}, {'all of it' if price.is_spent else 'not all of it'}",
                _quotient(price.gain),
                _quotient(price.loss) or _why_not(price),
                f"{price.step:.3g}",
            ],
        )
        for price in report.prices
    ]
    return (
        body
        + _wide(html.matrix("", columns, lines))
        + _paragraph(
            "A price is the change of the optimum over one step of the limit, divided by the step, every "
            "other limit kept. The exact quotient lies in the interval shown, which comes from the bounds of "
            "both optima. The optimum is no concave function of its limits: in the other direction or over "
            "another step the price may differ, and a limit that is not spent may have one.",
            "quiet",
        )
    )


def _quotient(interval: tuple[float, float] | None) -> str:
    """The interval, rounded outward to four decimals; one number where its ends agree."""
    if interval is None:
        return ""
    low, high = math.floor(interval[0] * 1e4) / 1e4, math.ceil(interval[1] * 1e4) / 1e4
    return f"{low:.4f} to {high:.4f}"


def _why_not(price: LimitPrice) -> str:
    tighter = price.tighter
    if tighter is None:
        return "no step downwards" if price.limit == 0 else "not solved"
    if tighter.status is Status.INFEASIBLE:
        least = smallest_label_entropy(tighter)
        return f"infeasible: smallest C there {least}" if least else "infeasible"
    return str(tighter.status.value)


def _certificate(report: Report) -> str:
    body = "" if report.interval is None else _paragraph(f"Certified{str(report.interval)[9:]}.")
    return body + _paragraph(report.notes.get("certificate", ""), "" if report.interval is None else "quiet")


def _commands(report: Report) -> str:
    lines = "\n".join(map(escape, report.commands))
    note = report.notes.get("commands", "")
    return _paragraph(note, "quiet") + f"<pre><code>{lines}</code></pre>\n"


def document(report: Report) -> dict[str, Any]:
    """The same as plain data."""
    curve = None
    if report.curve is not None:
        curve = [dict(zip(FIELDS, figures_of, strict=True)) for figures_of in rows(report.curve)]
    return {
        "format": "mecbopt-report-1",
        "units": "bits",
        "title": report.title,
        "verdict": verdict(report.solution),
        "solution": report.solution.to_document(),
        "curve": curve,
        "prices": [_price_document(price) for price in report.prices],
        "certified": None
        if report.interval is None
        else {
            "lower": _exact(report.interval.lower),
            "upper": _exact(report.interval.upper),
            "infeasible": report.interval.infeasible,
        },
        "notes": report.notes,
        "commands": list(report.commands),
    }


def _exact(end: Fraction | None) -> str | None:
    return None if end is None else f"{end.numerator}/{end.denominator}"


def _price_document(price: LimitPrice) -> dict[str, Any]:
    def plain(interval: Iterable[float] | None) -> list[float] | None:
        return None if interval is None else list(interval)

    return {
        "limit": price.name,
        "value": price.limit,
        "spent": price.spent,
        "is_spent": price.is_spent,
        "step": price.step,
        "gain": plain(price.gain),
        "loss": plain(price.loss),
    }
