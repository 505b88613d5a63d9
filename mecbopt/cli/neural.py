"""`mecbopt neural`: train, evaluate and use the image model."""

from __future__ import annotations

from pathlib import Path

import click

from mecbopt.cli.main import ExitCode
from mecbopt.cli.neural_code import compress, decompress, inspect
from mecbopt.cli.neural_common import (
    FILE,
    FOLDER,
    POSITIVE,
    SEED,
    load_module,
    progress_bar,
    with_option_names,
    writable_folder,
)
from mecbopt.cli.neural_discrete import discrete
from mecbopt.cli.neural_evaluate import evaluate
from mecbopt.cli.neural_figures import figures
from mecbopt.cli.outputs import Output, output_options, to_standard, write_json

__all__ = ["load_module", "neural"]


@click.group(epilog="Example: mecbopt neural train --preset smoke --out out/smoke")
def neural() -> None:
    """Train and use the image model: real bitstreams, an independent judge, rates in bits."""


for _command in (evaluate, compress, decompress, inspect, figures, discrete):
    neural.add_command(_command)


@neural.command(
    epilog="Example: mecbopt neural train --preset small --data-root DATA --target-rate 8 --out out/r8"
)
@click.option("--preset", type=click.Choice(["smoke", "small", "full"]), default="smoke", show_default=True)
@click.option("--dataset", type=click.Choice(["digits", "mnist", "svhn", "npz"]), help="Default: by preset.")
@click.option("--config", "config_file", type=FILE, help="TOML settings in place of a preset.")
@click.option(
    "--set", "overrides", multiple=True, metavar="SECTION.KEY=VALUE", help="Change a setting; repeatable."
)
@click.option("--target-rate", type=POSITIVE, help="Bits an image.")
@click.option("--seed", type=SEED, help="Of everything random in training.")
@click.option("--device", help="cpu or cuda.")
@click.option("--data-root", type=FOLDER, help="Folder of the data sets; default: MECBOPT_DATA.")
@click.option("--download", is_flag=True, help="Let torchvision fetch what is missing.")
@click.option("--classifiers", type=FILE, help="Share the loop's classifiers of another run.")
@click.option("--resume", is_flag=True, help="Go on from the checkpoint in --out.")
@click.option("--overwrite", is_flag=True, help="Replace the run in --out.")
@click.option("--out", type=FOLDER, default=Path("out/neural"), show_default=True, help="Folder of the run.")
@output_options("what was reached")
@with_option_names
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
    overwrite: bool,
    out: Path,
    json_output: Output | None,
    quiet: bool,
) -> ExitCode:
    """Train a model, calibrate its rate, freeze its tables, and write it into --out.

    Stopping with Ctrl-C leaves the last checkpoint; --resume goes on from it, to the same bits on CPU.  A run
    that is in --out already is kept, unless --resume or --overwrite says otherwise.  Leaves with 1 when the
    target rate is out of the model's reach.
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
    writable_folder(out)
    with progress_bar() as report:
        frozen = pipeline.train(
            config,
            out,
            data_root=data_root,
            download=download,
            classifiers=classifiers,
            resume=resume,
            overwrite=overwrite,
            progress=report,
        )
    reached = frozen.record["reached"]
    write_json(json_output, {"model": str(out / "model.safetensors"), "reached": reached})
    if not quiet:
        click.echo(
            f"{out / 'model.safetensors'}: {reached['held_out_rate']:.4f} bits an image on held-out images "
            f"(target {reached['target_rate']:g}), {reached['training_seconds']:.1f} s of training steps",
            err=to_standard(json_output),
        )
    if reached.get("gain_at_border"):
        click.echo(
            f"Warning: the gain ended at its border, {reached['gain']:.3g}: the target of "
            f"{reached['target_rate']:g} bits is out of this model's reach; train with another "
            "--target-rate, or with more latents.",
            err=True,
        )
        return ExitCode.CLAIM_FAILED
    return ExitCode.DONE
