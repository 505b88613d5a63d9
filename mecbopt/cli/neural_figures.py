"""`mecbopt neural figures`: curves over the rate and image grids from evaluated runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mecbopt.cli.main import ExitCode
from mecbopt.cli.neural_common import FOLDER, data_options, load_module, with_option_names, writable_folder
from mecbopt.cli.outputs import Output, output_options, to_standard, write_json

__all__ = ["figures"]


@click.command(
    epilog="Example: mecbopt neural figures out/r4 out/r8 out/r16 --name fig7_mnist --out out/figures"
)
@click.argument(
    "runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@data_options
@click.option("--name", default="fig7", show_default=True, help="Start of the files' names.")
@click.option(
    "--examples", type=click.IntRange(min=1), default=12, show_default=True, help="Test images in the grid."
)
@click.option(
    "--outputs-only",
    is_flag=True,
    help="Leave clean images and X out of the grid, where the data may not be published.",
)
@click.option("--out", type=FOLDER, default=Path("out/figures"), show_default=True)
@output_options("the names of the files")
@with_option_names
def figures(
    runs: tuple[Path, ...],
    data_root: Path | None,
    download: bool,
    name: str,
    examples: int,
    outputs_only: bool,
    out: Path,
    json_output: Output | None,
    quiet: bool,
) -> ExitCode:
    """Draw accuracy and cross-entropy against the rate, and an image grid, from evaluated RUNS (Fig. 7)."""
    figures_module, report_module = load_module("evaluation.figures"), load_module("evaluation.report")
    writable_folder(out)
    reports = [report_module.EvaluationReport.from_json(run / "evaluation.json") for run in runs]
    for run, report in zip(runs, reports, strict=True):
        model = load_module("coding.model_file").load_model(run / "model.safetensors")
        if report.record.get("model") != model.digest:
            raise click.UsageError(
                f"{run / 'evaluation.json'} is of another model than the one beside it: evaluate it again."
            )
    grid = _example_grid(figures_module, runs, data_root, download, examples, outputs_only)
    drawn = [str(path) for path in figures_module.draw_figures(reports, grid, out, name)]
    write_json(json_output, {"figures": drawn})
    if not quiet:
        click.echo("\n".join(drawn), err=to_standard(json_output))
    return ExitCode.DONE


def _example_grid(
    figures_module: Any,
    runs: tuple[Path, ...],
    data_root: Path | None,
    download: bool,
    examples: int,
    outputs_only: bool,
) -> Any:
    """One clean image of every class and more, their sources, and what each model makes of them."""
    import torch

    model_file, codec_module, datasets = (
        load_module("coding.model_file"),
        load_module("coding.codec"),
        load_module("data.datasets"),
    )
    judges_module, classifiers, streams = (
        load_module("evaluation.judges"),
        load_module("data.images"),
        load_module("streams"),
    )
    models = sorted(
        (model_file.load_model(run / "model.safetensors") for run in runs),
        key=lambda frozen: frozen.record["reached"]["held_out_rate"],
    )
    dataset = datasets.load_dataset(models[0].config.data, data_root, download)
    labels = dataset.test_labels
    firsts = [int((labels == label).nonzero()[0]) for label in labels.unique().tolist()]
    others = [index for index in range(len(labels)) if index not in firsts]
    chosen = torch.tensor((firsts + others)[:examples])
    clean = classifiers.as_float(dataset.test_images[chosen])
    sources = models[0].degradation(clean, streams.generator(1, "figure degradation"))
    rows = [] if outputs_only else [clean, judges_module.enlarged(sources, dataset.shape)]
    names = [] if outputs_only else ["clean", "X"]
    for frozen in models:
        codec = codec_module.ImageCodec(frozen, seed=1)
        rows.append(codec.decompress(codec.compress(sources).blob))
        names.append(f"{frozen.record['reached']['held_out_rate']:.1f} bits")
    arrays = tuple(row.permute(0, 2, 3, 1).squeeze(-1).double().numpy() for row in rows)
    return figures_module.Grid(arrays, tuple(names))
