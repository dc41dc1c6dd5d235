import json
import shutil

import numpy as np
import pytest

from captioner import ModelError, load_captioner, load_clip_captioner
from captioner.describe.hub import HubCaptioner
from captioner.describe.hub_processor import DEFAULT_PROMPT
from captioner.describe.network import NetworkCaptioner
from summarizer import load_summarizer
from tests.describe.hub_makers import save_blip, save_blip2, save_git, save_llava, save_vit_gpt2
from tests.makers import numbered_frames, photo, save_animation
from tests.models.test_caption_model import tiny_model

SAVERS = {
    "blip": save_blip,
    "blip2": save_blip2,
    "git": save_git,
    "vit-gpt2": save_vit_gpt2,
    "llava": save_llava,
}
# Of several shapes, one of them with as many rows as colours.
PICTURES = [photo(), photo(80, 120, shift=20), np.full((3, 3, 3), 255, np.uint8)]


@pytest.fixture(autouse=True)
def short_answers(monkeypatch):
    # Random weights seldom end a text.
    monkeypatch.setattr("captioner.describe.hub._ANSWER_TOKENS", 30)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    root = tmp_path_factory.mktemp("hub")
    return {name: save(root / name) for name, save in SAVERS.items()}


@pytest.fixture(scope="module", params=SAVERS)
def captioner(request, folders):
    return load_captioner(folders[request.param])


def load(folders, name, **options):
    return load_captioner(folders[name], **options)


def copy_of(folders, name, tmp_path):
    return shutil.copytree(folders[name], tmp_path / name)


def test_a_folder_that_transformers_wrote_is_loaded(captioner, folders):
    assert isinstance(captioner, HubCaptioner)
    assert captioner.name in folders


def test_a_caption_has_text_words_and_score(captioner):
    caption = captioner.caption(photo())
    assert caption.words == tuple(caption.text.split())
    assert caption.text == " ".join(caption.words)
    assert caption.words
    assert caption.score < 0
    assert caption.attention is None
    assert caption.alternatives == ()


@pytest.mark.parametrize("beams", [1, 2])
def test_a_batch_is_captioned_as_one_by_one(captioner, beams):
    captioner = captioner.searching(beams=beams)
    together = captioner.caption_images(PICTURES)
    alone = [captioner.caption(picture) for picture in PICTURES]
    assert [caption.text for caption in together] == [caption.text for caption in alone]
    assert [c.score for c in together] == pytest.approx([c.score for c in alone], abs=1e-4)
    # The weights are random, but the pictures are seen.
    scores = sorted(caption.score for caption in together)
    assert min(np.diff(scores)) > 1e-6


def test_no_pictures_have_no_captions(captioner):
    assert captioner.caption_images([]) == []


def test_the_other_beams_are_alternatives_best_first(captioner):
    caption = captioner.searching(beams=3).caption(photo())
    scores = [caption.score, *(other.score for other in caption.alternatives)]
    assert len(scores) == 3
    # Two that are as good may come in either order: how sums are rounded, each processor decides.
    assert scores == pytest.approx(sorted(scores, reverse=True), abs=1e-5)
    assert scores[0] >= captioner.caption(photo()).score - 1e-5


def test_searching_otherwise_shares_the_weights(captioner):
    wider = captioner.searching(beams=2)
    assert wider.model is captioner.model
    assert (captioner.beams, wider.beams, wider.name) == (1, 2, captioner.name)
    with pytest.raises(ValueError, match="beams"):
        captioner.searching(beams=0)


def test_beams_can_be_asked_for_when_loading(folders):
    assert len(load(folders, "git", beams=2).caption(photo()).alternatives) == 1


@pytest.mark.parametrize("beams", [1, 2])
def test_text_and_score_are_those_that_transformers_reports(captioner, beams):
    captioner = captioner.searching(beams=beams)
    inputs = captioner.reader.read([photo()])
    found = captioner.model.generate(
        **inputs,
        num_beams=beams,
        max_new_tokens=30 if captioner.reader.chats else 50,
        return_dict_in_generate=True,
        output_scores=True,
    )
    steps = captioner.model.compute_transition_scores(
        found.sequences, found.scores, found.get("beam_indices"), normalize_logits=True
    )[0]
    written = found.sequences[0, -len(steps) :]
    text = captioner.reader.processor.tokenizer.decode(written, skip_special_tokens=True)
    caption = captioner.caption(photo())
    assert caption.text == " ".join(text.split())
    assert caption.score == pytest.approx(steps.mean().item(), abs=1e-4)


@pytest.mark.parametrize("name", ["blip", "llava"])
def test_what_fills_the_space_behind_an_end_counts_for_nothing(folders, name):
    captioner = load(folders, name)
    words = captioner.caption(photo()).words
    # The first word that the model writes now ends the text of this picture, not of the others.
    tokenizer = captioner.reader.processor.tokenizer
    end = tokenizer.convert_tokens_to_ids(words[0])
    for model in (captioner.model, getattr(captioner.model, "text_decoder", captioner.model)):
        model.generation_config.eos_token_id = end
    if name == "blip":
        captioner.model.config.text_config.sep_token_id = end
    together = captioner.caption_images(PICTURES)
    alone = captioner.caption(photo())
    assert together[0].words == alone.words == words[:1]
    assert together[0].score == pytest.approx(alone.score, abs=1e-5)


class TestPrompt:
    @pytest.mark.parametrize("name", ["blip", "blip2", "git"])
    def test_a_captioner_goes_on_with_it_and_the_text_is_what_it_adds(self, folders, name):
        captioner = load(folders, name, prompt="a photo of")
        ids = captioner.reader.read(PICTURES)["input_ids"]
        tokens = captioner.reader.processor.tokenizer.convert_ids_to_tokens(ids[0])
        expected = {
            "blip": ["[CLS]", "a", "photo", "of", "[SEP]"],  # it takes the end away itself
            "blip2": [*["<image>"] * 4, "a", "photo", "of"],
            "git": ["[CLS]", "a", "photo", "of"],
        }
        assert tokens == expected[name]
        captions = captioner.caption_images(PICTURES)
        assert not any(caption.text.startswith("a photo of") for caption in captions)
        assert captions[0] != load(folders, name).caption(photo())
        assert captions[0].score == pytest.approx(captioner.caption(photo()).score, abs=1e-4)

    def test_a_chat_model_is_asked_a_question(self, folders):
        captioner = load(folders, "llava", prompt="what color is the dog")
        assert "what color is the dog assistant:" in self.read(captioner)
        assert not captioner.caption(photo()).text.startswith("user:")
        assert captioner.caption(photo()) != load(folders, "llava").caption(photo())

    def test_a_chat_model_has_a_default_question(self, folders):
        asked = self.read(load(folders, "llava")).split("user:")[1].split()
        # The tokenizer knows lower-case words only.
        assert len([word for word in asked if word != "<image>"]) == len(DEFAULT_PROMPT.split()) + 1

    def read(self, captioner):
        ids = captioner.reader.read([photo()])["input_ids"][0]
        return captioner.reader.processor.tokenizer.decode(ids)

    def test_pictures_alone_take_none(self, folders):
        with pytest.raises(ModelError, match=r"vit-gpt2: .*takes no prompt; leave it out"):
            load(folders, "vit-gpt2", prompt="a photo of")

    def test_a_model_that_needs_one_says_so_when_it_is_loaded(self, folders, tmp_path):
        folder = copy_of(folders, "llava", tmp_path)
        (folder / "chat_template.jinja").unlink()
        with pytest.raises(ModelError, match=r"llava: cannot caption a picture.*give it a prompt"):
            load_captioner(folder)
        with pytest.raises(ModelError, match=r"llava: .*give it another prompt"):
            load_captioner(folder, prompt="what color is the dog")
        asked = load_captioner(folder, prompt="user: <image> what color is the dog assistant:")
        assert asked.caption(photo()).words

    def test_our_own_captioner_takes_none(self, tmp_path):
        tiny_model().save(tmp_path / "mine")
        with pytest.raises(ModelError, match=r"mine: takes no prompt.*leave"):
            load_captioner(tmp_path / "mine", prompt="a photo of")


def test_the_precision_is_the_one_asked_for(folders):
    for precision in ("float32", "bfloat16"):
        captioner = load(folders, "git", precision=precision)
        assert str(captioner.model.dtype) == f"torch.{precision}"
        assert captioner.caption(photo()).words


def test_frames_of_a_clip_become_one_sentence(folders, tmp_path):
    clip = save_animation(tmp_path / "clip.gif", numbered_frames(4))
    video = load_clip_captioner(load(folders, "git"), load_summarizer("consensus"), max_frames=3)
    result = video.caption(clip)
    assert len(result.frames) == 3
    assert result.text in {frame.caption.text for frame in result.frames}


def test_nothing_is_written_on_the_screen(folders, capfd):
    load(folders, "blip", beams=2).caption(photo())
    assert capfd.readouterr() == ("", "")


def test_half_precision_is_loaded(folders, tmp_path):
    import torch

    folder = copy_of(folders, "llava", tmp_path)
    captioner = load_captioner(folder)
    captioner.model.to(torch.bfloat16).save_pretrained(folder)
    assert load_captioner(folder).caption(photo()).words


class TestWhichModel:
    def test_a_name_that_ships_wins_over_a_folder(self, folders, tmp_path, monkeypatch):
        tiny_model().save(tmp_path / "shipped" / "tiny")
        shutil.copytree(folders["git"], tmp_path / "tiny")
        for module in ("captioner.models.folder", "captioner.describe.loading"):
            monkeypatch.setattr(f"{module}.PRETRAINED", tmp_path / "shipped")
        monkeypatch.chdir(tmp_path)
        assert isinstance(load_captioner("tiny"), NetworkCaptioner)
        assert isinstance(load_captioner("./tiny"), HubCaptioner)

    @pytest.mark.parametrize("name", ["no-such-model", "./owner/model", "a/b/c", "~/model"])
    def test_what_can_be_no_hub_name_is_refused_at_once(self, name):
        with pytest.raises(ModelError, match=r"no folder.*owner/model.*flickr8k-xception-lstm"):
            load_captioner(name)

    def test_a_hub_name_without_network_says_what_to_do(self, monkeypatch):
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
        with pytest.raises(
            ModelError, match=r"someone/no-such-blip: .*hub.*HF_HUB_OFFLINE.*auth login.*folder"
        ):
            load_captioner("someone/no-such-blip")

    def test_a_hub_name_may_be_in_the_cache(self, folders):
        assert HubCaptioner.from_hub(str(folders["git"])).caption(photo()).words


def damage_weights(folder):
    (folder / "model.safetensors").write_bytes(b"not weights")


def remove_weights(folder):
    (folder / "model.safetensors").unlink()


def remove_tokenizer(folder):
    for path in folder.glob("tokenizer*"):
        path.unlink()


def remove_processor(folder):
    (folder / "processor_config.json").unlink()


def other_kind(folder):
    (folder / "config.json").write_text('{"model_type": "bert"}')


def foreign_code(folder):
    path = folder / "config.json"
    config = json.loads(path.read_text()) | {"model_type": "odd", "auto_map": {"AutoConfig": "o.O"}}
    path.write_text(json.dumps(config))


def lose_a_tensor(folder):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors.pop(sorted(name for name in tensors if name.endswith("query.weight"))[0])
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


DAMAGE = [
    damage_weights,
    remove_weights,
    remove_tokenizer,
    remove_processor,
    other_kind,
    foreign_code,
    lose_a_tensor,
]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_folder_is_named_with_the_remedy(folders, tmp_path, damage):
    folder = copy_of(folders, "git", tmp_path)
    damage(folder)
    with pytest.raises(ModelError, match=r"git: no captioner can be loaded.*save_pretrained"):
        load_captioner(folder)
