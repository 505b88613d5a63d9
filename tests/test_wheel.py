"""The wheel as a user gets it: built once, installed into a fresh environment, tried outside the checkout."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest

import mecbopt
from mecbopt._core import build_native

ROOT = Path(__file__).resolve().parents[1]


def run(*command: object, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command without this process's own import paths."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def build(source: Path, out: Path) -> tuple[Path, Path]:
    """The source archive and the wheel from it, made in a copy: a build leaves nothing in the checkout."""
    listing = run("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=ROOT)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    for name in listing.stdout.splitlines():
        origin, copy = ROOT / name, source / name
        if origin.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(origin.read_bytes())
    # Without a choice of one, `build` makes the wheel from the unpacked source archive.
    built = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, cwd=source)
    assert built.returncode == 0, built.stdout[-2000:] + built.stderr[-2000:]
    (archive,), (wheel,) = out.glob("mecbopt-*.tar.gz"), out.glob("mecbopt-*.whl")
    return archive, wheel


def install(wheel: Path, home: Path) -> Path:
    """The scripts of a fresh environment that holds the wheel; dependencies come from this environment."""
    venv.create(home, with_pip=False, symlinks=True)
    scripts = home / "bin"
    options = ("--quiet", "--no-deps", "--no-index", "--disable-pip-version-check")
    pip = (sys.executable, "-m", "pip", "--python", scripts / "python", "install")
    done = run(*pip, *options, wheel, cwd=home)
    assert done.returncode == 0, done.stderr
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    purelib = Path(run(scripts / "python", "-c", code, cwd=home).stdout.strip())
    # Only the folders are added (an environment may lie on another), not their .pth files: an editable
    # installation of the checkout stays unseen.
    folders = [path for path in sys.path if Path(path).name in ("site-packages", "dist-packages")]
    (purelib / "dependencies.pth").write_text("".join(f"{path}\n" for path in folders))
    return scripts


def test_the_wheel_is_complete_and_works_alone(tmp_path: Path) -> None:
    """One test, so that the wheel is built once however many processes share the suite."""
    folders = {name: tmp_path / name for name in ("source", "wheel", "fresh", "user")}
    for folder in folders.values():
        folder.mkdir()
    archive, wheel = build(folders["source"], folders["wheel"])
    check_archive(archive)
    check_contents(wheel)
    scripts, user = install(wheel, folders["fresh"]), folders["user"]
    check_import(scripts, user)
    check_commands(scripts, user)
    check_compiled_core(scripts, user)


def check_archive(archive: Path) -> None:
    """The source archive builds, tests and documents the package, and holds nothing that was built."""
    assert archive.name == f"mecbopt-{mecbopt.__version__}.tar.gz"
    with tarfile.open(archive) as file:
        names = {name.partition("/")[2] for name in file.getnames()}
    for name in (
        *(
            "pyproject.toml",
            "setup.py",
            "Makefile",
            "LICENSE",
            "README.md",
            "CHANGELOG.md",
            "CONTRIBUTING.md",
        ),
        *("proofs/runner.py", "proofs/tools/kernel.py", "tests/oracle.py", "docs/index.md", "mkdocs.yml"),
        *("examples/ternary.toml", "mecbopt/_core/tree/tree.h", "mecbopt/_core/tree/search.c"),
    ):
        assert name in names
    assert not [name for name in names if name.endswith((".so", ".pyd", ".pyc")) or "_build/" in name]


def check_contents(wheel: Path) -> None:
    """What it needs, and no more."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    for name in ("mecbopt/py.typed", "mecbopt/data/demo.toml", "mecbopt/_core/build_native.py"):
        assert name in names
    # The digest that says whether the compiled core is stale is over all of these.
    for path in (*build_native.sources(".c"), *build_native.sources(".h")):
        assert f"mecbopt/_core/{path.relative_to(build_native.FOLDER).as_posix()}" in names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if name.startswith(("tests", "docs", "examples", "proofs"))]
    assert not [name for name in names if "__pycache__" in name or "_build/" in name]


def check_import(scripts: Path, user: Path) -> None:
    """The package that is imported is the wheel's, not the checkout."""
    done = run(scripts / "python", "-c", "import mecbopt; print(mecbopt.__file__)", cwd=user)
    assert Path(done.stdout.strip()).is_relative_to(scripts.parent), done


def check_commands(scripts: Path, user: Path) -> None:
    """The main job, the demo, and the commands that read files of the package."""
    arguments = ("--px", "0.7,0.3", "--py", "0.7,0.3", "--rate", "0.378", "--json", "out.json")
    done = run(scripts / "mecbopt", "solve", *arguments, "--plot", "out.png", cwd=user)
    assert done.returncode == 0, done.stderr
    assert "0.191631" in done.stdout
    assert json.loads((user / "out.json").read_text())["status"] == "optimal"
    assert (user / "out.png").stat().st_size > 10_000
    done = run(scripts / "mecbopt", "demo", cwd=user)
    assert done.returncode == 0, done.stderr
    assert (user / "out" / "demo.png").exists()
    done = run(scripts / "mecbopt", "prove", "lemma_1", "erratum_theorem_3", cwd=user)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "2 of 2 lemmas proved" in done.stdout
    # The derivations have one identity, and it is that of the wheel, in worker processes too.
    code = (
        "import sys\nfrom mecbopt import _proofs\n"
        "if __name__ == '__main__':\n"
        "    print(_proofs.__file__)\n"
        "    assert all(result.proved for result in _proofs.run_all(('lemma_1', 'support'), jobs=2))\n"
        "    assert 'proofs' not in sys.modules\n"
    )
    (user / "script.py").write_text(code)
    done = run(scripts / "python", "script.py", cwd=user)
    assert done.returncode == 0, done.stderr
    assert Path(done.stdout.strip()).is_relative_to(scripts.parent)


def check_compiled_core(scripts: Path, user: Path) -> None:
    """Where there is a compiler, the compiled core is built and found."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if run("sh", "-c", f"command -v {compiler}", cwd=user).returncode == 0:
        code = "from mecbopt._core import _native, library; assert library(); print(_native.__file__)"
        done = run(scripts / "python", "-c", code, cwd=user)
        assert done.returncode == 0, done.stderr
        assert Path(done.stdout.strip()).is_relative_to(scripts.parent)
