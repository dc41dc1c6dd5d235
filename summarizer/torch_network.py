"""A model of transformers, on PyTorch."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
from transformers import (
    AutoModelForSeq2SeqLM,
    AutoTokenizer,
    DynamicCache,
    EncoderDecoderCache,
)

from captioner.runtime.hub import check_numbers, quiet
from summarizer.network import EncodedBatch, Network

_MAX_SOURCE_TOKENS = 1024  # where neither tokenizer nor model says how much it can read


class TorchNetwork(Network):
    """Any sequence-to-sequence model of transformers.

    Args:
        model: one with ``generate``.
        tokenizer: its tokenizer.
    """

    def __init__(self, model: Any, tokenizer: Any):
        self.model = model
        self.tokenizer = tokenizer

    @classmethod
    def load(cls, source: str, *, dtype: torch.dtype | None = None, **options: Any) -> TorchNetwork:
        """Loads a folder or a model of the hub.

        Args:
            source: the folder or the hub name.
            dtype: what it computes with; None: what is quickest.
            options: of transformers' ``from_pretrained``.

        Raises:
            ValueError: tokenizer or weights are not all there, or are no numbers.
            Exception: whatever transformers raises for a damaged folder, or the network for a name.
        """
        tokenizer = AutoTokenizer.from_pretrained(source, **options)
        if len(tokenizer) <= len(tokenizer.all_special_ids):
            # What transformers makes up where the files of a tokenizer are missing.
            raise ValueError("the tokenizer's files are missing")
        model, report = AutoModelForSeq2SeqLM.from_pretrained(
            source, dtype=dtype or _quickest_dtype(), output_loading_info=True, **options
        )
        missing = sorted(report["missing_keys"])
        if missing:
            # transformers would fill them with random numbers and say so in a log line only.
            raise ValueError(f"the weights lack {missing[0]} and {len(missing) - 1} more")
        check_numbers(model)
        return cls(model.eval(), tokenizer)

    def encode(self, sources: Sequence[str]) -> TorchEncodedBatch:
        """See `Network.encode`."""
        return TorchEncodedBatch(self, sources)

    @property
    def tokens_known(self) -> int:
        """See `Network.tokens_known`."""
        return len(self.tokenizer)

    @property
    def window(self) -> int:
        """Longest source in tokens."""
        config = self.model.config
        positions = getattr(config, "max_position_embeddings", None) or _MAX_SOURCE_TOKENS
        return int(min(self.tokenizer.model_max_length, positions, _MAX_SOURCE_TOKENS))


class TorchEncodedBatch(EncodedBatch):
    """Sources as the encoder has read them, and as the decoder looks at them.

    What the decoder looks at (keys and values of its cross-attention) transformers would make
    anew for each text that is written about a source, and copy at every word of a beam search.
    Together that takes longer than the writing.

    Args:
        network: reads.
        sources: B texts.
    """

    @torch.inference_mode()
    def __init__(self, network: TorchNetwork, sources: Sequence[str]):
        self._model = network.model
        self._tokenizer = network.tokenizer
        encoded = self._tokens(list(sources), network.window)
        self._encoded = {key: encoded[key] for key in ("input_ids", "attention_mask")}
        self._outputs = self._model.get_encoder()(**self._encoded)
        # Any token will do: what was looked at is kept, what would be written is not.
        token = torch.zeros((len(sources), 1), dtype=torch.int64)
        self._cache = self._model(
            encoder_outputs=self._outputs,
            attention_mask=self._encoded["attention_mask"],
            decoder_input_ids=token,
            use_cache=True,
        ).past_key_values

    @torch.inference_mode()
    def search(self, beams: int, best: int, max_tokens: int) -> list[list[str]]:
        """See `EncodedBatch.search`."""
        config = copy.deepcopy(self._model.generation_config)
        config.update(
            num_beams=beams,
            num_return_sequences=best,
            do_sample=False,
            no_repeat_ngram_size=3,
            max_new_tokens=max_tokens,
            # What a hub model was set to for whole articles.
            max_length=None,
            min_length=0,
            min_new_tokens=None,
            length_penalty=1.0,
            early_stopping=False,
        )
        with quiet():
            ids = self._model.generate(**self._for_search(beams), generation_config=config)
        texts = self._tokenizer.batch_decode(ids, skip_special_tokens=True)
        return [texts[start : start + best] for start in range(0, len(texts), best)]

    @torch.inference_mode()
    def log_probabilities(self, source: int, texts: Sequence[str], max_tokens: int) -> list[float]:
        """See `EncodedBatch.log_probabilities`."""
        labels = self._tokens(list(texts), max_tokens)
        present = labels["attention_mask"].bool()
        logits = self._model(
            **self._for_texts([source] * len(texts)),
            labels=labels["input_ids"].masked_fill(~present, -100),
        ).logits
        chosen = torch.log_softmax(logits.float(), dim=-1).gather(
            -1, labels["input_ids"].unsqueeze(-1)
        )
        means: list[float] = ((chosen.squeeze(-1) * present).sum(-1) / present.sum(-1)).tolist()
        return means

    def _tokens(self, texts: list[str], most: int) -> Any:
        return self._tokenizer(
            texts, padding=True, truncation=True, max_length=most, return_tensors="pt"
        )

    def _for_search(self, beams: int) -> dict[str, Any]:
        """Arguments for ``generate``, which follows so many texts about each source."""
        owners = [source for source in range(len(self._encoded["input_ids"])) for _ in range(beams)]
        # Copied, for ``generate`` repeats it in place.
        return {**self._encoded, "encoder_outputs": copy.copy(self._outputs), **self._seen(owners)}

    def _for_texts(self, owners: Sequence[int]) -> dict[str, Any]:
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


def _quickest_dtype() -> torch.dtype:
    """bfloat16 where the CPU multiplies matrices of it: in 0.6 of the time, for as good sentences.

    training/results/summarizer.md has the scores of both.
    """
    capabilities = torch.cpu.get_capabilities()
    return torch.bfloat16 if capabilities.get("amx_bf16") else torch.float32
