"""Temporal encoders that know nothing of time: all tokens as they are, or their mean."""

from __future__ import annotations

from typing import Any

from keras import ops

from captioner.models.temporal.base import TemporalEncoder


class NoTemporalEncoder(TemporalEncoder):
    """Hands on all tokens of all frames."""

    def __call__(self, tokens: Any) -> Any:
        """See `TemporalEncoder`."""
        return tokens


class MeanTemporalEncoder(TemporalEncoder):
    """Each token's mean over the frames.

    S. Venugopalan et al., "Translating Videos to Natural Language Using Deep Recurrent Neural
    Networks", NAACL 2015.
    """

    def __call__(self, tokens: Any) -> Any:
        """See `TemporalEncoder`; T' is 1."""
        return ops.mean(tokens, axis=1, keepdims=True)
