"""Captioners of the Hugging Face hub: any image-to-text model of transformers.

These are captioners proper (BLIP, GIT, a vision encoder with a text decoder), which write of a
picture alone or go on with a text, and chat-style models, which answer a prompt about a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.describe.base import Captioner, check_images
from captioner.describe.hub_processor import HubProcessor, load_processor
from captioner.errors import ModelError
from captioner.ranges import BEAMS, check_whole
from captioner.runtime.hub import check_numbers, first_line, load_from_hub, quiet
from captioner.types import Caption, Precision

if TYPE_CHECKING:
    import torch

# The longest texts, in tokens. A captioner ends long before; a prompt may ask for more.
_CAPTION_TOKENS = 50
_ANSWER_TOKENS = 200


class HubCaptioner(Captioner):
    """Captions by an image-to-text model of transformers.

    A caption's text is what the model wrote, without the prompt and with single spaces; case and
    full stops are the model's own. Its score is the mean log-probability (natural logarithm) of
    the tokens written, the end included, as the model gives it before any setting of the search
    changes it. Its alternatives are the other beams. There is no attention.

    Args:
        model: a transformers model with ``generate``.
        reader: how pictures go in.
        name: what rows and pages call it.
        beams: captions followed side by side; None: as the model's own settings say.
    """

    def __init__(self, model: Any, reader: HubProcessor, name: str, beams: int | None = None):
        self.model = model
        self.reader = reader
        self.name = name
        self.beams = beams or model.generation_config.num_beams or 1

    @classmethod
    def from_folder(
        cls, folder: Path, prompt: str | None = None, precision: Precision | None = None
    ) -> HubCaptioner:
        """Loads a folder that ``save_pretrained`` wrote, never asking a network.

        Raises:
            ModelError: the folder holds no such model, or a damaged one; or it takes no prompt.
        """
        try:
            with quiet():
                model, reader = _load(str(folder), prompt, precision, local_files_only=True)
        except ModelError:
            raise
        except Exception as error:  # transformers raises anything at all for a damaged folder
            raise ModelError(
                f"{folder}: no captioner can be loaded from here ({first_line(error)}); give a "
                "folder that captioner.train wrote, or transformers' save_pretrained with model "
                "and processor"
            ) from error
        return cls(model, reader, folder.name)

    @classmethod
    def from_hub(
        cls, name: str, prompt: str | None = None, precision: Precision | None = None
    ) -> HubCaptioner:
        """Loads a model of the Hugging Face hub: from the local cache, else by download.

        Raises:
            ModelError: there is no such model, no network, it is of another kind, or it takes no
                prompt.
        """

        def load(name: str, **options: Any) -> tuple[Any, HubProcessor]:
            return _load(name, prompt, precision, **options)

        try:
            model, reader = load_from_hub(name, load)
        except ModelError:
            raise
        except Exception as error:  # network, cache, name, format: all end here
            raise ModelError(
                f"{name}: neither a model that ships nor a folder, and it could not be loaded from "
                f"the Hugging Face hub or its local cache ({first_line(error)}); check the name "
                "and the network (HF_HUB_OFFLINE=1 forbids it), log in with 'hf auth login' for a "
                "model whose terms must be accepted, or download it elsewhere and give the folder"
            ) from error
        return cls(model, reader, name)

    def caption_images(self, images: Sequence[np.ndarray]) -> list[Caption]:
        """See `Captioner.caption_images`."""
        import torch

        if not images:
            return []
        check_images(images)
        with torch.inference_mode(), quiet():
            limit = _ANSWER_TOKENS if self.reader.chats else _CAPTION_TOKENS
            captions = self._captions(self._generate(images, limit))
        groups = [captions[n : n + self.beams] for n in range(0, len(captions), self.beams)]
        return [replace(best, alternatives=tuple(others)) for best, *others in groups]

    def searching(self, *, beams: int) -> HubCaptioner:
        """See `Captioner.searching`."""
        check_whole("beams", beams, *BEAMS)
        return HubCaptioner(self.model, self.reader, self.name, beams)

    def check(self) -> None:
        """Captions a black picture.

        Raises:
            ModelError: it cannot, as a model that needs a prompt and has none.
        """
        import torch

        try:
            with torch.inference_mode(), quiet():
                self._generate([np.zeros((64, 64, 3), np.uint8)], limit=1)
        except Exception as error:  # anything at all: each model has code of its own
            hint = "give it a prompt" if self.reader.prompt is None else "give it another prompt"
            raise ModelError(
                f"{self.name}: cannot caption a picture ({first_line(error)}); {hint}"
            ) from error

    def _generate(self, images: Sequence[np.ndarray], limit: int) -> Any:
        """What ``generate`` returns for pictures, with texts of at most ``limit`` tokens."""
        inputs = self.reader.read(images).to(self.model.device, self.model.dtype)
        return self.model.generate(
            **inputs,
            num_beams=self.beams,
            num_return_sequences=self.beams,
            do_sample=False,
            max_new_tokens=limit,
            return_dict_in_generate=True,
            output_logits=True,
        )

    def _captions(self, found: Any) -> list[Caption]:
        """One caption for each sequence that ``generate`` returned, in its order."""
        import torch

        beams = getattr(found, "beam_indices", None)
        steps = len(found.logits) if beams is None else beams.shape[1]
        # What stands before is the prompt, or the mark that a decoder begins with.
        tokens = found.sequences[:, -steps:]
        ends = torch.isin(tokens, torch.tensor(self._ends(), device=tokens.device))
        written = ends.cumsum(dim=1) - ends.long() == 0  # up to the first end, with it
        scores = (_log_probabilities(found.logits, tokens, beams) * written).sum(dim=1)
        means = (scores / written.sum(dim=1)).tolist()
        texts = self.reader.processor.tokenizer.batch_decode(
            [row[kept] for row, kept in zip(tokens, written, strict=True)],
            skip_special_tokens=True,
        )
        words = [tuple(text.split()) for text in texts]
        return [Caption(" ".join(w), mean, w) for w, mean in zip(words, means, strict=True)]

    def _ends(self) -> list[int]:
        """The tokens that end a text."""
        tokenizer, ends = self.reader.processor.tokenizer, self.model.generation_config.eos_token_id
        known = [*ends] if isinstance(ends, list) else [ends]
        # BLIP's end is its tokenizer's [SEP].
        known += [tokenizer.eos_token_id, getattr(tokenizer, "sep_token_id", None)]
        return sorted({token for token in known if token is not None})


def _log_probabilities(
    logits: Sequence[torch.Tensor], tokens: torch.Tensor, beams: torch.Tensor | None
) -> torch.Tensor:
    """Log-probabilities of tokens [N, steps], from each step's logits [rows, vocabulary].

    ``beams`` [N, steps] says from which row each token was taken (-1 behind the end); None: the
    rows are the sequences themselves.
    """
    import torch

    chosen = []
    for step in range(tokens.shape[1]):
        rows = logits[step] if beams is None else logits[step][beams[:, step].clamp(min=0)]
        values = torch.log_softmax(rows.float(), dim=-1)
        chosen.append(values.gather(1, tokens[:, step : step + 1]))
    return torch.cat(chosen, dim=1)


def _load(
    source: str, prompt: str | None, precision: Precision | None, **options: Any
) -> tuple[Any, HubProcessor]:
    from transformers import AutoConfig, AutoModelForImageTextToText
    from transformers.models.auto.modeling_auto import MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING

    # Asked for in so many words: without it transformers asks at the terminal.
    options["trust_remote_code"] = False
    config = AutoConfig.from_pretrained(source, **options)
    if type(config) not in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING:
        raise ValueError(f"a {config.model_type} does not write of pictures")
    reader = load_processor(source, config, prompt, **options)
    model, report = AutoModelForImageTextToText.from_pretrained(
        source, dtype=_dtype(config, precision), output_loading_info=True, **options
    )
    # No caption comes from a pooler, and many checkpoints lack it. What else is missing,
    # transformers fills with random numbers and says so in a log line only.
    missing = sorted(name for name in report["missing_keys"] if ".pooler." not in name)
    if missing:
        raise ValueError(f"the weights lack {missing[0]} and {len(missing) - 1} more")
    check_numbers(model)
    return model.eval(), reader


def _dtype(config: Any, precision: Precision | None) -> torch.dtype:
    """float32; but of a model in half precision, bfloat16 where the processor multiplies it."""
    import torch

    if precision is not None:
        return torch.float32 if precision == "float32" else torch.bfloat16
    able = torch.cpu.get_capabilities()
    half = config.dtype in (torch.float16, torch.bfloat16)
    fast = able.get("avx512_bf16", False) or able.get("amx_bf16", False)
    return torch.bfloat16 if half and fast else torch.float32
