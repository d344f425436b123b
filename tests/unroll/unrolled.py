"""Records of what happened inside a sequence, made by hand."""

from rnnauto.unroll.record import (
    Box,
    Effects,
    Half,
    Layer,
    Line,
    Said,
    StateMap,
    Stretch,
    Unrolled,
)


def stretches(labels):
    return tuple(Stretch(**{"from": at, "to": at}, label=each) for at, each in enumerate(labels, 1))


def layer(columns, *, number=1, backward=False):
    signed = tuple(
        tuple((-1) ** (unit + at) * at / columns for at in range(columns)) for unit in (0, 1)
    )
    gate = tuple(tuple(0.5 for _ in range(columns)) for _ in (0, 1))
    maps = (
        StateMap(name="hidden state", signed=True, units=(2, 1), values=signed),
        StateMap(name="forget gate", signed=False, units=(2, 1), values=gate),
    )
    return Layer(number=number, backward=backward, maps=maps)


def half(words, *, name="reads", says=None, layers=None, skipped=0):
    layers = (layer(len(words)),) if layers is None else layers
    boxes = tuple(
        Box(
            step=at + (skipped if at > 2 else 0),
            label=f"t{at}",
            reads=(word,) if word else (),
            states=tuple((0.5, -0.5) for _ in layers),
            says=None if says is None else says[at - 1],
            skipped=skipped if at == 3 else 0,
            effect=None if name == "decoder" else (-1) ** at / at,
        )
        for at, word in enumerate(words, 1)
    )
    return Half(
        name=name,
        timesteps=len(words) + skipped,
        patch=1,
        columns=stretches(words),
        boxes=boxes,
        lines=() if name == "decoder" else (Line(name="fever", values=(1.0,) * len(words)),),
        layers=layers,
    )


def unrolled(rnn_type, halves, **given):
    count = len(halves[0].columns)
    fixed = {
        "id": "p7",
        "rnn_type": rnn_type,
        "task": "classification",
        "cell": "lstm",
        "units": 2,
        "layers": 1,
        "bidirectional": False,
        "pooling": "last",
        "members": 1,
        "target": "state",
        "answer": None,
        "halves": halves,
        "effects": Effects(scored="the probability of `ill`", occlusion=(0.5,) * count),
    }
    return Unrolled(**{**fixed, **given})


ILL = Said(text="ill", truth="well", right=False, chance=0.75)


def cases():
    """One for every RNN type, and for what networks are like."""
    words = ("a", "b", "c")
    tags = tuple(Said(text=f"tag-{word}", truth=f"tag-{word}", right=True) for word in words)
    both = (layer(3), layer(3, backward=True))
    wrote = (Said(text="go"), Said(text="end"))
    once = Effects(scored="y", occlusion=(), statics=(("height", "1.7", 0.2),))
    return {
        "one-to-one": unrolled("one-to-one", (half(("4.2",)),), answer=ILL),
        "one-to-many": unrolled("one-to-many", (half(("", "", ""), says=tags),), effects=once),
        "many-to-one": unrolled("many-to-one", (half(words, skipped=9),), answer=ILL),
        "pooled": unrolled("many-to-one", (half(words),), answer=ILL, pooling="mean"),
        "both-ways": unrolled(
            "many-to-one", (half(words, layers=both),), answer=ILL, bidirectional=True
        ),
        "aligned": unrolled("many-to-many", (half(words, says=tags),)),
        "unaligned": unrolled(
            "many-to-many-unaligned",
            (half(words, name="encoder"), half(("start", "go"), name="decoder", says=wrote)),
            answer=Said(text="go"),
            attention=((0.1, 0.9, 0.0), (0.5, 0.5, 0.0)),
        ),
        "forecast": unrolled(
            "many-to-many-unaligned",
            (half(("1", "2", "3")),),
            task="forecasting",
            ahead=tuple((f"day {at}", Said(text=str(at), truth="9")) for at in range(4, 12)),
        ),
    }
