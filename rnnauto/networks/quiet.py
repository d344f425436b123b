"""Import TensorFlow without its noise on stderr; before anything else that imports it."""

import gc
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from typing import BinaryIO, cast

from rnnauto.errors import RnnautoError

NEEDLESS = ("pandas", "scipy", "sklearn")  # to Keras, for arguments of kinds that it never gets
NO_FOLDER = "/tmp"  # noqa: S108  # nothing is written there


def passing_file() -> BinaryIO:
    """A file without a name, in memory where the system has such: it needs no place to be in."""
    if hasattr(os, "memfd_create"):
        return os.fdopen(os.memfd_create("rnnauto"), "w+b")
    return cast(BinaryIO, tempfile.TemporaryFile())


def name_temporary_folder() -> None:
    """Name a folder for temporary files where nothing can be written: TensorFlow asks for its name
    when it is imported, and for no more."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError:
        tempfile.tempdir = NO_FOLDER


@contextmanager
def held_back_stderr() -> Iterator[None]:
    """Hold file descriptor 2 back and show it only if the block fails.

    The C++ lines logged before absl is initialised ignore TF_CPP_MIN_LOG_LEVEL.
    """
    try:
        sys.stderr.flush()
        saved = os.dup(2)
    except (OSError, AttributeError):  # no stderr at all: nothing to hold back
        yield
        return
    with passing_file() as noise:
        os.dup2(noise.fileno(), 2)
        try:
            yield
        except BaseException:
            os.dup2(saved, 2)
            noise.seek(0)
            os.write(2, noise.read())
            raise
        finally:
            os.dup2(saved, 2)
            os.close(saved)


@contextmanager
def no_look_for_garbage() -> Iterator[None]:
    """Have the garbage collector wait: an import makes many objects that all stay, and it would
    walk over them again and again, a sixth of the time that TensorFlow's takes."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def import_bare() -> None:
    """Import TensorFlow and Keras in a process that only trains, without what Keras imports only
    because it is installed: a quarter of the time, and 60 MB. No thread and no GPU is taken yet, so
    that the process may fork."""
    name_environment()
    absent = [name for name in NEEDLESS if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: not to be imported
    try:
        with held_back_stderr(), no_look_for_garbage():
            import keras  # noqa: F401
            import tensorflow  # noqa: F401
    finally:
        for name in absent:
            del sys.modules[name]


def name_environment() -> None:
    """Tell TensorFlow and Keras how to be imported. Raises: RnnautoError where TensorFlow is not
    installed."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ["KERAS_BACKEND"] = "tensorflow"
    name_temporary_folder()
    if find_spec("tensorflow") is None:
        raise RnnautoError(
            "TensorFlow is not installed here",
            hint="`pip install rnnauto` brings it; a folder with `model.onnx` is used without",
        )


def import_tensorflow(*, threads: int | None = None) -> None:
    """Import TensorFlow and Keras quietly.

    Args:
        threads: of both of TensorFlow's pools, in a process that trains. Any other process writes
            or reads models and sees no GPU: in sight of one Keras writes recurrent layers that run
            on no processor.

    Raises: RnnautoError where TensorFlow is not installed.
    """
    name_environment()
    with held_back_stderr(), no_look_for_garbage():
        import tensorflow as tf

        tf.get_logger().setLevel("ERROR")
        if threads is not None:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
            for device in tf.config.list_physical_devices("GPU"):
                tf.config.experimental.set_memory_growth(device, True)
        else:
            with suppress(RuntimeError):  # the caller's own work on a GPU has begun
                tf.config.set_visible_devices([], "GPU")
        import keras  # noqa: F401  # its own start-up lines belong to the noise


def check_no_gpu() -> None:
    """Check that this process can write models. Raises: RnnautoError where it works on a GPU."""
    import tensorflow as tf

    if tf.config.get_visible_devices("GPU"):
        raise RnnautoError(
            "TensorFlow already works on a GPU in this process, which has to write the model "
            "without one",
            hint="call `rnnauto.fit` before any other work of TensorFlow, or in a process of its "
            "own; it finds the GPU itself",
        )
