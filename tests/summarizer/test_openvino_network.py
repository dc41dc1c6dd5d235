"""A fuser on OpenVINO writes what it would write on PyTorch."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file, save_file

from summarizer.bart import BartSummarizer
from summarizer.bart_graphs import export
from summarizer.exported import graph_files
from summarizer.settings import FusionSettings
from tests.fusion_makers import save_bart, scene, scenes

pytest.importorskip("openvino")

SOURCES = [
    "<clip>" + "<sep>".join(row["captions"][:count]) for count, row in enumerate(scenes(), 1)
]
TEXTS = ["a dog runs in a park", "two girls", "a man rides"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = save_bart(tmp_path_factory.mktemp("models") / "fuser")
    FusionSettings("<sep>", "<clip>", agreement=1.0, inputs_compete=True).save(folder)
    assert export(folder) == ("encoder", "decoder", "words")
    return folder


@pytest.fixture(scope="module")
def networks(folder):
    """The same weights in float32: on OpenVINO, and on PyTorch."""
    from summarizer.openvino_network import OpenVinoNetwork
    from summarizer.torch_network import TorchNetwork

    return (
        OpenVinoNetwork.load(folder, "f32"),
        TorchNetwork.load(str(folder), dtype=torch.float32, local_files_only=True),
    )


def test_a_fuser_runs_on_openvino_and_other_models_do_not(folder, tmp_path):
    general = save_bart(tmp_path / "general")
    names = [type(BartSummarizer.from_folder(at).network).__name__ for at in (folder, general)]
    assert names == ["OpenVinoNetwork", "TorchNetwork"]


@pytest.mark.parametrize("beams, best", [(1, 1), (4, 4), (4, 1), (5, 3)])
def test_a_search_finds_the_same(networks, beams, best):
    mine, theirs = (network.encode(SOURCES).search(beams, best, 12) for network in networks)
    assert mine == theirs


def test_texts_are_as_likely(networks):
    mine, theirs = (
        network.encode(SOURCES[:3]).log_probabilities(2, TEXTS, 48) for network in networks
    )
    assert mine == pytest.approx(theirs, abs=1e-5)
    mine, theirs = (
        network.encode(SOURCES[:3]).log_probabilities(2, TEXTS, 4) for network in networks
    )
    assert mine == pytest.approx(theirs, abs=1e-5)


def test_a_source_that_is_too_long_is_cut_alike(networks):
    endless = "<clip>" + "<sep>".join(f"a dog {number}" for number in range(200))
    mine, theirs = (network.encode([endless]).search(4, 4, 12) for network in networks)
    assert mine == theirs


@pytest.fixture
def bare(folder, tmp_path):
    """A copy without its graphs."""
    copy = shutil.copytree(folder, tmp_path / "fuser")
    for path in (*copy.glob("*.xml"), copy / "graphs.bin"):
        path.unlink()
    return copy


def test_a_folder_without_graphs_or_with_those_of_others_says_so_and_runs(
    networks, bare, folder, caplog
):
    from summarizer.openvino_network import OpenVinoNetwork

    expected = networks[0].encode(SOURCES[:2]).search(2, 2, 8)
    assert OpenVinoNetwork.load(bare, "f32").encode(SOURCES[:2]).search(2, 2, 8) == expected
    (record,) = caplog.records
    assert record.getMessage().startswith(f"{bare} has no graphs yet that run without PyTorch")
    shutil.copy(folder / "graphs.bin", bare)
    weights = load_file(bare / "model.safetensors")
    weights["final_logits_bias"] = weights["final_logits_bias"] + 1
    save_file(weights, bare / "model.safetensors", {"format": "pt"})
    assert graph_files(bare).read() is None


def test_making_the_graphs_writes_nothing_on_the_screen(bare, capfd, recwarn):
    export(bare)
    assert capfd.readouterr() == ("", "")
    assert not recwarn.list


def test_the_graphs_that_ship_are_those_of_the_model_that_ships():
    from summarizer.loading import DEFAULT, PRETRAINED
    from summarizer.openvino_network import OpenVinoNetwork
    from summarizer.torch_network import TorchNetwork

    folder = PRETRAINED / DEFAULT
    assert graph_files(folder).read() is not None
    mine = OpenVinoNetwork.load(folder, "f32").encode(SOURCES[:2])
    theirs = TorchNetwork.load(str(folder), dtype=torch.float32, local_files_only=True)
    expected = theirs.encode(SOURCES[:2])
    assert mine.search(4, 4, 12) == expected.search(4, 4, 12)
    assert mine.log_probabilities(1, TEXTS, 48) == pytest.approx(
        expected.log_probabilities(1, TEXTS, 48), abs=1e-4
    )


def test_threads_may_share_it(networks):
    from concurrent.futures import ThreadPoolExecutor

    network = networks[0]
    expected = [network.encode([source]).search(2, 2, 8) for source in SOURCES]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda source: network.encode([source]).search(2, 2, 8), SOURCES))
    assert found == expected


def test_fusing_needs_no_torch(folder):
    script = (
        "import sys\n"
        "from summarizer import load_summarizer\n"
        f"print(load_summarizer({str(folder)!r}).summarize({scene('a dog', 'runs')!r}))\n"
        "print(sorted({'torch', 'transformers'} & set(sys.modules)))\n"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[1] == "[]"


def test_attention_is_for_real_tokens_only(networks):
    """A source beside a longer one, which fills it up, is read as alone."""
    network = networks[0]
    alone, beside = network.encode(SOURCES[:1]), network.encode([SOURCES[0], SOURCES[9]])
    np.testing.assert_allclose(
        alone.log_probabilities(0, TEXTS, 48), beside.log_probabilities(0, TEXTS, 48), atol=1e-5
    )
