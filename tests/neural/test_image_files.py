"""Images as people have them: layouts, value ranges, pictures, damaged arrays."""

from __future__ import annotations

import io
import zipfile

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the image model needs PyTorch")

from mecbopt.neural.data.arrays import read_arrays  # noqa: E402
from mecbopt.neural.data.image_files import read_images, write_images, written_whole  # noqa: E402
from mecbopt.neural.data.layouts import channels_first, image_tensor  # noqa: E402
from mecbopt.neural.errors import DatasetError  # noqa: E402

GREY, COLOUR = (1, 6, 5), (3, 6, 5)


def _images(shape, count=4):
    return np.random.default_rng(0).integers(0, 256, (count, *shape), dtype=np.uint8)


@pytest.mark.parametrize("shape", [GREY, COLOUR])
def test_every_usual_layout_is_the_same_images(shape):
    images = _images(shape)
    layouts = [images, images.transpose(0, 2, 3, 1), images.reshape(4, -1)]
    if shape[0] == 1:
        layouts.append(images[:, 0])
    for array in layouts:
        assert np.array_equal(image_tensor(array, shape, "x").numpy(), images)
    singles = [images[0], images[0].transpose(1, 2, 0), *([images[0, 0]] if shape[0] == 1 else [])]
    for array in singles:
        assert np.array_equal(image_tensor(array, shape, "x").numpy(), images[:1])


def test_values_are_bytes_or_floats_in_the_unit_interval():
    images = _images(GREY)
    for array in (images.astype(np.int64), images.astype(np.uint16), np.asfortranarray(images)):
        found = image_tensor(array, GREY, "x")
        assert found.dtype == torch.uint8
        assert np.array_equal(found.numpy(), images)
    halves = images / 255.0
    for kind in (np.float16, np.float32, np.float64, ">f8"):
        assert image_tensor(halves.astype(kind), GREY, "x").dtype == torch.float32
    assert image_tensor(np.empty((0, *GREY)), GREY, "x").shape == (0, *GREY)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.full((2, *GREY), 200.0), "divide them by 255"),
        (np.full((2, *GREY), 1e7), "between 0 and 1"),
        (np.full((2, *GREY), -0.5), "between 0 and 1"),
        (np.full((2, *GREY), np.nan), "not finite"),
        (np.full((2, *GREY), np.inf), "not finite"),
        (np.full((2, *GREY), 256), "between 0 and 255"),
        (np.full((2, *GREY), -1), "between 0 and 255"),
        (np.full((2, *GREY), "a"), "type"),
        (np.full((2, *GREY), 1j), "type"),
        (np.zeros((2, 5, 6)), "1 x 6 x 5"),
        (np.zeros(4), "1 x 6 x 5"),
        (np.zeros(()), "1 x 6 x 5"),
    ],
)
def test_what_is_no_image_is_said_to_be_none(array, message):
    with pytest.raises(DatasetError, match=message):
        image_tensor(array, GREY, "x")


def test_noisy_sources_may_leave_the_unit_interval_a_little():
    noisy = np.full((1, *GREY), 1.4)
    assert image_tensor(noisy, GREY, "x", noisy=True).max() > 1.3
    with pytest.raises(DatasetError, match="scale"):
        image_tensor(noisy - 3.0, GREY, "x", noisy=True)
    with pytest.raises(DatasetError, match="divide"):
        image_tensor(noisy * 100, GREY, "x", noisy=True)


def test_data_sets_may_have_their_channels_anywhere():
    images = _images(COLOUR)
    assert np.array_equal(channels_first(images, "x"), images)
    assert np.array_equal(channels_first(images.transpose(0, 2, 3, 1), "x"), images)
    assert channels_first(images[:, 0], "x").shape == (4, 1, 6, 5)
    for wrong in (np.zeros(3), np.zeros((2, 9, 9, 9)), np.zeros((2, 3, 2, 2))):
        with pytest.raises(DatasetError, match="shape"):
            channels_first(wrong.astype(np.uint8), "x")


@pytest.mark.parametrize("shape", [GREY, COLOUR])
def test_pictures_go_to_a_folder_and_come_back(tmp_path, shape):
    images = _images(shape, 12)
    write_images(tmp_path / "out", images.transpose(0, 2, 3, 1))
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names[0] == "00000.png"
    assert len(names) == 12
    assert np.array_equal(read_images(tmp_path / "out", shape).numpy(), images)
    assert np.array_equal(read_images(tmp_path / "out" / "00003.png", shape).numpy(), images[3:4])
    with pytest.raises(DatasetError, match="not empty"):
        write_images(tmp_path / "out", images.transpose(0, 2, 3, 1))
    with pytest.raises(DatasetError, match="8 x 8"):
        read_images(tmp_path / "out", (shape[0], 8, 8))


def test_arrays_go_to_npz_and_npy_and_come_back(tmp_path):
    images = _images(COLOUR)
    write_images(tmp_path / "a.npy", images.transpose(0, 2, 3, 1))
    assert np.array_equal(read_images(tmp_path / "a.npy", COLOUR).numpy(), images)
    write_images(tmp_path / "a.npz", images.transpose(0, 2, 3, 1), z=np.arange(4))
    found = read_arrays(tmp_path / "a.npz")
    assert np.array_equal(found["y"], images.transpose(0, 2, 3, 1))
    assert found["z"].tolist() == [0, 1, 2, 3]
    with pytest.raises(DatasetError, match="npz"):
        write_images(tmp_path / "b.npy", images.transpose(0, 2, 3, 1), z=np.zeros(1))
    np.savez(tmp_path / "two.npz", a=images, y=images)
    with pytest.raises(DatasetError, match="call the images x"):
        read_images(tmp_path / "two.npz", COLOUR)


def test_no_pictures_and_broken_pictures_are_named(tmp_path):
    with pytest.raises(DatasetError, match="holds no pictures"):
        read_images(tmp_path, GREY)
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    with pytest.raises(DatasetError, match=r"a\.png"):
        read_images(tmp_path, GREY)
    with pytest.raises(DatasetError, match="2 channels"):
        write_images(tmp_path / "c", np.zeros((1, 6, 5, 2), np.uint8))


def _npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def _damages():
    good = _npy(_images(GREY))
    stored = io.BytesIO()
    np.savez_compressed(stored, x=_images(GREY))
    packed = bytearray(stored.getvalue())
    packed[len(packed) // 3] ^= 0xFF
    header = good.replace(b"(4, 1, 6, 5)", b"(4, 1, 6, 9)")
    huge = good.replace(b"(4, 1, 6, 5), }  ", b"(99999999999,), }")
    deep = good.replace(b"(4, 1, 6, 5), }", b"((((((((((((((")
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(2**24))
    return {
        "empty": b"",
        "no header": b"\x93NUMPY",
        "version": b"\x93NUMPY\x09\x00" + good[8:],
        "cut": good[:-1],
        "longer": good + b"\0",
        "other shape": header,
        "huge": huge,
        "deep": deep,
        "objects": _npy(np.array([1, "a", None], dtype=object)),
        "records": _npy(np.zeros(3, dtype=[("a", "f4")])),
        "zip of zeros": bomb.getvalue(),
        "zip cut": stored.getvalue()[:-30],
        "zip damaged": bytes(packed),
        "text": b"nothing at all",
    }


@pytest.mark.parametrize("fault", sorted(_damages()))
@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_damaged_arrays_are_refused_with_a_reason(tmp_path, fault, suffix):
    path = tmp_path / f"x.{suffix}"
    path.write_bytes(_damages()[fault])
    with pytest.raises(DatasetError, match=r"x\.np"):
        read_images(path, GREY)


def test_a_size_that_is_allowed_is_all_that_is_read(tmp_path):
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros(10**6, np.uint8))
    with pytest.raises(DatasetError, match="larger"):
        read_arrays(tmp_path / "x.npz", most_bytes=10**5)
    np.save(tmp_path / "x.npy", np.zeros(10**6, np.uint8))
    with pytest.raises(DatasetError, match="larger"):
        read_arrays(tmp_path / "x.npy", most_bytes=10**5)


def test_a_write_that_fails_leaves_what_was_there(tmp_path):
    target = tmp_path / "a"
    target.write_bytes(b"old")
    with pytest.raises(TypeError), written_whole(target) as file:
        file.write("text where bytes are wanted")
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]
    with pytest.raises(DatasetError, match="cannot be written"), written_whole(tmp_path / "no" / "a") as file:
        file.write(b"new")
