"""`mecbopt neural compress`, `decompress`, `inspect`: use a trained model on pictures and arrays."""

from __future__ import annotations

from pathlib import Path

import click

from mecbopt.cli.main import ExitCode
from mecbopt.cli.neural_common import (
    FILE,
    NEW_FILE,
    SEED,
    load_module,
    regular_file,
    with_option_names,
    writable_file,
)
from mecbopt.cli.outputs import Output, output_options, to_standard, write_json

__all__ = ["compress", "decompress", "inspect"]

_INPUT = click.Path(exists=True, path_type=Path)


@click.command(
    epilog="Example: mecbopt neural compress out/smoke/model.safetensors pictures/ --degrade --out a.mbis"
)
@click.argument("model", type=FILE)
@click.argument("images", type=_INPUT)
@click.option("--degrade", is_flag=True, help="The images are clean: degrade them first, as in training.")
@click.option(
    "--per-image", is_flag=True, help="Let every image be decoded on its own (about two bytes more each)."
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Of the common randomness.")
@click.option("--device", default="cpu", show_default=True)
@click.option("--out", type=NEW_FILE, required=True, help="The compressed stream.")
@output_options("its sizes")
@with_option_names
def compress(
    model: Path,
    images: Path,
    degrade: bool,
    per_image: bool,
    seed: int,
    device: str,
    out: Path,
    json_output: Output | None,
    quiet: bool,
) -> ExitCode:
    """Compress IMAGES with a trained model: a folder of pictures, a picture, an .npz or an .npy file.

    Of an .npz the array x is taken.  Arrays may be (count, H, W), (count, H, W, C) or (count, C, H, W), of
    bytes or of floats in [0, 1]; `mecbopt neural inspect MODEL` says which size a model takes.
    """
    codec_module, model_file = load_module("coding.codec"), load_module("coding.model_file")
    files, streams = load_module("data.image_files"), load_module("streams")
    writable_file(out, model, images)
    frozen = model_file.load_model(regular_file(model), device)
    if not images.is_dir():
        regular_file(images)
    if degrade:
        clean = load_module("data.images").as_float(files.read_images(images, frozen.clean_shape))
        sources = frozen.degradation(clean, streams.generator(seed, "degradation of input"))
    else:
        sources = files.read_images(images, frozen.degraded_shape, noisy=frozen.degradation.stochastic)
    coded = codec_module.ImageCodec(frozen, seed).compress(sources, per_image=per_image)
    with files.written_whole(out) as file:
        file.write(coded.blob)
    count = max(1, len(sources))
    sizes = {
        "estimated_bits": float(coded.estimated_bits),
        "coded_bits": float(coded.payload_bits),
        "container_bits": float(coded.container_bits),
    }
    write_json(json_output, {"stream": str(out), "images": len(sources), "bytes": len(coded.blob), **sizes})
    if not quiet:
        click.echo(
            f"{out}: {len(sources)} images, {len(coded.blob)} bytes; bits an image: estimated "
            f"{coded.estimated_bits / count:.4f}, coded {coded.payload_bits / count:.4f}, with header "
            f"{coded.container_bits / count:.4f}",
            err=to_standard(json_output),
        )
    return ExitCode.DONE


@click.command(epilog="Example: mecbopt neural decompress out/smoke/model.safetensors a.mbis --out pictures/")
@click.argument("model", type=FILE)
@click.argument("stream", type=FILE)
@click.option(
    "--symbols", is_flag=True, help="Write the decoded symbols as well, as the array z (.npz only)."
)
@click.option("--device", default="cpu", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="An .npz file (array y), an .npy file, or a new folder for numbered PNG files.",
)
@output_options("how many images there were")
@with_option_names
def decompress(
    model: Path,
    stream: Path,
    symbols: bool,
    device: str,
    out: Path,
    json_output: Output | None,
    quiet: bool,
) -> ExitCode:
    """Decompress a stream into arrays or pictures."""
    codec_module, model_file = load_module("coding.codec"), load_module("coding.model_file")
    files = load_module("data.image_files")
    writable_file(out, model, stream)
    codec = codec_module.ImageCodec(model_file.load_model(regular_file(model), device))
    values, levels, container = codec.decode_symbols(regular_file(stream).read_bytes())
    images = codec.reconstruct(values, levels, container.first_index, container.seed)
    pixels = (images * 255.0).round().byte().permute(0, 2, 3, 1).numpy()
    files.write_images(out, pixels, **({"z": values} if symbols else {}))
    shape = tuple(pixels.shape[1:])
    write_json(json_output, {"out": str(out), "images": len(values), "shape": list(shape)})
    if not quiet:
        click.echo(f"{out}: {len(values)} images of shape {shape}", err=to_standard(json_output))
    return ExitCode.DONE


@click.command(epilog="Example: mecbopt neural inspect out/smoke/model.safetensors")
@click.argument("model", type=FILE)
@output_options("the same")
@with_option_names
def inspect(model: Path, json_output: Output | None, quiet: bool) -> ExitCode:
    """Say what a model file takes and makes, at which rate, and what it was trained on."""
    frozen = load_module("coding.model_file").load_model(regular_file(model))
    reached, data = (frozen.record.get(key) or {} for key in ("reached", "dataset"))
    least, target = frozen.tables.least_bits(), frozen.config.objective.target_rate
    known = {
        "model": str(model),
        "identity": frozen.identity.hex(),
        "expects": frozen.expects(),
        "target_rate": target,
        "held_out_rate": reached.get("held_out_rate"),
        "least_rate": float(least),
        "trained_on": {name: data.get(name) for name in ("dataset", "protocol", "content")},
    }
    write_json(json_output, known)
    if not quiet:
        lines = [
            f"{model}: image model {frozen.identity.hex()}",
            frozen.expects(),
            f"rate: target {target:g} bits an image, {reached.get('held_out_rate')} on held-out images; "
            f"at least {least:.4f}",
            f"trained on: {data.get('dataset')} ({data.get('protocol')}), content {data.get('content')}",
        ]
        click.echo("\n".join(lines), err=to_standard(json_output))
    return ExitCode.DONE
