"""Where the kernels' machine code comes from, and what is done without it."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from rnnauto.machine import code, kept
from rnnauto.networks.kernels import compiled, here

llvm = pytest.importorskip("llvmlite.binding")

from rnnauto.machine.host import UnfitError, this_host  # noqa: E402
from rnnauto.networks.kernels import gru, lstm, panels, simple  # noqa: E402

PARTS = {
    "lstm": (lstm.LstmKernel, lstm.TILES, lstm.CHAINS),
    "gru": (gru.GruKernel, gru.TILES, gru.CHAINS),
    "simple_rnn": (simple.SimpleKernel, simple.TANH, simple.CHAINS),
}


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "rnnauto" / "kernels"


def numbers(kernel, cell):
    """What a kernel gives for some sequences."""
    rng = np.random.default_rng(0)

    def draw(*shape):
        return rng.normal(size=shape).astype(np.float32)

    units, channels, sums = 21, 3, {"lstm": 4, "gru": 3, "simple_rnn": 1}[cell]
    bias = (2, sums * units) if cell == "gru" else (sums * units,)
    weights = draw(channels, sums * units), draw(units, sums * units) / 5, draw(*bias)
    states = [draw(9, units)] * (1 + kernel.ends)
    *outputs, kept = kernel.forward(draw(9, 6, channels), *weights, *states)
    by = [draw(9, 6, units), *[draw(9, units)] * kernel.ends]
    found = kernel.backward(*by, weights[1], kept, channels=channels)
    by_x = kernel.by_input(found[0], weights[0])
    by_h = kernel.by_start(found[0], weights[1], *found[4:])
    return [np.array(part) for part in (*outputs, by_x, by_h, *found[1:])]


@pytest.mark.parametrize(
    ("cell", "lanes", "registers"),
    [("lstm", 4, 32), ("lstm", 8, 16), ("gru", 8, 16), ("simple_rnn", 4, 32)],
)
def test_shorter_vectors_and_fewer_registers_give_the_same(cell, lanes, registers):
    kernel, tiles, chains = PARTS[cell]
    other = replace(this_host(), lanes=lanes, registers=registers)
    kernels = here.kernel_of(cell).kernel, kernel(compiled.compiled(cell, tiles, chains, other))
    found = [numbers(kernel, cell) for kernel in kernels]
    for one, same in zip(*found, strict=True):
        np.testing.assert_allclose(one, same, rtol=1e-4, atol=1e-5 * np.abs(one).max())


@pytest.mark.parametrize("cell", PARTS)
def test_what_is_written_becomes_code_for_arm(cell, arm):
    host = replace(this_host(), lanes=4, registers=32)
    _, tiles, chains = PARTS[cell]
    module = compiled.written([replace(tile, most=(2, 2)) for tile in tiles], chains, host)
    emitted = code.machine_code(module, arm)
    assert emitted.startswith(b"\x7fELF") and emitted[18] == 0xB7  # of an ELF file: AArch64


def test_code_is_compiled_once_and_read_again(cache, monkeypatch):
    def spread(host):
        found = compiled.compiled("test", [lstm.TILES[-1]], [("spread",)], host)
        errors = np.ones((2, 3, 4, 4 * host.lanes), np.float32)
        weights = np.ones((5, 8 * host.lanes), np.float32)
        return panels.spread(found, errors, weights, 4)

    first = spread(this_host())
    assert (first == 8 * this_host().lanes).all() and first.shape == (4, 3, 5)
    assert len(list(cache.iterdir())) == 1

    def never(*given):
        raise AssertionError("compiled again")

    monkeypatch.setattr(code, "machine_code", never)
    assert np.array_equal(spread(this_host()), first)
    with pytest.raises(AssertionError):  # for another processor it is other code
        spread(replace(this_host(), name="generic"))


def test_what_others_could_have_written_is_not_read(cache, tmp_path):
    kept.keep("code", b"own")
    file = cache / "code"
    assert kept.read("code") == b"own" and kept.read("other") is None
    for path, mode in ((file, 0o620), (file, 0o602), (cache, 0o770), (cache, 0o707)):
        before = path.stat().st_mode
        path.chmod(mode)
        assert kept.read("code") is None, oct(mode)
        path.chmod(before)
    assert kept.read("code") == b"own"
    file.rename(cache / "there")
    file.symlink_to(cache / "there")
    assert kept.read("code") is None
    file.unlink()
    os.mkfifo(file)
    assert kept.read("code") is None
    cache.rename(tmp_path / "elsewhere")
    (tmp_path / "elsewhere" / "there").rename(tmp_path / "elsewhere" / "code2")
    cache.symlink_to(tmp_path / "elsewhere")
    assert kept.read("code2") is None


def test_what_was_altered_or_cut_short_is_not_read(cache):
    kept.keep("code", b"own")
    whole = (cache / "code").read_bytes()
    for content in (b"", whole[:-1], whole[:-1] + b"!", whole + b"more"):
        (cache / "code").write_bytes(content)
        assert kept.read("code") is None
    kept.keep("code", b"new")
    assert kept.read("code") == b"new"


def test_another_users_code_is_not_read(cache, monkeypatch):
    kept.keep("code", b"own")
    other = os.geteuid() + 1
    monkeypatch.setattr(kept.os, "geteuid", lambda: other)
    assert kept.read("code") is None


def test_no_place_for_code_is_no_matter(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    kept.keep("code", b"own")
    assert kept.read("code") is None


def test_code_that_could_not_be_written_whole_leaves_nothing(cache, monkeypatch):
    def full(*given, **options):
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(kept.os, "replace", full)
        kept.keep("code", b"own")
    assert not list(cache.iterdir())
    kept.keep("code", b"own")
    assert kept.read("code") == b"own"


def fresh():
    return here.found.__wrapped__("lstm")


def test_without_llvmlite_there_is_no_kernel_and_that_is_said(monkeypatch):
    monkeypatch.setattr(code, "find_spec", lambda name: None)
    assert fresh() == here.Found(None, "llvmlite is not installed")


def test_an_llvmlite_that_cannot_be_looked_for_is_none(monkeypatch):
    def fails(name):
        raise ModuleNotFoundError("not here")

    monkeypatch.setattr(code, "find_spec", fails)
    assert fresh() == here.Found(None, "ModuleNotFoundError: not here")


def test_what_llvm_cannot_do_is_said(monkeypatch):
    def fails(*given):
        raise RuntimeError("no target\nand much more")

    monkeypatch.setattr(compiled, "compiled", fails)
    assert fresh() == here.Found(None, "RuntimeError: no target")


def test_processors_with_short_vectors_are_left_to_tensorflow(monkeypatch):
    monkeypatch.setattr(llvm, "get_host_cpu_features", lambda: llvm.FeatureMap({"sse2": True}))
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    assert "neither AVX2" in fresh().said
    monkeypatch.setattr("platform.machine", lambda: "s390x")
    with pytest.raises(UnfitError, match="s390x"):
        this_host()


REFUSE_NEW_CODE = """
import ctypes
from rnnauto.machine.code import may_run_code
from rnnauto.machine.code import may_run_code
from rnnauto.networks.kernels import here
assert may_run_code()
assert ctypes.CDLL(None).prctl(65, 1, 0, 0, 0) == 0  # PR_SET_MDWE
print(here.kernel_of("lstm").said)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux")
def test_a_system_that_lets_no_memory_become_code_is_asked_first():
    done = subprocess.run(
        [sys.executable, "-c", REFUSE_NEW_CODE], capture_output=True, text=True, check=False
    )
    if "AssertionError" in done.stderr and "prctl" in done.stderr:
        pytest.skip("this Linux cannot refuse it")
    assert done.stdout == "the system lets no program make code that it runs\n", done.stderr
