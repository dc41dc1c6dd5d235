"""A BART of transformers as graphs of OpenVINO."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import openvino
import torch
from safetensors.numpy import load_file
from torch import nn

from captioner.runtime.hub import quiet
from summarizer.exported import GRAPHS, graph_files
from summarizer.torch_network import TorchNetwork


def export(folder: Path) -> tuple[str, ...]:
    """Writes the graphs of a model folder into it; returns their names.

    Raises:
        OSError: the folder cannot be written.
        Exception: see `graphs_of`.
    """
    with quiet():
        graphs = graphs_of(folder)
    weights = load_file(folder / "model.safetensors")
    names = {array.astype(np.float32).tobytes(): name for name, array in weights.items()}
    for graph in graphs.values():
        _name_weights(graph, names)
    graph_files(folder).write(graphs, folder)
    return GRAPHS


def _name_weights(graph: Any, names: dict[bytes, str]) -> None:
    """Gives constants the names of the weights of the same numbers, for conversion loses some."""
    for node in graph.get_ops():
        if node.get_type_name() == "Constant":
            name = names.get(node.data.tobytes()) if node.data.size > 1 else None
            node.set_friendly_name(name or f"constant of {node.get_name()}")


def graphs_of(folder: Path) -> dict[str, Any]:
    """The graphs of a model folder, in float32 and for any number and length of texts.

    Args:
        folder: a BART as ``save_pretrained`` writes it.

    Returns:
        - ``encoder``: sources int64 [B, S] and which of their tokens are real int64 [B, S] → what
          was read [B, S, D].
        - ``decoder``: texts int64 [B, L], what was read, which of it is real → [B, L, D].
        - ``words``: rows of the decoder [M, D] → log-probabilities of the next word [M, V].

    Raises:
        Exception: whatever transformers raises for a damaged folder.
    """
    with torch.no_grad(), warnings.catch_warnings():
        # That a trace may not hold for all inputs: the tests compare it with the model itself.
        warnings.simplefilter("ignore")
        model = TorchNetwork.load(
            str(folder),
            dtype=torch.float32,
            local_files_only=True,
            attn_implementation="eager",  # plain products, which OpenVINO finds its own way to do
        ).model
        encoder, decoder, words = _Encoder(model), _Decoder(model), _Words(model)
        tokens = torch.ones((2, 3), dtype=torch.int64)
        read = encoder(tokens, tokens)
        return {
            "encoder": openvino.convert_model(encoder, example_input=(tokens, tokens)),
            "decoder": openvino.convert_model(decoder, example_input=(tokens[:, :2], read, tokens)),
            "words": openvino.convert_model(words, example_input=(read[:, 0],)),
        }


class _Encoder(nn.Module):
    def __init__(self, model: Any):
        super().__init__()
        self.encoder = model.get_encoder()

    def forward(self, sources: torch.Tensor, real: torch.Tensor) -> Any:
        return self.encoder(input_ids=sources, attention_mask=real).last_hidden_state


class _Decoder(nn.Module):
    def __init__(self, model: Any):
        super().__init__()
        self.decoder = model.get_decoder()

    def forward(self, texts: torch.Tensor, read: torch.Tensor, real: torch.Tensor) -> Any:
        return self.decoder(
            input_ids=texts,
            encoder_hidden_states=read,
            encoder_attention_mask=real,
            use_cache=False,
        ).last_hidden_state


class _Words(nn.Module):
    def __init__(self, model: Any):
        super().__init__()
        self.words = model.lm_head
        self.register_buffer("bias", model.final_logits_bias)

    def forward(self, states: torch.Tensor) -> Any:
        return torch.log_softmax(self.words(states) + self.bias, dim=-1)
