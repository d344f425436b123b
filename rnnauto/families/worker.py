"""Serve as a worker process: `python -m rnnauto.families.worker FD FOLDER`."""

from functools import partial

from rnnauto.families.learners import learner_of
from rnnauto.search.worker import prepare, serve

if __name__ == "__main__":
    serve(partial(prepare, learner_of=learner_of))
