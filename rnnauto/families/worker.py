"""Serve as a worker process: `python -m rnnauto.families.worker FD FOLDER`."""

import gc


def main() -> None:
    """Import what all jobs need, and run them."""
    gc.disable()  # it would walk over all that is imported again and again; `prepare` turns it on
    from functools import partial

    from rnnauto.families.learners import learner_of
    from rnnauto.search.worker import prepare, serve

    serve(partial(prepare, learner_of=learner_of))


if __name__ == "__main__":
    main()
