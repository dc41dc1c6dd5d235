"""The files of a model folder by which a BART runs on OpenVINO without PyTorch."""

from __future__ import annotations

from pathlib import Path

from captioner.runtime.graph_files import GraphFiles

GRAPHS = ("encoder", "decoder", "words")


def graph_files(folder: Path) -> GraphFiles:
    """The files that the graphs of a model folder are made of."""
    # The weights count as settings, for some are folded into others.
    settings = ("config.json", "model.safetensors")
    return GraphFiles(GRAPHS, ("model.safetensors",), settings, folder.joinpath)
