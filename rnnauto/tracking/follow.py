"""Follow the journal of a fit in a thread, and tell trackers of each training that has ended."""

import importlib.util
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from operator import methodcaller
from pathlib import Path
from typing import Any

from rnnauto.deploy.scores import ScoresFile, read_scores
from rnnauto.errors import RecipeError
from rnnauto.fitted import Said, Watch
from rnnauto.recipe import Recipe
from rnnauto.recipe.settings import values_by_key
from rnnauto.recipe.values import tracked
from rnnauto.search.journal import whole_events
from rnnauto.tracking.records import Finished, Fit, Tracker, Training, plain, training_of

SECONDS = 1.0  # between two looks at the journal
LAST_SECONDS = 60.0  # that a tracker has in the end
ARTEFACTS = ("report.html", "scores.json", "leaderboard.csv", "recipe.yaml", "MODEL_CARD.md")
CARD = "MODEL_CARD.md"
PASSWORD = re.compile(r"//[^/@\s]*@")
Trackers = list[tuple[str, Tracker]]


def open_trackers(wanted: Sequence[str]) -> Trackers:
    """Open what `--track` names, and import what it needs. Raises: RecipeError."""
    return [(without_password(text), open_tracker(*tracked(text))) for text in wanted]


def open_tracker(kind: str, place: str) -> Tracker:
    if importlib.util.find_spec(kind) is None:
        raise RecipeError(
            f"`--track {kind}:...` needs {kind}, which is not installed",
            hint="pip install 'rnnauto[track]'",
        )
    try:
        if kind == "tensorboard":
            from rnnauto.tracking.tensorboard import TensorBoard

            Path(place).mkdir(parents=True, exist_ok=True)
            return TensorBoard(Path(place))
        from rnnauto.tracking.mlflow_runs import MlflowRuns

        return MlflowRuns(place)
    except Exception as error:
        raise unusable(kind, place, error) from error


def unusable(kind: str, place: str, error: Exception) -> RecipeError:
    return RecipeError(
        f"`--track {kind}:{without_password(place)}` cannot be written to: {words_of(error)}",
        hint="name a folder or an address that can be, or leave it out",
    )


def words_of(error: Exception) -> str:
    """Write what an error says in a line, without passwords."""
    return without_password(" ".join(str(error).split()))[:300]


def without_password(text: str) -> str:
    return PASSWORD.sub("//***@", text)


@contextmanager
def following(
    trackers: Trackers, recipe: Recipe, folder: Path, journal: Path, watch: Watch
) -> Iterator["Follower"]:
    """Tell trackers of a fit while it runs, and in the end of its model.

    Args:
        folder: the model folder.
        journal: that of the search, which is there.
        watch: is told once of each tracker that takes nothing more: the fit goes on.

    Raises: RecipeError where a tracker takes nothing from the start.
    """
    follower = Follower(trackers, folder, journal, watch)
    if not trackers:
        yield follower
        return
    follower.begin(recipe)
    try:
        yield follower
    finally:
        follower.close()


class Follower:
    """Reads the journal on and on.

    Attributes:
        trackers: by what messages call them; one that failed is out.
        left: whether the fit has left a model.
        read: how many bytes of the journal have been read.
    """

    def __init__(self, trackers: Trackers, folder: Path, journal: Path, watch: Watch) -> None:
        self.trackers, self.folder, self.journal, self.watch = trackers, folder, journal, watch
        self.started: dict[str, dict[str, Any]] = {}
        self.read = 0
        self.left = False
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.follow, name="tracking", daemon=True)

    def begin(self, recipe: Recipe) -> None:
        """Begin to follow. Raises: RecipeError."""
        events, _ = whole_events(self.journal)
        fit = Fit(self.folder.name, events[0]["time"], settings_of(recipe))
        for name, tracker in self.trackers:
            try:
                tracker.begin(fit)
            except Exception as error:
                raise unusable(*tracked(name), error) from error
        self.thread.start()

    def follow(self) -> None:
        while not self.over.wait(SECONDS):
            self.tell()
        self.tell()
        finished = finished_of(self.folder) if self.left else None
        self.each(methodcaller("end", finished))

    def tell(self) -> None:
        for training in self.new_trainings():
            self.each(methodcaller("add", training))

    def each(self, call: Callable[[Tracker], None]) -> None:
        """Call every tracker; one that fails is told nothing more."""
        for name, tracker in list(self.trackers):
            try:
                call(tracker)
            except (
                Exception
            ) as error:  # of a library, of a network: whatever it is, the fit goes on
                self.trackers.remove((name, tracker))
                what = words_of(error)
                self.watch(Said(f"`--track {name}` failed, and is told nothing more: {what}"))

    def new_trainings(self) -> Iterator[Training]:
        events, size = whole_events(self.journal, self.read)
        self.read += size
        for event in events:
            if event["event"] == "trial-started":
                self.started[event["job"]] = event
            elif "result" in event and event.get("job") in self.started:
                yield training_of(self.started[event["job"]], event)

    def close(self) -> None:
        """Tell what is left to tell, for no longer than a while."""
        self.over.set()
        self.thread.join(LAST_SECONDS)
        if self.thread.is_alive():
            names = ", ".join(f"`--track {name}`" for name, _ in self.trackers)
            self.watch(Said(f"{names} did not take all in {LAST_SECONDS:.0f} seconds"))


def settings_of(recipe: Recipe) -> dict[str, Any]:
    """List the settings that are not the defaults."""
    before, own = values_by_key(Recipe()), values_by_key(recipe.untracked())
    return {key: plain(value) for key, value in own.items() if value != before.get(key)}


def finished_of(folder: Path) -> Finished:
    """Gather what is told of a model."""
    scores: ScoresFile = read_scores(folder)
    own = {name: scored.value for name, scored in scores.metrics.items()}
    others = {
        f"{baseline}/{name}": scored.value
        for baseline, each in scores.baselines.items()
        for name, scored in each.items()
    }
    words = {"verdict": scores.verdict, "card": (folder / CARD).read_text(encoding="utf-8")}
    known = {name: value for name, value in {**own, **others}.items() if value is not None}
    return Finished(known, words, tuple(folder / name for name in ARTEFACTS))
