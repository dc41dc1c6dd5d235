"""``python -m training.export``: the graphs by which a model folder runs without Keras or PyTorch.

They are a few hundred kilobytes beside the weights, which stay where they are. A training run ends
with this command; after a change of the network's code it is given again for the models that ship.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from captioner.models.dual_encoder_config import TASK
from training.common.extras import missing_extra


def parser() -> argparse.ArgumentParser:
    """The command line."""
    result = argparse.ArgumentParser(
        prog="python -m training.export",
        description="Writes the graphs by which a model folder, of whatever kind, "
        "runs on OpenVINO alone.",
    )
    result.add_argument("folders", type=Path, nargs="+", metavar="MODEL_DIR")
    return result


def main(arguments: list[str] | None = None) -> int:
    """Runs the command; returns its exit code."""
    options = parser().parse_args(arguments)
    if (missing := missing_extra()) is not None:
        print(f"training.export: {missing}", file=sys.stderr)
        return 2
    os.environ["KERAS_BACKEND"] = "openvino"  # whatever the user's: the result is a graph of its
    try:
        for folder in options.folders:
            print(folder, *export(folder))
    except (ImportError, OSError, ValueError) as error:
        print(f"training.export: {error}", file=sys.stderr)
        return 2
    return 0


def export(folder: Path) -> tuple[str, ...]:
    """Writes the graphs of a model folder into it; returns their names.

    Args:
        folder: what ``captioner.train`` or ``summarizer.train`` wrote. For a captioner's, Keras
            runs on OpenVINO in this process.

    Raises:
        ValueError: it is no model folder, or damaged; `ModelError` is one.
        OSError: the folder cannot be read or written.
        ImportError: OpenVINO is missing.
    """
    settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    if "model_type" in settings:
        from summarizer.bart_graphs import export as export_summarizer

        return export_summarizer(folder)
    if settings.get("task") == TASK:
        return _export_dual_encoder(folder)
    if settings.get("task") == "answer":
        from captioner.models.answer_saving import export_answerer

        return export_answerer(folder)
    from captioner.models import visual
    from captioner.models.caption_model import load_encoder
    from captioner.models.export import encoder_graph_of, graphs_of
    from captioner.models.exported import write_graphs
    from captioner.models.folder import read_folder
    from captioner.models.loading import load_network

    if "decoder" not in settings:
        visual.write_graph(folder, encoder_graph_of(load_encoder(folder)))
        return (visual.ENCODER,)
    graphs = graphs_of(load_network(folder))
    write_graphs(read_folder(folder), graphs)
    return tuple(graphs)


def _export_dual_encoder(folder: Path) -> tuple[str, ...]:
    from captioner.models.dual_encoder_building import graphs_of, load_network, write_graphs
    from captioner.models.dual_encoder_folder import read_dual_encoder

    read = read_dual_encoder(folder)
    graphs = graphs_of(load_network(read))
    write_graphs(read, graphs)
    return tuple(graphs)


def export_apart(folder: Path) -> None:
    """As `export`, in a process of its own, for Keras trains on another backend in this one.

    Raises:
        OSError: it failed; the process has said why on standard error.
    """
    command = [sys.executable, "-m", "training.export", os.fspath(folder)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise OSError(f"{folder}: its graphs could not be made; see above")


if __name__ == "__main__":
    from captioner.runtime.process import run

    run("training.export")
