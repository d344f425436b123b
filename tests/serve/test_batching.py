"""Calls that come together are answered together, each as it is alone."""

import asyncio
import threading

import numpy as np
import pytest
from known_signatures import known

from rnnauto.serve.batching import Batcher, Call, joined
from rnnauto.serve.limits import RequestError

TIMED = known(outputs={"seen": ("float32", (None, None))}, timed=frozenset({"seen"}))


class Model:
    """Answers each timestep with the sum up to it; refuses 13. It counts its calls."""

    def __init__(self):
        self.rows = []
        self.go_on = threading.Event()
        self.go_on.set()

    def __call__(self, batch, signature):
        self.go_on.wait(10)
        self.rows.append(len(batch["length"]))
        if (batch["numbers"] == 13).any():
            raise ValueError("13")
        real = np.arange(batch["numbers"].shape[1]) < batch["length"][:, None]
        sums = np.where(real, batch["numbers"].sum(axis=2), 0).cumsum(axis=1)
        return {"seen": sums, "total": sums[:, -1]}


def call(model, *sequences, signature=TIMED):
    longest = max(map(len, sequences))
    numbers = np.zeros((len(sequences), longest, 2), np.float32)
    for row, values in zip(numbers, sequences, strict=True):
        row[: len(values), 0] = values
    batch = {"numbers": numbers, "length": np.array(list(map(len, sequences)), np.int32)}
    future = asyncio.get_running_loop().create_future()
    return Call(model, signature, batch, len(sequences), longest, future)


async def answered(model, make, *, most=100):
    """What comes of calls that are submitted at once, in order."""
    batcher = Batcher(most=most, on_batch=lambda rows: None)
    work = asyncio.create_task(batcher.work())
    waits = [wait for each in make() for wait in batcher.submit([each])]
    results = await asyncio.gather(*waits, return_exceptions=True)
    work.cancel()
    return results


def test_calls_that_wait_are_one_call_of_the_model_and_are_answered_as_alone():
    model = Model()
    sequences = [[1, 2, 3], [4], [5, 6]]
    results = asyncio.run(answered(model, lambda: [call(model, each) for each in sequences]))
    assert model.rows == [3]
    assert [result["seen"].tolist() for result in results] == [[[1, 3, 6]], [[4]], [[5, 11]]]


def test_a_call_that_fails_fails_no_other():
    model = Model()
    results = asyncio.run(answered(model, lambda: [call(model, [1]), call(model, [13])]))
    assert results[0]["total"].tolist() == [1]
    assert isinstance(results[1], ValueError)
    assert model.rows == [2, 1, 1]


def test_what_depends_on_the_rows_beside_it_is_answered_alone():
    model = Model()
    alone = known(alone=True)
    make = lambda: [call(model, [1], signature=alone) for _ in range(3)]  # noqa: E731
    asyncio.run(answered(model, make))
    assert model.rows == [1, 1, 1]


def test_sequences_that_would_mostly_be_padding_are_answered_apart():
    model = Model()
    asyncio.run(answered(model, lambda: [call(model, [1] * 3), call(model, [1] * 500)]))
    assert model.rows == [1, 1]


def test_a_call_of_the_model_has_a_limit():
    model = Model()
    wide = known(timed=frozenset({"seen"}), width=1 << 24)  # two timesteps a call
    make = lambda: [call(model, [1], signature=wide) for _ in range(5)]  # noqa: E731
    asyncio.run(answered(model, make))
    assert model.rows == [2, 2, 1]


def test_what_shapes_a_state_is_not_padded():
    model = Model()
    chunks = known(pads=False)
    make = lambda: [call(model, each, signature=chunks) for each in ([1], [2], [1, 2])]  # noqa: E731
    asyncio.run(answered(model, make))
    assert model.rows == [2, 1]


def test_other_values_for_all_rows_are_another_call():
    async def keys():
        calls = [call(Model(), [1]) for _ in range(3)]
        run = calls[0].run
        for each, beams in zip(calls, (1, 1, 2), strict=True):
            each.batch["beams"] = np.array(beams)
            each.run = run
            each.__post_init__()
        return [each.key for each in calls]

    one, same, other = asyncio.run(keys())
    assert one == same != other


def test_texts_are_padded_with_empty_ones():
    async def both():
        first, second = call(Model(), [1]), call(Model(), [1])
        first.batch = {"words": np.array([[["a"]]], object)}
        second.batch = {"words": np.array([[["b"], ["c"]]], object)}
        return joined([first, second])

    assert asyncio.run(both())["words"].tolist() == [[["a"], [""]], [["b"], ["c"]]]


def test_a_full_queue_is_refused_and_whoever_has_gone_is_not_answered():
    model = Model()
    model.go_on.clear()

    async def fill():
        batcher = Batcher(most=2, on_batch=lambda rows: None)
        work = asyncio.create_task(batcher.work())
        (begun,) = batcher.submit([call(model, [1])])
        await asyncio.sleep(0.05)  # the model is at it
        (gone,) = batcher.submit([call(model, [2])])
        (kept,) = batcher.submit([call(model, [3])])
        with pytest.raises(RequestError) as caught:
            batcher.submit([call(model, [4])])
        gone.cancel()
        model.go_on.set()
        totals = [(await each)["total"].tolist() for each in (begun, kept)]
        work.cancel()
        return caught.value.status, totals

    assert asyncio.run(fill()) == (503, [[1], [3]])
    assert model.rows == [1, 1]


def test_a_timer_that_rings_before_its_time_ends_the_wait():
    """As those of uvloop do, whose clock has milliseconds."""
    model = Model()

    async def early():
        loop = asyncio.get_running_loop()
        batcher = Batcher(most=10, on_batch=lambda rows: None)
        work = asyncio.create_task(batcher.work())
        await asyncio.gather(*(batcher.submit([call(model, [1])])[0] for _ in range(2)))
        patience = loop.call_later(5, work.cancel)
        loop.call_at = lambda when, ring: loop.call_soon(ring)
        loop.call_later = lambda delay, ring: loop.call_soon(ring)
        (alone,) = batcher.submit([call(model, [1])])
        await asyncio.wait([alone, work], return_when=asyncio.FIRST_COMPLETED)
        patience.cancel()
        work.cancel()
        return alone.done()

    assert asyncio.run(early())


def test_a_moment_is_waited_for_as_many_as_came_last():
    model = Model()

    async def twice():
        batcher = Batcher(most=10, on_batch=lambda rows: None)
        work = asyncio.create_task(batcher.work())
        await asyncio.gather(*(batcher.submit([call(model, [1])])[0] for _ in range(2)))
        (first,) = batcher.submit([call(model, [1])])
        await asyncio.sleep(0)  # the work begins to wait
        (second,) = batcher.submit([call(model, [1])])
        await asyncio.gather(first, second)
        (alone,) = batcher.submit([call(model, [1])])
        await alone  # in the end nobody else has come
        work.cancel()

    asyncio.run(twice())
    assert model.rows == [2, 2, 1]
