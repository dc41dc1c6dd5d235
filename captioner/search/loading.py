"""From a name or a folder to a retriever."""

from __future__ import annotations

from pathlib import Path

from captioner.errors import ModelError
from captioner.models.dual_encoder_folder import is_dual_encoder
from captioner.models.folder import PRETRAINED, shipped_models
from captioner.runtime.extras import need
from captioner.runtime.hub import is_path
from captioner.search.retriever import NetworkRetriever, Retriever

DEFAULT_MODEL = "finder"


def load_retriever(model: str | Path | None = None) -> Retriever:
    """Loads what finds pictures by sentences, and by pictures.

    Args:
        model: None for the one that ships; the name of one that ships; a folder that
            ``captioner.train --task match`` or transformers' ``save_pretrained`` wrote; or the name
            of a CLIP or SigLIP of the Hugging Face hub, ``owner/model``, which is then downloaded
            through transformers.

    Raises:
        ModelError: there is no such model, or it is damaged.
    """
    name = DEFAULT_MODEL if model is None else model
    shipped = shipped_models("match")
    if isinstance(name, str) and name in shipped:
        return _load_network(PRETRAINED / name)
    folder = Path(name)
    if folder.is_dir() and is_dual_encoder(folder):
        return _load_network(folder.resolve())
    wrong = isinstance(name, Path) or is_path(name) or "/" not in name
    if not folder.is_dir() and wrong:
        raise ModelError(
            f"no model {str(name)!r} to search with: it is no folder and no name on the Hugging "
            f"Face hub (owner/model), and what ships is: {', '.join(shipped) or 'none'}"
        )
    try:
        need("torch", "transformers", extra="hub", what="searching with a CLIP of transformers")
    except ImportError as error:
        raise ModelError(str(error)) from None
    from captioner.search.hub import HubRetriever

    if folder.is_dir():
        return HubRetriever.from_folder(folder.resolve())
    return HubRetriever.from_hub(str(name))


def _load_network(folder: Path) -> NetworkRetriever:
    from captioner.models.dual_encoder_features import PictureFeatures
    from captioner.models.dual_encoder_loading import load_dual_encoder

    towers = load_dual_encoder(folder)
    return NetworkRetriever(towers, PictureFeatures(towers.folder.config.encoders))
