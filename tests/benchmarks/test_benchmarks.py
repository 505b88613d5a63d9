"""The benchmarks run, judge the peers rightly, and say what they measured."""

from __future__ import annotations

import json
import math
import os
from concurrent.futures import ProcessPoolExecutor

import numpy as np
import pytest

import mecbopt as mb
from mecbopt._core.tree import available
from tests.benchmarks import __main__ as command_line
from tests.benchmarks import (
    curve,
    exact_report,
    exact_solver,
    machines,
    maingo_peer,
    paired,
    peers,
    record,
    scip_peer,
)
from tests.benchmarks.formulation import finite_form, judge
from tests.benchmarks.isolation import run_isolated
from tests.benchmarks.overview import FOLDER, HEADLINES, overview
from tests.benchmarks.peers_report import contradictions, summarise
from tests.instances import dirichlet_marginals
from tests.oracle import best_over_all_bases, bits, polytope

P_X, P_Y = np.array([0.7, 0.3]), np.array([0.6, 0.4])


def entry(solver, seed=0, status="optimal", seconds=1.0, value=0.5, **more):
    place = {"n": 3, "m": 3, "fraction": 0.5, "seed": seed}
    claim = {"solver": solver, "status": status, "cpu_seconds": seconds, "value": value, "bound": value}
    return place | claim | more


@pytest.mark.parametrize(("rate", "epigraph"), [(0.4, "cell"), (0.4, "sum"), (1.0, "cell")])
def test_scip_agrees_with_all_vertices(rate, epigraph):
    pytest.importorskip("pyscipopt", reason="PySCIPOpt comes with the extra bench")
    answer = scip_peer.solve(P_X.tolist(), P_Y.tolist(), rate, time_limit=20.0, epigraph=epigraph)
    assert answer["status"] == "optimal"
    assert answer["value"] == pytest.approx(best_over_all_bases(polytope(P_X, P_Y, rate)), abs=2e-6)


@pytest.mark.parametrize("rate", [0.4, 1.0])
def test_maingo_agrees_with_all_vertices(rate):
    pytest.importorskip("maingopy", reason="maingopy comes with the extra bench")
    arguments = {"p_x": P_X.tolist(), "p_y": P_Y.tolist(), "rate": rate, "time_limit": 20.0}
    # In a process of its own, since it writes files and prints.
    answer = run_isolated(maingo_peer.solve, arguments, 20.0)
    assert answer["status"] == "optimal"
    assert answer["value"] == pytest.approx(best_over_all_bases(polytope(P_X, P_Y, rate)), abs=2e-6)


def test_a_point_that_violates_the_marginals_is_judged_by_what_is_feasible():
    p_x, p_y = dirichlet_marginals(3, 3, 0)
    optimum = best_over_all_bases(polytope(p_x, p_y))
    form = finite_form(p_x, p_y, math.inf)
    start = judge(form, np.outer(p_x, p_y))
    assert start["value_as_returned"] == pytest.approx(0.0, abs=1e-12)
    assert start["violation"] < 1e-12
    too_good = judge(form, np.diag([0.4, 0.3, 0.3]))
    assert too_good["violation"] > 0.01
    assert too_good["value"] <= optimum + 1e-9 < too_good["value_as_returned"]


def test_the_page_of_all_benchmarks_says_what_the_records_hold():
    """Otherwise: python -m tests.benchmarks.overview."""
    page = (FOLDER / "index.md").read_text(encoding="utf-8")
    assert page == overview()
    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= len(HEADLINES) - 1
    for path in FOLDER.glob("*.md"):
        assert path.name == "index.md" or f"({path.name})" in page, path.name


def test_tables_that_a_script_prints_are_tables_on_its_page():
    page = command_line.printed_as_markdown("4x4  0.1\n  0.2 s\n| size |\n|---|\n| 4x4 |\n")
    assert page.startswith("| size |\n|---|\n| 4x4 |\n\n")
    assert page.endswith('"Every run"\n\n    ```text\n    4x4  0.1\n      0.2 s\n    ```\n')
    assert command_line.printed_as_markdown("a\nb\n") == "```text\na\nb\n```\n"


def test_the_finite_form_has_all_mappings_below_the_entropy_of_y_and_none_above():
    entropy = float(bits(P_Y).sum())
    form = finite_form(P_X, P_Y, 0.5 * entropy)
    assert form.letters.shape == (4, 2, 2)
    assert (form.letters.sum(axis=2) == 1).all()
    assert sorted(form.mapping_entropies) == pytest.approx([0, 0, *[bits([0.3, 0.7]).sum()] * 2])
    assert finite_form(P_X, P_Y, entropy).letters is None


def test_a_better_value_of_a_peer_is_reported():
    records = [entry("auto"), entry("scip", value=0.5 + 5e-7)]
    assert contradictions(records) == []
    assert "seed 0: SCIP has 0.500010000" in contradictions([*records, entry("scip", value=0.50001)])[0]
    # An open search of ours is contradicted by its bound alone.
    ours = entry("auto", status="feasible", bound=0.6)
    assert contradictions([ours, entry("scip", value=0.55)]) == []
    assert len(contradictions([ours, entry("scip", value=0.65)])) == 1


def test_open_instances_make_lower_bounds():
    records = [entry("auto", seed, seconds=0.1) for seed in range(3)]
    records += [entry("scip", 0, seconds=1.0), entry("scip", 1, seconds=2.0)]
    records += [entry("scip", 2, status="limit", seconds=5.0), entry("maingo", 0, status="killed")]
    del records[-1]["cpu_seconds"], records[-1]["value"]
    (row,) = summarise(records, time_limit=9.0)
    scip, maingo = row["scip"], row["maingo"]
    assert (scip["count"], scip["closed"], scip["median_seconds"], scip["max_seconds"]) == (3, 2, 2.0, 5.0)
    assert (scip["median_open"], scip["max_open"]) == (False, True)
    assert scip["ratio"] == pytest.approx(20.0)
    assert (maingo["median_seconds"], maingo["median_open"]) == (9.0, True)
    assert math.isnan(maingo["largest_difference"])


def _fail(message):
    raise RuntimeError(message)


def _leave():
    os._exit(3)


def test_peers_that_fail_are_results():
    answer = run_isolated(_fail, {"message": "no licence"}, 1.0)
    assert (answer["status"], answer["message"]) == ("error", "RuntimeError: no licence")
    assert run_isolated(_leave, {}, 1.0)["status"] == "crashed"


def test_the_cells_are_those_of_the_table():
    everything = peers.cells()
    assert len(everything) == len(set(everything)) == 18
    assert peers.Cell(5, 5, 1.0) in everything
    assert [cell.fraction for cell in everything if cell.is_hard] == [0.3, 0.7]
    order = peers._order(everything, 2)
    assert all(cell.is_hard for cell, _ in order[-4:])


def test_a_curve_is_proved_at_every_point():
    measured = curve.measure_curve(0, "auto", points=4)
    assert measured["optimal_points"] == 4
    assert measured["largest_gap"] <= 1e-6


def test_seconds_have_their_unit():
    texts = [record.seconds_text(seconds) for seconds in (0.0012, 0.0997, 0.25, 3.14159, 61.7, math.inf)]
    assert texts == ["1.2 ms", "0.1 s", "0.25 s", "3.1 s", "62 s", "-"]


def test_only_the_section_between_the_markers_changes(tmp_path):
    page = tmp_path / "README.md"
    sections = "before\n<!-- benchmark:{0}begin -->\n{1}\n<!-- benchmark:{0}end -->\nafter\n"
    for name in ("", "cells"):
        page.write_text(sections.format(f"{name}:" if name else "", "old"))
        assert record.fill_section(page, "new\n", name)
        assert page.read_text() == sections.format(f"{name}:" if name else "", "new")
        assert not record.fill_section(page, "new\n", "other")
    page.write_text("no markers\n")
    assert not record.fill_section(page, "new\n")
    assert page.read_text() == "no markers\n"


def test_a_quick_run_leaves_results_and_spares_the_readme(tmp_path, monkeypatch, capsys):
    # The peers start processes of their own: they have their tests above.
    monkeypatch.setattr(peers, "PEERS", {})
    monkeypatch.setattr(curve, "COMMANDS", {"bare interpreter": ["-c", "pass"]})
    readme = (record.ROOT / "README.md").read_bytes()
    arguments = ["peers", "curve", "--quick", "--instances", "1", "--out", str(tmp_path)]
    assert command_line.main(arguments) == 0
    content = json.loads((tmp_path / "peers.json").read_text())
    assert {"cores", "processor", "python", "commit", "command", "load_average_at_start"} <= set(content)
    assert len(content["records"]) == 4
    assert all(item["status"] == "optimal" for item in content["records"])
    assert json.loads((tmp_path / "curve.json").read_text())["curves"]
    assert "3x3, 0.5" in (tmp_path / "peers.md").read_text()
    assert "No peer found a value above ours" in capsys.readouterr().out
    assert (record.ROOT / "README.md").read_bytes() == readme


def test_pieces_of_a_run_make_one_record(tmp_path, monkeypatch, capsys):
    solved = {"status": "optimal", "wall_seconds": 0.1, "cpu_seconds": 0.1, "value": 0.5, "bound": 0.5}
    monkeypatch.setattr(peers, "PEERS", {})
    monkeypatch.setattr(peers, "_own_solve", lambda *_: solved)
    arguments = ["peers", "--quick", "--instances", "1", "--out", str(tmp_path), "--piece", "1e-9"]
    for count in (2, 4):
        assert command_line.main(arguments) == 0
        content = json.loads((tmp_path / "peers.json").read_text())
        assert len(content["records"]) == count
        assert len(content["pieces"]) == count / 2
        assert (tmp_path / "peers.md").exists() == ("summary" in content) == (count == 4)
    assert capsys.readouterr().out.count("the same command goes on") == 1
    assert command_line.main(arguments) == 0  # what is complete is measured anew
    assert len(json.loads((tmp_path / "peers.json").read_text())["records"]) == 2


def test_the_compact_tables_have_medians_maxima_and_what_stayed_open():
    def run(seconds, gap=1e-7, **more):
        base = {"seconds": seconds, "gap": gap, "nodes": 10, "resident_bytes": 2**27, "trouble": 0}
        return base | {"value": 0.5, "trace": [[0.5, 0.4, 0.6]]} | more

    runs = [run(0.001), run(0.002), run(60.0, gap=2e-3)]
    table = exact_report.TABLES["exact_cells"](
        {
            "cells": [
                {"name": ["3x3", "0.1", "-"], "runs": runs},
                {"name": ["3x3", "0.1", "label"], "runs": runs[:1]},
            ]
        }
    )
    assert "| 0.1 | 2 ms / 60 s, 1 open, gap 2e-3 (1 ms) |" in table
    assert "128 MiB" in table
    table = exact_report.TABLES["exact_structured"](
        {"cells": [{"name": ["4x4", "0.1", "uniform"], "runs": runs[:1]}]}
    )
    assert "| R/H(Y) | 4x4 uniform |" in table
    table = exact_report.TABLES["exact_levers"](
        {"cells": [{"name": ["4x4", "0.1", "default"], "runs": runs}]}
    )
    assert "| default | 2 ms / 60 s, 1 open, gap 2e-3 | 10 |" in table
    table = exact_report.TABLES["exact_large"]({"cells": [{"name": ["8x8", "0.1", "-"], "runs": runs[2:]}]})
    assert "| 8x8 | 0.1 | 0 | 60 s | 0.500000 | 0.502000 | 0.002000 |" in table
    table = exact_report.TABLES["exact_large"]({"cells": [{"name": ["8x8", "0.1", "-"], "runs": runs}]})
    assert [line.split(" | ")[2] for line in table.splitlines()[2:]] == ["0", *map(str, range(len(runs)))]
    assert set(exact_report.TABLES) <= set(command_line.SCRIPTS)


@pytest.mark.skipif(not available(), reason="the compiled core is not built here")
def test_large_sizes_are_measured_in_parts(tmp_path):
    """What was measured stays, no run begins beyond the budget, and a limit leaves valid figures."""
    state, out = tmp_path / "state.json", tmp_path / "large.json"
    common = ["large", "--sizes", "7", "--instances", "1", "--rates", "0.9", "1", "--limit", "0.3"]
    common += ["--resume", str(state), "--json", str(out)]
    exact_solver.main([*common, "--budget", "0.01"])
    first = json.loads(state.read_text())
    assert list(first) == ["7 0.9 0"]
    assert 0.3 <= first["7 0.9 0"]["seconds"] < 3.0
    assert 1e-6 < first["7 0.9 0"]["gap"] < 0.1
    exact_solver.main([*common, "--budget", "0"])
    assert json.loads(state.read_text()) == first
    exact_solver.main(common)
    both = json.loads(state.read_text())
    assert list(both) == ["7 0.9 0", "7 1 0"]
    assert both["7 0.9 0"] == first["7 0.9 0"]
    assert [cell["name"][1] for cell in json.loads(out.read_text())["cells"]] == ["0.9", "1"]


@pytest.mark.skipif(not available(), reason="the compiled core is not built here")
def test_simulated_machines_find_the_same_and_wait_less():
    """Tasks are searched for real; the clock is one process's work and the longest chain of tasks."""
    problem = mb.Problem(*exact_solver.instance(5, 5, 1))
    problem = problem.replace(rate=0.1 * problem.entropy_y)
    alone = mb.solve(problem)
    simulated = machines.SimulatedMachines(round_trip=0.001)
    solution, seconds = simulated.solve(problem, 4)
    assert solution.status is mb.Status.OPTIMAL
    assert solution.mutual_information == pytest.approx(alone.mutual_information, abs=1.1e-6)
    assert simulated.tasks >= 4
    assert seconds >= simulated.busy_seconds / 4


@pytest.mark.skipif(not available(), reason="the compiled core is not built here")
def test_every_step_of_a_task_has_a_price():
    with ProcessPoolExecutor(1) as pool:
        row = machines.task_costs(6, 4, 2, pool)
    assert row["bytes"] > 4 * 8 * (5 + 4 * 36)
    assert all(seconds > 0.0 for seconds in row["seconds"].values())
    assert row["seconds"]["whole"] > row["seconds"]["take out"]


@pytest.mark.skipif(not available(), reason="the compiled core is not built here")
def test_a_script_leaves_its_results(tmp_path):
    assert command_line.main(["exact_cells", "--quick", "--out", str(tmp_path)]) == 0
    content = json.loads((tmp_path / "exact_cells.json").read_text())
    assert content["results"]["cells"][0]["runs"][0]["gap"] <= 1e-6
    assert "3x3" in (tmp_path / "exact_cells.md").read_text()
    assert not list(tmp_path.glob("*.raw.json"))


def test_a_script_that_fails_is_an_error(tmp_path, monkeypatch, capfd):
    monkeypatch.setitem(
        command_line.SCRIPTS, "plain_mec", command_line.Script("plain_mec", (), ("--nothing",))
    )
    assert command_line.main(["plain_mec", "--quick", "--out", str(tmp_path)]) == 1
    assert "plain_mec: failed with exit status 2." in capfd.readouterr().err


@pytest.mark.parametrize("arguments", [["nothing"], ["peers", "--instances", "0"], ["--budget", "nan"]])
def test_wrong_arguments_end_with_status_2(arguments):
    with pytest.raises(SystemExit) as caught:
        command_line.main(arguments)
    assert caught.value.code == 2


@pytest.mark.slow
def test_a_checkout_against_itself_has_the_same_values_and_about_the_same_times(tmp_path, capsys):
    out = tmp_path / "paired.json"
    sizes = ["--sizes", "2", "--instances", "2", "--rates", "0.5"]
    assert paired.main(["--old", str(record.ROOT), *sizes, "--json", str(out)]) == 0
    assert "Of 3 cells" in capsys.readouterr().out
    cells = json.loads(out.read_text(encoding="utf-8"))["cells"]
    assert [cell["kind"] for cell in cells] == list(paired.KINDS)
    for run in (run for cell in cells for run in cell["runs"]):
        assert run["new"]["status"] == run["old"]["status"] in ("optimal", "infeasible")
        assert 0.1 < run["ratio"] < 10.0


@pytest.mark.slow
def test_a_folder_that_is_no_checkout_is_refused(tmp_path):
    with pytest.raises(RuntimeError, match="is it a checkout"):
        paired.Checkout(tmp_path)
