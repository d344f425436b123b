"""Give the settings that a search begins with while what proposes the others, and with it
TensorFlow, is not imported yet."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from rnnauto.search.replay import Asker
from rnnauto.search.space import consistent
from rnnauto.search.trial import Proposed, Values


@dataclass
class Openings:
    """Propose the first settings as the oracle would, and leave the others to it: it is made when
    one of them is asked for, and hears all that was asked and told before.

    Attributes:
        first: the settings, which every oracle but Hyperband proposes in their order.
        trials: most of them.
        past: what the oracle has to hear: of a trial its number, or what loss it has reached.
    """

    make: Callable[[], Asker]
    first: Sequence[Values]
    trials: int
    past: list[int | tuple[str, float | None]] = field(default_factory=list)
    asker: Asker | None = None

    def ask(self, number: int) -> Proposed | None:
        """The next trial; None when there is none, or none before another one has ended."""
        if self.asker is None and number < min(len(self.first), self.trials):
            self.past.append(number)
            return Proposed(f"{number:04}", consistent(dict(self.first[number])))
        return self.made().ask(number)

    def tell(self, trial_id: str, loss: float | None) -> None:
        """Tell what loss a trial has reached; None: it failed."""
        if self.asker is None:
            self.past.append((trial_id, loss))
        else:
            self.asker.tell(trial_id, loss)

    def made(self) -> Asker:
        """The oracle, which knows all that was."""
        if self.asker is None:
            self.asker = self.make()
            for heard in self.past:
                if isinstance(heard, int):
                    self.asker.ask(heard)
                else:
                    self.asker.tell(*heard)
        return self.asker
