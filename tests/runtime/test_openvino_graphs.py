import numpy as np
import openvino
import pytest
from openvino import opset16

from captioner.runtime.openvino_graphs import runner


def _doubling():
    """Two inputs [B, 3] → both doubled."""
    given = [opset16.parameter([-1, 3], np.float32) for _ in range(2)]
    two = opset16.constant(np.float32(2))
    return openvino.Model([opset16.result(opset16.multiply(x, two)) for x in given], given)


@pytest.fixture
def ones():
    return np.ones((1, 3), np.float32)


def test_only_what_is_lent_is_overwritten_by_the_next_call(ones):
    run = runner(_doubling(), precision="float32", zero_copy_outputs=1)
    zero_copy_outputs, kept = run(ones, ones)
    run(3 * ones, 3 * ones)
    np.testing.assert_array_equal(zero_copy_outputs, 6 * ones)
    np.testing.assert_array_equal(kept, 2 * ones)


def test_a_read_only_array_and_one_that_skips_rows_are_taken(ones):
    run = runner(_doubling(), precision="float32")
    ones.flags.writeable = False
    every = np.arange(12, dtype=np.float32).reshape(4, 3)
    doubled, of_every_other = run(ones, every[::2])
    np.testing.assert_array_equal(doubled, [[2, 2, 2]])
    np.testing.assert_array_equal(of_every_other, 2 * every[::2])
