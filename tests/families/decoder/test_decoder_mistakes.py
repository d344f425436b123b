import numpy as np
import pytest
from builders import make_layout, make_sequences

from rnnauto.families.decoder.evaluate import Answered
from rnnauto.families.decoder.mistakes import worst
from rnnauto.families.decoder.pairs import DecoderPart

LAYOUT = make_layout(rnn_type="many-to-many-unaligned", target_tokens="word")


def test_of_wrong_texts_the_one_whose_truth_was_least_likely():
    test = make_sequences([1, 1, 1], targets=["A B", "C", "D"])
    answers = Answered(
        ["A B", "X", "Y"], [], np.zeros(3, np.float32), likelihood=np.array([-9.0, -1.0, -2.0])
    )
    found = worst(DecoderPart(test, LAYOUT, encoders=None), answers)
    assert [each.truth for each in found] == ["D", "C"]
    assert found[0].probability == pytest.approx(np.exp(-2))
