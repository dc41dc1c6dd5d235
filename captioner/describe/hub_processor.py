"""How pictures, and a prompt, go into a model of the hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.errors import ModelError
from captioner.runtime.hub import first_line

if TYPE_CHECKING:
    from PIL.Image import Image

DEFAULT_PROMPT = "Describe this image in one short sentence."


@dataclass(frozen=True)
class HubProcessor:
    """How pictures go into a model.

    Attributes:
        processor: the model's own, of transformers; it has a ``tokenizer``.
        prompt: what a chat-style model is asked, or the words that a caption goes on with; None:
            the default question, or the picture alone.
        ends_text: the tokenizer puts an end behind the prompt, where the model would stop.
    """

    processor: Any
    prompt: str | None = None
    ends_text: bool = False

    @property
    def chats(self) -> bool:
        """Whether the model answers a prompt, as its chat template says."""
        return getattr(self.processor, "chat_template", None) is not None

    def read(self, images: Sequence[np.ndarray]) -> Any:
        """The model's inputs for pictures uint8 [H, W, 3]: a `transformers.BatchFeature`."""
        from PIL import Image

        # As arrays, pictures of three rows would be taken for such with the channels first.
        pictures = [Image.fromarray(image) for image in images]
        if self.chats:
            return self._ask(pictures)
        if self.prompt is None:
            return self.processor(images=pictures, return_tensors="pt")
        inputs = self.processor(
            images=pictures, text=[self.prompt] * len(pictures), return_tensors="pt"
        )
        if self.ends_text:
            for name in ("input_ids", "attention_mask"):
                inputs[name] = inputs[name][:, :-1]
            inputs.pop("token_type_ids", None)  # a BERT's, of which such a model knows nothing
        return inputs

    def _ask(self, pictures: list[Image]) -> Any:
        text = {"type": "text", "text": self.prompt or DEFAULT_PROMPT}
        questions = [
            [{"role": "user", "content": [{"type": "image", "image": picture}, text]}]
            for picture in pictures
        ]
        return self.processor.apply_chat_template(
            questions,
            add_generation_prompt=True,
            tokenize=True,
            return_dict=True,
            return_tensors="pt",
            # Pictures of several shapes are texts of several lengths; all answers start together.
            processor_kwargs={"padding": True, "padding_side": "left"},
        )


@dataclass(frozen=True)
class _PicturesOnly:
    """Stands in for the processor of a model that has none, such as a ViT with a GPT-2."""

    image_processor: Any
    tokenizer: Any

    def __call__(self, images: Sequence[Image], **options: Any) -> Any:
        return self.image_processor(images, **options)


def load_processor(source: str, config: Any, prompt: str | None, **options: Any) -> HubProcessor:
    """Loads how pictures go into a model.

    Args:
        source: a folder or a hub name.
        config: the model's configuration, of transformers.
        prompt: as for `HubProcessor`.
        options: for ``from_pretrained``.

    Raises:
        ModelError: the model takes no prompt, or a library is missing.
        Exception: whatever transformers raises for what cannot be loaded.
    """
    try:
        processor = _load_processor(source, **options)
    except ImportError as error:
        raise ModelError(
            f"{source}: needs a library that is not installed ({first_line(error)}); install it, "
            "and torchvision in the build that fits PyTorch's (see docs/hub-models.md)"
        ) from error
    if len(processor.tokenizer) <= len(processor.tokenizer.all_special_ids):
        # What transformers makes up where the files of a tokenizer are missing.
        raise ValueError("the tokenizer's files are missing")
    if prompt is not None and isinstance(processor, _PicturesOnly):
        raise ModelError(f"{source}: a {config.model_type} takes no prompt; leave it out")
    return HubProcessor(processor, prompt, ends_text=config.model_type == "git")


def _load_processor(source: str, **options: Any) -> Any:
    from transformers import AutoImageProcessor, AutoProcessor, AutoTokenizer, ProcessorMixin

    processor = AutoProcessor.from_pretrained(source, **options)
    if isinstance(processor, ProcessorMixin):
        return processor
    # AutoProcessor then returns the first part that it finds.
    return _PicturesOnly(
        AutoImageProcessor.from_pretrained(source, **options),
        AutoTokenizer.from_pretrained(source, **options),
    )
