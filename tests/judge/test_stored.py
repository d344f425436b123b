import numpy as np
import pytest
from builders import texts

from rnnauto.errors import ModelFolderError
from rnnauto.families.direct.linear import fit_baselines
from rnnauto.families.direct.stored import load_one
from rnnauto.judge.stored import load_each, save_baselines


def load_baselines(path):
    return load_each(path, load_one)


def test_an_absent_file_is_an_error(tmp_path):
    with pytest.raises(ModelFolderError, match="there is no") as raised:
        load_baselines(tmp_path / "baselines.npz")
    assert "fetch the folder again" in raised.value.hint


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
def test_a_file_cut_short_is_an_error(tmp_path, kept):
    path = tmp_path / "baselines.npz"
    save_baselines(path, fit_baselines(texts(), classes=2, seed=0))
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(len(whole) * kept)])
    with pytest.raises(ModelFolderError):
        load_baselines(path)


def test_another_kind_of_file_is_an_error(tmp_path):
    path = tmp_path / "baselines.npz"
    with path.open("wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(ModelFolderError):
        load_baselines(path)


def test_a_flipped_byte_is_an_error(tmp_path):
    path = tmp_path / "baselines.npz"
    save_baselines(path, fit_baselines(texts(), classes=2, seed=0))
    damaged = bytearray(path.read_bytes())
    damaged[len(damaged) // 2] ^= 0xFF
    path.write_bytes(damaged)
    with pytest.raises(ModelFolderError):
        load_baselines(path)
