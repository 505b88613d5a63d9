"""`mecbopt neural evaluate`: measure a trained model, with judges that it finds or trains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from mecbopt.cli.main import ExitCode
from mecbopt.cli.neural_common import (
    NEW_FILE,
    POSITIVE,
    SEED,
    data_options,
    load_module,
    progress_bar,
    with_option_names,
    writable_file,
)

__all__ = ["evaluate"]


@click.command(epilog="Example: mecbopt neural evaluate out/smoke")
@click.argument("run", type=click.Path(exists=True, file_okay=False, path_type=Path))
@data_options
@click.option(
    "--judge",
    type=NEW_FILE,
    help="File of the judges: used if it exists, else trained and written.  Default: one that fits in RUN or "
    "in a run beside it, else RUN/judge.safetensors, trained now.",
)
@click.option(
    "--judge-epochs", type=POSITIVE, help="Training of the judges; default: until held-out images settle."
)
@click.option(
    "--steps", type=click.IntRange(min=1), default=1000, show_default=True,
    help="Of fitting InfoNCE and W1's critics.",
)  # fmt: skip
@click.option("--seed", type=SEED, default=1, show_default=True, help="Of dither and fitted bounds.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--json", "json_file", type=NEW_FILE, help="Default: RUN/evaluation.json.")
@with_option_names
def evaluate(
    run: Path,
    data_root: Path | None,
    download: bool,
    judge: Path | None,
    judge_epochs: float | None,
    steps: int,
    seed: int,
    device: str,
    json_file: Path | None,
) -> ExitCode:
    """Evaluate the model in the folder RUN on test images: coded rate, judge, bounds, distances.

    Leaves with 1 when a check fails: the stream alone gives the outputs, coded against estimated and target
    rate, InfoNCE against the rate, the converse.
    """
    model_file, datasets = load_module("coding.model_file"), load_module("data.datasets")
    report_module = load_module("evaluation.report")
    target = writable_file(json_file or run / "evaluation.json")
    if judge is not None:
        writable_file(judge)
    frozen = model_file.load_model(run / "model.safetensors", device)
    classifiers, _ = model_file.load_classifiers(run / "classifiers.safetensors")
    dataset = datasets.load_dataset(frozen.config.data, data_root, download)
    judges, record = _judges(run, judge, judge_epochs, frozen, dataset, device)
    click.echo(_quality(record))
    result = report_module.evaluate(
        frozen, dataset, judges, classifiers, seed=seed, steps=steps, device=device, judge_record=record
    )
    result.to_json(target)
    _print_report(result)
    click.echo(f"written to {target}")
    return ExitCode.DONE if result.passed else ExitCode.CLAIM_FAILED


def _judges(
    run: Path, named: Path | None, epochs: float | None, frozen: Any, dataset: Any, device: str
) -> tuple[Any, dict[str, Any]]:
    """Judges of this data set, found or trained: a named file must fit, others are looked through."""
    model_file, module = load_module("coding.model_file"), load_module("evaluation.judges")

    def why_not(record: dict[str, Any]) -> str | None:
        if not module.judges_fit(record, dataset, frozen.degradation):
            return "was trained on other data"
        if epochs is not None and record.get("epochs") != epochs:
            return f"was trained for {record.get('epochs')} epochs, not {epochs:g}"
        return None

    if named is not None and named.is_file():
        judges, record = model_file.load_judge(named)
        reason = why_not(record)
        if reason is not None:
            raise click.UsageError(f"--judge {named} {reason}: name a new file for this model.")
        return judges, record
    if named is None:
        own = run / "judge.safetensors"
        beside = sorted({*run.resolve().parent.glob("*/judge.safetensors"), run.resolve().parent / own.name})
        for path in (own, *beside):
            if path.is_file():
                judges, record = model_file.load_judge(path)
                reason = why_not(record)
                if reason is None:
                    click.echo(f"judges of {path}")
                    return judges, record
                if path == own:
                    click.echo(f"{path} {reason}: new ones are trained in its place.", err=True)
        named = own
    with progress_bar() as bar:
        report = None if bar is None else (lambda name, step, steps: bar(f"judge {name}", step, steps, {}))
        judges, record = module.train_judges(
            dataset, frozen.degradation, epochs, progress=report, device=device
        )
    model_file.save_judge(named, judges, record)
    return judges, record


def _quality(record: dict[str, Any]) -> str:
    """How good the judges are on held-out clean images."""
    accuracy = record.get("validation_accuracy") or {}
    read = ", ".join(f"{value:.4f}" for value in accuracy.values()) or "an unknown share"
    settled = {True: "settled", False: "still rising: give more --judge-epochs"}
    state = settled.get(record.get("settled"), "as many as asked for")  # type: ignore[arg-type]
    return f"judges read {read} of held-out clean images after {record.get('epochs')} epochs ({state})"


def _print_report(report: Any) -> None:
    from rich.table import Table

    from mecbopt.cli.tables import output_console

    table = Table("quantity", "value", "beside it")
    made, limit = report, report.cross_entropy_lower_bound
    rows = [
        ("coded rate, bits an image", made.coded_rate, f"estimated {made.estimated_rate:.4f}"),
        ("target rate", made.target_rate, f"off by {made.coded_rate / made.target_rate - 1.0:+.2%}"),
        ("rate with header and checksum", made.container_rate, f"each alone {made.per_image_rate:.4f}"),
        (
            "accuracy, judges",
            made.judge_accuracy,
            f"+- {_shown(made.judge_accuracy_deviation)}; classifiers in the loop {made.loop_accuracy:.4f}",
        ),
        (
            "accuracy of clean images, judges",
            made.judge_clean_accuracy,
            f"+- {_shown(made.judge_clean_accuracy_deviation)}",
        ),
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
            f"+- {_shown(made.infonce_standard_error)}, at most {made.infonce_ceiling:.2f}",
        ),
        ("reconstructor's gain, bits", made.reconstructor_gain, "a diagnostic, no bound"),
        ("W1, refit critic", made.wasserstein, f"real against real {_shown(made.wasserstein_real)}"),
        (f"Frechet distance, {made.frechet_images} images", made.frechet, "by the first judge's features"),
        (
            f"Frechet distance, {made.frechet_half_images} images",
            made.frechet_half,
            f"real against real {_shown(made.frechet_real)}",
        ),
        ("mean squared error to X", made.mse_source, f"to the clean image {made.mse_truth:.5f}"),
    ]
    for name, value, beside in rows:
        table.add_row(name, "none" if value is None else f"{value:.5g}", beside)
    console = output_console()
    console.print(table)
    words = {True: "holds", False: "FAILS", None: "not applicable"}
    for name, holds in report.checks.items():
        console.print(
            f"{words[holds]}: {name} ({report.reasons.get(name, 'no reason recorded')})", markup=False
        )


def _shown(value: float | None) -> str:
    """A figure that too few images may not have."""
    return "unknown" if value is None else f"{value:.4f}"
