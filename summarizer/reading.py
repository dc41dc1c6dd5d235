"""What a sequence-to-sequence model has read, kept once for all that it writes about it."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from transformers import DynamicCache, EncoderDecoderCache


class Reading:
    """Sources as the encoder has read them, and as the decoder looks at them.

    What the decoder looks at (keys and values of its cross-attention) transformers would make
    anew for each text that is written about a source, and copy at every word of a beam search.
    Together that takes longer than the writing.

    Args:
        model: a transformers model with an encoder and a decoder.
        encoded: the sources, ``input_ids`` and ``attention_mask``, each int64 [B, T].
    """

    def __init__(self, model: Any, encoded: dict[str, torch.Tensor]):
        self._model = model
        self._encoded = encoded
        self._outputs = model.get_encoder()(**encoded)
        # Any token will do: what was looked at is kept, what would be written is not.
        token = torch.zeros((len(encoded["input_ids"]), 1), dtype=torch.int64)
        self._cache = model(
            encoder_outputs=self._outputs,
            attention_mask=encoded["attention_mask"],
            decoder_input_ids=token,
            use_cache=True,
        ).past_key_values

    def for_search(self, beams: int) -> dict[str, Any]:
        """Arguments for ``generate``, which follows so many texts about each source."""
        owners = [source for source in range(len(self._encoded["input_ids"])) for _ in range(beams)]
        # Copied, for ``generate`` repeats it in place.
        return {**self._encoded, "encoder_outputs": copy.copy(self._outputs), **self._seen(owners)}

    def for_texts(self, owners: Sequence[int]) -> dict[str, Any]:
        """Arguments for the model itself, which reads texts; ``owners`` are their sources."""
        outputs = copy.copy(self._outputs)
        outputs["last_hidden_state"] = outputs.last_hidden_state[owners]
        mask = self._encoded["attention_mask"][owners]
        return {"encoder_outputs": outputs, "attention_mask": mask, **self._seen(owners)}

    def _seen(self, owners: Sequence[int]) -> dict[str, Any]:
        """A cache with nothing written yet; none where a model keeps its own kind."""
        if not isinstance(self._cache, EncoderDecoderCache):
            return {}
        seen = copy.deepcopy(self._cache.cross_attention_cache)
        seen.batch_select_indices(torch.tensor(owners))
        return {"past_key_values": _Seen(DynamicCache(config=self._model.config), seen)}


class _Seen(EncoderDecoderCache):
    """Beams change places, but only with beams that look at the same source."""

    def reorder_cache(self, beam_idx: torch.Tensor) -> None:
        """What was written changes places, what is looked at need not."""
        self.self_attention_cache.reorder_cache(beam_idx)
