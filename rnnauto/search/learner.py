"""What a worker must know of a family, as one record: its networks, its batches, its training."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from rnnauto.data.augment import augmented
from rnnauto.data.batches import Batch
from rnnauto.layout import FamilyName
from rnnauto.networks.architecture import Answer
from rnnauto.search.trial import Job, StudyProblem, seed_of
from rnnauto.search.validation import Level, Meter


@dataclass(frozen=True)
class Lesson:
    """What a network learns from.

    Attributes:
        answer: what it is told for the truth; None: the truth.
        batches: one epoch in random order, given the numbers of its sequences, `size` and `rng`.
    """

    answer: Answer | None
    batches: Callable[..., Iterable[Batch]]

    def changed_for(self, job: Job, problem: StudyProblem) -> Callable[..., Iterable[Batch]]:
        """Give what makes its batches as the setting of a job has their numbers changed."""
        kind = job.values.get("augment", "none")
        if kind == "none":
            return self.batches
        means = [mean for mean, _ in problem.numbers[job.fold][: problem.columns]]
        return augmented(self.batches, kind, means, seed_of(job.seed, "augment"))


@dataclass(frozen=True)
class Learner:
    """How the networks of a family are built, fed and trained.

    Attributes:
        features: what the networks read, from its JSON.
        load: what trials learn from, from the study's folder.
        build: features and architecture to a `networks.built.Built` with fresh weights.
        target_spec: features and answer to the tf.TensorSpec of a batch's targets.
        losses: outputs, truth, features and answer to the summed loss, the number of known targets,
            how many are right, and the outputs at the timesteps that have a target.
        scale: sets the constants of a fresh network by the train part of a fold; given that,
            the job, the problem, the data and the numbers of the train part.
        batches: one epoch in random order; given the data, the numbers of the train part, `size`
            and `rng`.
        validation_batches: everything with one of some numbers once.
        longest: most timesteps that a step carries an error over.
        examples: how many examples an epoch has.
        train: the whole training of a job; given this record, the job, the problem, the data,
            `fold` and who watches.
        averages: whether answers to the validation part are kept, to choose networks by whose mean
            is better than the best.
        meter: measures the objective; given the problem, the data and the numbers of the validation
            part. None: it is counted beside the loss.
        settle: what is set once the final networks are known, by what each was validated on.
        lesson: what a network learns from that is taught by the mean of others; given this record,
            the job, the problem, the data, the numbers of the train part and the weights of those.
            None: no network is taught.
        level: gives what fits a shift of the outputs to what is said of a validation part; given
            the problem, the job and which sequences are equal. None: none is fitted.
    """

    features: Callable[[dict[str, Any]], Any]
    load: Callable[..., Any]
    build: Callable[..., Any]
    target_spec: Callable[..., Any]
    losses: Callable[..., tuple[Any, Any, Any, Any]]
    scale: Callable[..., None]
    batches: Callable[..., Any]
    validation_batches: Callable[..., Any]
    longest: Callable[..., int]
    examples: Callable[..., int]
    train: Callable[..., Any]
    averages: bool
    meter: Callable[..., Meter] | None
    settle: Callable[..., None] | None = None
    lesson: Callable[..., Lesson] | None = None
    level: Callable[..., Level | None] | None = None


LearnerOf = Callable[[FamilyName], Learner]


def in_tuples(raw: dict[str, Any]) -> dict[str, Any]:
    """The values of a JSON object with tuples for lists."""
    return {name: nested_tuples(value) for name, value in raw.items()}


def nested_tuples(value: Any) -> Any:
    return tuple(map(nested_tuples, value)) if isinstance(value, list) else value
