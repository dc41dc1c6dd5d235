"""CLIP and SigLIP of the Hugging Face hub, or any model of transformers with their two towers."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from captioner.errors import ModelError
from captioner.runtime.hub import check_numbers, first_line, load_from_hub, quiet
from captioner.search.retriever import Retriever

if TYPE_CHECKING:
    import torch

_TEXTS_AT_ONCE = 64

# What index-wide chance scores are measured by; models of the hub bring no sentences of their own.
_QUERIES = (
    "a dog on a beach", "two people talking", "a plate of food", "a red car in a street",
    "children playing in a park", "a man riding a bicycle", "a cat on a sofa", "a city at night",
    "a mountain with snow", "a woman with a guitar", "a crowd at a concert", "a bird on a branch",
    "a boat on a lake", "a football match", "a kitchen", "a birthday cake", "a horse in a field",
    "a screenshot of a program", "a page of text", "a flower", "an aeroplane in the sky",
    "a train at a station", "a baby asleep", "a person swimming", "a map", "a cup of coffee",
    "a wedding", "a computer on a desk", "a forest in autumn", "a bridge over a river",
    "a man in a suit", "a group of friends laughing",
)  # fmt: skip


class HubRetriever(Retriever):
    """Embeds by a model of transformers that has ``get_image_features`` and ``get_text_features``.

    Args:
        model: of transformers.
        processor: how pictures and texts go in.
        name: what messages call it.
    """

    def __init__(self, model: Any, processor: Any, name: str):
        self.name = name
        self._model = model
        self._processor = processor
        self.identity = f"{name} {_digest(model)}"
        self.largest = int(model.config.vision_config.image_size)
        self.dimensions = self.embed_texts(["a"]).shape[1]

    @classmethod
    def from_folder(cls, folder: Path) -> HubRetriever:
        """Loads a folder that ``save_pretrained`` wrote, never asking a network.

        Raises:
            ModelError: the folder holds no such model, or a damaged one.
        """
        try:
            with quiet():
                model, processor = _load(str(folder), local_files_only=True)
            return cls(model, processor, folder.name)
        except Exception as error:  # transformers raises anything at all for a damaged folder
            raise ModelError(
                f"{folder}: nothing to search with can be loaded from here ({first_line(error)}); "
                "give a folder that captioner.train --task match wrote, or transformers' "
                "save_pretrained with a CLIP or SigLIP and its processor"
            ) from error

    @classmethod
    def from_hub(cls, name: str) -> HubRetriever:
        """Loads a model of the Hugging Face hub: from the local cache, else by download.

        Raises:
            ModelError: there is no such model, no network, or it is of another kind.
        """
        try:
            model, processor = load_from_hub(name, _load)
            return cls(model, processor, name)
        except Exception as error:  # network, cache, name, format: all end here
            raise ModelError(
                f"{name}: neither a model that ships nor a folder, and it could not be loaded from "
                f"the Hugging Face hub or its local cache ({first_line(error)}); check the name "
                "and the network (HF_HUB_OFFLINE=1 forbids it), or download it elsewhere and give "
                "the folder"
            ) from error

    def embed_images(self, images: Sequence[np.ndarray]) -> np.ndarray:
        """See `Retriever.embed_images`."""
        import torch
        from PIL import Image

        if not len(images):
            return np.zeros((0, self.dimensions), np.float32)
        pictures = [Image.fromarray(image) for image in images]
        with torch.inference_mode(), quiet():
            inputs = self._processor(images=pictures, return_tensors="pt")
            return _unit(self._model.get_image_features(pixel_values=inputs["pixel_values"]))

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """See `Retriever.embed_texts`."""
        import torch

        parts = []
        longest = self._model.config.text_config.max_position_embeddings
        # SigLIP was taught sentences filled up to their full length, and knows no others.
        padding = "max_length" if "siglip" in self._model.config.model_type else True
        with torch.inference_mode(), quiet():
            for at in range(0, len(texts), _TEXTS_AT_ONCE):
                inputs = self._processor(
                    text=list(texts[at : at + _TEXTS_AT_ONCE]),
                    padding=padding,
                    truncation=True,
                    max_length=longest,
                    return_tensors="pt",
                )
                parts.append(_unit(self._model.get_text_features(**inputs)))
        return np.concatenate(parts) if parts else np.zeros((0, self.dimensions), np.float32)

    def random_queries(self) -> np.ndarray | None:
        """See `Retriever.random_queries`."""
        return self.embed_texts(_QUERIES)


def _unit(found: Any) -> np.ndarray:
    # Versions of transformers differ: the features themselves, or an output that holds them.
    features: torch.Tensor = getattr(found, "pooler_output", found)
    unit: np.ndarray = (features / features.norm(dim=-1, keepdim=True)).float().numpy()
    return unit


def _digest(model: Any) -> str:
    """What tells the model from any other: its settings and a few of its numbers."""
    digest = hashlib.sha256(model.config.to_json_string().encode())
    for name, weights in model.state_dict().items():
        digest.update(name.encode() + weights.flatten()[:64].float().numpy().tobytes())
    return digest.hexdigest()[:16]


def _load(source: str, **options: Any) -> tuple[Any, Any]:
    from transformers import AutoModel, AutoProcessor

    # Asked for in so many words: without it transformers asks at the terminal.
    options["trust_remote_code"] = False
    model, report = AutoModel.from_pretrained(source, output_loading_info=True, **options)
    for needed in ("get_image_features", "get_text_features"):
        if not hasattr(model, needed):
            raise ValueError(f"a {model.config.model_type} does not compare pictures and texts")
    if missing := sorted(report["missing_keys"]):
        raise ValueError(f"the weights lack {missing[0]} and {len(missing) - 1} more")
    check_numbers(model)
    return model.eval(), AutoProcessor.from_pretrained(source, **options)
