"""`mecbopt neural`: train, evaluate and use the image model.

PyTorch is imported inside the commands alone, so that `--help` is quick and works without it.
"""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from mecbopt.cli.main import ExitCode
from mecbopt.cli.neural_discrete import discrete

__all__ = ["load_module", "neural"]

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_NEW_FILE = click.Path(dir_okay=False, path_type=Path)


@click.group(epilog="Example: mecbopt neural train --preset smoke --out out/smoke")
def neural() -> None:
    """Train and use the image model: real bitstreams, an independent judge, rates in bits."""


neural.add_command(discrete)


def load_module(name: str) -> Any:
    """A module of the image model, or one short error where a package of its extra is absent."""
    from mecbopt.neural.errors import MissingDependencyError

    try:
        return importlib.import_module(f"mecbopt.neural.{name}")
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing == "mecbopt":
            raise
        raise MissingDependencyError(
            f"the image model needs {missing}, which is not installed: pip install 'mecbopt[neural]'"
        ) from error


def _writable_folder(path: Path) -> Path:
    """Make the output folder before long work starts."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise click.UsageError(f"--out {path} cannot be made: {error.strerror}.") from error
    return path


def _writable_file(path: Path) -> Path:
    if not path.parent.is_dir():
        raise click.UsageError(f"--out {path}: the folder {path.parent} does not exist; make it first.")
    return path


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[str, int, int, dict[str, float]], None] | None]:
    """A progress bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(),
        TextColumn("{task.fields[terms]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        tasks: dict[str, Any] = {}

        def report(stage: str, step: int, steps: int, terms: dict[str, float]) -> None:
            if stage not in tasks:
                tasks[stage] = bar.add_task(stage, total=steps, terms="")
            shown = "  ".join(
                f"{name} {terms[name]:.2f}"
                for name in ("rate", "label", "reconstruction", "w1")
                if name in terms
            )
            bar.update(tasks[stage], completed=step, total=steps, terms=shown)

        yield report


@neural.command(
    epilog="Example: mecbopt neural train --preset small --data-root DATA --target-rate 8 --out out/r8"
)
@click.option("--preset", type=click.Choice(["smoke", "small", "full"]), default="smoke", show_default=True)
@click.option("--dataset", type=click.Choice(["digits", "mnist", "svhn", "npz"]), help="Default: by preset.")
@click.option("--config", "config_file", type=_FILE, help="TOML settings in place of a preset.")
@click.option(
    "--set", "overrides", multiple=True, metavar="SECTION.KEY=VALUE", help="Change a setting; repeatable."
)
@click.option("--target-rate", type=float, help="Bits an image.")
@click.option("--seed", type=int, help="Of everything random in training.")
@click.option("--device", help="cpu or cuda.")
@click.option("--data-root", type=_FOLDER, help="Folder of the data sets; default: MECBOPT_DATA.")
@click.option("--download", is_flag=True, help="Let torchvision fetch what is missing.")
@click.option("--classifiers", type=_FILE, help="Share the loop's classifiers of another run.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in --out.")
@click.option("--out", type=_FOLDER, default=Path("out/neural"), show_default=True, help="Folder of the run.")
def train(
    preset: str,
    dataset: str | None,
    config_file: Path | None,
    overrides: tuple[str, ...],
    target_rate: float | None,
    seed: int | None,
    device: str | None,
    data_root: Path | None,
    download: bool,
    classifiers: Path | None,
    resume: bool,
    out: Path,
) -> ExitCode:
    """Train a model, calibrate its rate, freeze its tables, and write it into --out.

    Stopping with Ctrl-C leaves the last checkpoint; --resume goes on from it, to the same bits on CPU.
    """
    pipeline, settings = load_module("training.pipeline"), load_module("config")
    if config_file is not None:
        config = settings.Config.read(config_file)
        overrides = (*((f"data.dataset={dataset}",) if dataset else ()), *overrides)
    else:
        config = load_module("presets").preset(preset, dataset)
    changes = [
        *overrides,
        *([f"objective.target_rate={target_rate}"] if target_rate is not None else []),
        *([f"runtime.seed={seed}"] if seed is not None else []),
        *([f'runtime.device="{device}"'] if device is not None else []),
    ]
    config = config.updated(changes)
    _writable_folder(out)
    with _progress() as report:
        frozen = pipeline.train(
            config,
            out,
            data_root=data_root,
            download=download,
            classifiers=classifiers,
            resume=resume,
            progress=report,
        )
    reached = frozen.record["reached"]
    click.echo(
        f"{out / 'model.safetensors'}: {reached['held_out_rate']:.4f} bits an image on held-out images "
        f"(target {reached['target_rate']:g}), {reached['training_seconds']:.1f} s of training steps"
    )
    return ExitCode.DONE


def _data_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that say where the data set of a trained model lies."""
    for decorator in (
        click.option("--download", is_flag=True, help="Let torchvision fetch what is missing."),
        click.option("--data-root", type=_FOLDER, help="Folder of the data sets; default: MECBOPT_DATA."),
    ):
        command = decorator(command)
    return command


@neural.command(epilog="Example: mecbopt neural evaluate out/smoke")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@_data_options
@click.option(
    "--judge", type=_NEW_FILE, help="File of the judges: used if it exists, else trained and written."
)
@click.option("--judge-epochs", type=float, default=2.0, show_default=True, help="Training of new judges.")
@click.option(
    "--steps", type=int, default=1000, show_default=True, help="Of fitting InfoNCE and W1's critics."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Of dither and fitted bounds.")
@click.option("--json", "json_file", type=_NEW_FILE, help="Default: RUN/evaluation.json.")
def evaluate(
    run: Path,
    data_root: Path | None,
    download: bool,
    judge: Path | None,
    judge_epochs: float,
    steps: int,
    seed: int,
    json_file: Path | None,
) -> ExitCode:
    """Evaluate the model in the folder RUN on test images: coded rate, judge, bounds, distances.

    Leaves with 1 when a check fails (coded against estimated rate, InfoNCE against the rate, the converse).
    """
    model_file, datasets = load_module("coding.model_file"), load_module("data.datasets")
    report_module, judges_module = load_module("evaluation.report"), load_module("evaluation.judges")
    target = _writable_file(json_file or run / "evaluation.json")
    frozen = model_file.load_model(run / "model.safetensors")
    classifiers, _ = model_file.load_classifiers(run / "classifiers.safetensors")
    dataset = datasets.load_dataset(frozen.config.data, data_root, download)
    judge = judge or run / "judge.safetensors"
    if judge.is_file():
        judges, record = model_file.load_judge(judge)
        wanted = [frozen.degradation.name, frozen.degradation.version]
        if record["degradation"] != wanted or record["dataset"] != dataset.record:
            raise click.UsageError(
                f"--judge {judge} was trained on other data: name a new file for this model."
            )
    else:
        with _progress() as bar:
            report = (
                None if bar is None else (lambda name, step, steps: bar(f"judge {name}", step, steps, {}))
            )
            judges, record = judges_module.train_judges(
                dataset, frozen.degradation, judge_epochs, progress=report
            )
        model_file.save_judge(judge, judges, record)
    result = report_module.evaluate(frozen, dataset, judges, classifiers, seed=seed, steps=steps)
    result.to_json(target)
    _print_report(result)
    click.echo(f"written to {target}")
    return ExitCode.DONE if result.passed else ExitCode.CLAIM_FAILED


def _print_report(report: Any) -> None:
    from rich.table import Table

    from mecbopt.cli.report import output_console

    table = Table("quantity", "value", "beside it")
    made, limit = report, report.cross_entropy_lower_bound
    rows = [
        ("coded rate, bits an image", made.coded_rate, f"estimated {made.estimated_rate:.4f}"),
        ("target rate", made.target_rate, f"off by {made.coded_rate / made.target_rate - 1.0:+.2%}"),
        ("rate with header and checksum", made.container_rate, f"each alone {made.per_image_rate:.4f}"),
        ("accuracy, judge", made.judge_accuracy, f"classifiers in the loop {made.loop_accuracy:.4f}"),
        ("accuracy, ceiling on X", made.judge_degraded_accuracy, f"Fano {made.accuracy_upper_bound:.4f}"),
        (
            "cross-entropy, judge, bits",
            made.judge_cross_entropy,
            f"in the loop {made.loop_cross_entropy:.4f}",
        ),
        ("cross-entropy, converse, bits", limit, "H(S) - R"),
        (
            "InfoNCE, bits",
            made.infonce,
            f"+- {made.infonce_standard_error:.4f}, at most {made.infonce_ceiling:.2f}",
        ),
        ("reconstructor's gain, bits", made.reconstructor_gain, "a diagnostic, no bound"),
        ("W1, refit critic", made.wasserstein, f"real against real {made.wasserstein_real:.4f}"),
        ("Frechet distance, judge", made.frechet, f"real against real {made.frechet_real:.4f}"),
        ("mean squared error to X", made.mse_source, f"to the clean image {made.mse_truth:.5f}"),
    ]
    for name, value, beside in rows:
        table.add_row(name, f"{value:.5g}", beside)
    console = output_console()
    console.print(table)
    for name, holds in report.checks.items():
        console.print(f"{'holds' if holds else 'FAILS'}: {name}")


def _images(path: Path) -> Any:
    """Images of an .npz file as a tensor (count, C, H, W): its array `x`, uint8 or floats in [0, 1]."""
    import numpy as np
    import torch

    from mecbopt.neural.errors import DatasetError

    try:
        with np.load(path, allow_pickle=False) as archive:
            array = archive["x"]
    except (OSError, ValueError, KeyError) as error:
        raise DatasetError(f"{path} is no .npz file with an array x and without pickles: {error}.") from error
    if array.ndim not in (3, 4) or array.dtype not in (np.uint8, np.float32, np.float64):
        raise DatasetError(
            f"{path}: x has type {array.dtype} and shape {array.shape}; give uint8 or floats in [0, 1] "
            "of shape (count, H, W) or (count, H, W, C)."
        )
    array = array[..., None] if array.ndim == 3 else array
    if array.dtype != np.uint8:
        array = array.astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(array.transpose(0, 3, 1, 2)))


@neural.command(
    epilog="Example: mecbopt neural compress out/smoke/model.safetensors clean.npz --degrade --out a.mbis"
)
@click.argument("model", type=_FILE)
@click.argument("images", type=_FILE)
@click.option("--degrade", is_flag=True, help="The images are clean: degrade them first, as in training.")
@click.option(
    "--per-image", is_flag=True, help="Let every image be decoded on its own (about two bytes more each)."
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the common randomness.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--out", type=_NEW_FILE, required=True, help="The compressed stream.")
def compress(
    model: Path, images: Path, degrade: bool, per_image: bool, seed: int, device: str, out: Path
) -> ExitCode:
    """Compress the array x of an .npz file with a trained model."""
    codec_module, model_file = load_module("coding.codec"), load_module("coding.model_file")
    _writable_file(out)
    frozen = model_file.load_model(model, device)
    sources = _images(images)
    if degrade:
        classifiers, streams = load_module("data.images"), load_module("streams")
        generator = streams.generator(seed, "degradation of input")
        sources = frozen.degradation(classifiers.as_float(sources), generator)
    coded = codec_module.ImageCodec(frozen, seed).compress(sources, per_image=per_image)
    out.write_bytes(coded.blob)
    count = max(1, len(sources))
    click.echo(
        f"{out}: {len(sources)} images, {len(coded.blob)} bytes; bits an image: estimated "
        f"{coded.estimated_bits / count:.4f}, coded {coded.payload_bits / count:.4f}, with header "
        f"{coded.container_bits / count:.4f}"
    )
    return ExitCode.DONE


@neural.command(epilog="Example: mecbopt neural decompress out/smoke/model.safetensors a.mbis --out y.npz")
@click.argument("model", type=_FILE)
@click.argument("stream", type=_FILE)
@click.option("--symbols", is_flag=True, help="Write the decoded symbols as well, as the array z.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--out", type=_NEW_FILE, required=True, help="An .npz file; the array y holds uint8 images.")
def decompress(model: Path, stream: Path, symbols: bool, device: str, out: Path) -> ExitCode:
    """Decompress a stream into the array y of an .npz file."""
    import numpy as np

    codec_module, model_file = load_module("coding.codec"), load_module("coding.model_file")
    _writable_file(out)
    codec = codec_module.ImageCodec(model_file.load_model(model, device))
    values, levels, container = codec.decode_symbols(stream.read_bytes())
    images = codec.reconstruct(values, levels, container.first_index, container.seed)
    arrays = {"y": (images * 255.0).round().byte().permute(0, 2, 3, 1).numpy()}
    if symbols:
        arrays["z"] = values
    with out.open("wb") as file:
        np.savez_compressed(file, **arrays)
    click.echo(f"{out}: {len(values)} images of shape {tuple(arrays['y'].shape[1:])}")
    return ExitCode.DONE


@neural.command(
    epilog="Example: mecbopt neural figures out/r4 out/r8 out/r16 --name fig7_mnist --out out/figures"
)
@click.argument(
    "runs", nargs=-1, required=True, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@_data_options
@click.option("--name", default="fig7", show_default=True, help="Start of the files' names.")
@click.option("--examples", type=int, default=12, show_default=True, help="Test images in the grid.")
@click.option(
    "--outputs-only",
    is_flag=True,
    help="Leave clean images and X out of the grid, where the data may not be published.",
)
@click.option("--out", type=_FOLDER, default=Path("out/figures"), show_default=True)
def figures(
    runs: tuple[Path, ...],
    data_root: Path | None,
    download: bool,
    name: str,
    examples: int,
    outputs_only: bool,
    out: Path,
) -> ExitCode:
    """Draw accuracy and cross-entropy against the rate, and an image grid, from evaluated RUNS (Fig. 7)."""
    figures_module, report_module = load_module("evaluation.figures"), load_module("evaluation.report")
    _writable_folder(out)
    reports = [report_module.EvaluationReport.from_json(run / "evaluation.json") for run in runs]
    grid = _example_grid(figures_module, runs, data_root, download, examples, outputs_only)
    for path in figures_module.draw_figures(reports, grid, out, name):
        click.echo(f"{path}")
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
