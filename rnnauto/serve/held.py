"""Hold the model that is served, and take up another when its folder is replaced."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from rnnauto.deploy.runner import Run
from rnnauto.errors import RnnautoError
from rnnauto.model import Model, Runtime, load
from rnnauto.serve.known import KnownSignature, learn
from rnnauto.serve.page import page_of
from rnnauto.serve.threads import Worker

SAVED_MODEL = "saved_model"
EVERY = 0.5  # seconds between two looks at the folder
Stamp = tuple[int, ...]


@dataclass(frozen=True)
class Served:
    """A model that answers.

    Attributes:
        run: called with a batch and the name of a signature.
        signatures: by name, `serving_default` first.
        page: the page with its form.
        stamp: of the folder when it was opened.
    """

    name: str
    model: Model
    run: Run
    signatures: Mapping[str, KnownSignature]
    page: str
    stamp: Stamp | None

    @property
    def platform(self) -> str:
        """What computes, as the Open Inference Protocol names it."""
        return "tensorflow_savedmodel" if self.run.folder.name == SAVED_MODEL else "onnx_onnxv1"


def open_served(folder: Path, name: str, runtime: Runtime | None = None) -> Served:
    """Open a model folder and call each of its signatures once. Raises: ModelFolderError."""
    stamp = stamp_of(folder)
    model = load(folder, runtime=runtime)
    run = model.run
    known = learn(run, model.family.signatures(model.info.layout, model.info.encoders))
    return Served(name, model, run, known, page_of(model, name), stamp)


def stamp_of(folder: Path) -> Stamp | None:
    """Tell a model folder from one that takes its place; None where there is none."""
    try:
        place, file = folder.stat(), (folder / "model.json").stat()
    except OSError:
        return None
    return (place.st_dev, place.st_ino, file.st_ino, file.st_mtime_ns, file.st_size)


@dataclass
class Held:
    """The model that is served now.

    Attributes:
        served: it.
        say: is told of a new one, or why it is not taken.
        count: is told `loads` and `refused`.
        refused: the stamp of a folder that was found broken.
        opener: the thread that opens models.
    """

    served: Served
    say: Callable[[str], None]
    count: Callable[[str], None]
    refused: Stamp | None = None
    opener: Worker = field(default_factory=lambda: Worker("opener"))

    async def watch(self) -> None:
        """Look at the folder now and then, until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            await self.look()

    async def look(self) -> None:
        """Open the folder again where it has been replaced; a broken one leaves the model in
        place."""
        folder = self.served.model.folder
        stamp = stamp_of(folder)
        if stamp in {None, self.served.stamp, self.refused}:
            return
        try:
            model = self.served.model
            new = await self.opener.run(open_served, folder, self.served.name, model.runtime)
        except Exception as error:
            if stamp_of(folder) == stamp:  # else it has been replaced meanwhile, and is looked at
                self.refused = stamp
                self.count("refused")
                self.say(f"the new `{folder}` is not served, the model before it is: {told(error)}")
            return
        self.served, self.refused = new, None
        self.count("loads")
        self.say(f"`{folder}` has been replaced: the new model is served")


def told(error: Exception) -> str:
    """Say an error in one line."""
    if isinstance(error, RnnautoError):
        return error.message
    return " ".join(f"{type(error).__name__}: {error}".split())


def name_of(folder: Path) -> str:
    """Name a model after its folder, or after the link to it, which may lead elsewhere tomorrow."""
    return folder.name if folder.name not in {"", ".."} else folder.resolve().name or "model"
