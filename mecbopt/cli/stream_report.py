"""What a stream showed of its coupling, as a table for the terminal."""

from __future__ import annotations

import math
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from mecbopt.cli.outputs import plain_number
from mecbopt.cli.tables import framed_table, letters
from mecbopt.codec import Estimate, LawTest, StreamReport

__all__ = ["print_report", "report_document"]

#: Longer histograms are not read in a terminal; --plot has them whole.
_MAX_ROWS = 40
#: P-values below are marked: one stream in a thousand has one by chance.
_DOUBTFUL = 1e-3


def report_document(report: StreamReport) -> dict[str, Any]:
    """The same as plain data; what there is no figure of is null."""
    figures = {
        "code_length": report.code_length,
        "mutual_information": report.mutual_information,
        "label_entropy_with_seed": report.label_entropy,
    }
    laws = {"output_law": report.output_law, "source_law": report.source_law}
    return {
        "units": "bits",
        "symbols": report.symbols,
        "coded_bits": report.coded_bits,
        "coded_rate": plain_number(report.coded_rate),
        "labels_seen": report.labels_seen,
        **{
            name: None
            if estimate is None
            else {key: plain_number(value) for key, value in vars(estimate).items()}
            for name, estimate in figures.items()
        },
        **{
            name: {
                "counts": test.counts.tolist(),
                "law": test.law.tolist(),
                "statistic": plain_number(test.statistic),
                "degrees": test.degrees,
                "p_value": test.p_value,
            }
            for name, test in laws.items()
        },
    }


def print_report(report: StreamReport, console: Console) -> None:
    """Print length, information, label entropy and the laws."""
    per_symbol = f", {report.coded_rate:.6f} bits a symbol" if report.symbols else ""
    console.print(f"{report.symbols} symbols in {report.coded_bits // 8} bytes{per_symbol}\n")
    console.print(_figures(report))
    console.print(_law("Y", report.output_law, report.problem.y_letters, console))
    console.print(_verdict("law of Y", report.output_law))
    console.print(_verdict("law of X", report.source_law))
    if report.source_law.p_value < _DOUBTFUL:
        console.print("The symbols do not follow p_X: what the solution says of them does not hold.")


def _figures(report: StreamReport) -> Table:
    table = framed_table()
    table.add_column("bits a symbol")
    for heading in ("measured", "standard error", "solution", "off by (errors)"):
        table.add_column(heading, justify="right")
    rows = [("code length, for H(Y|U)", report.code_length), ("I(X;Y)", report.mutual_information)]
    if report.label_entropy is not None:
        source = "labels" if report.labels_seen else "label channel"
        rows.append((f"H(S|Y,U), by the {source}", report.label_entropy))
    for name, estimate in rows:
        table.add_row(name, *_cells(estimate))
    return table


def _cells(estimate: Estimate) -> list[str]:
    if math.isnan(estimate.measured):
        return ["none", "none", f"{estimate.promised:.6f}", "none"]
    off = estimate.measured - estimate.promised
    errors = f"{off / estimate.standard_error:+.1f}" if estimate.standard_error > 0 else "0"
    measured = round(estimate.measured, 6) + 0.0
    return [f"{measured:.6f}", f"{estimate.standard_error:.6f}", f"{estimate.promised:.6f}", errors]


def _law(name: str, test: LawTest, names: tuple[object, ...] | None, console: Console) -> Table:
    table = framed_table()
    for heading in (name, "symbols", "share", f"p_{name}"):
        table.add_column(heading, justify="right")
    total = max(1, int(test.counts.sum()))
    texts = letters(names, len(test.law), console.encoding)
    shown = range(min(len(texts), _MAX_ROWS))
    for place in shown:
        count = int(test.counts[place])
        table.add_row(Text(texts[place]), str(count), f"{count / total:.6f}", f"{test.law[place]:.6f}")
    if len(texts) > _MAX_ROWS:
        table.add_row("...", "", "", "")
    return table


def _verdict(name: str, test: LawTest) -> str:
    if test.degrees == 0 and math.isfinite(test.statistic):
        return f"{name}: nothing to test"
    statistic = "infinite" if math.isinf(test.statistic) else f"{test.statistic:.2f}"
    return f"{name}: chi-square {statistic} on {test.degrees} degrees of freedom, p = {test.p_value:.3g}"
