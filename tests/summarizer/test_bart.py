import json

import pytest

import summarizer
from summarizer import Summarizer, SummarizerError, load_summarizer
from summarizer.bart import BartSummarizer, Candidate, choose, tidy
from summarizer.base import usable_captions
from summarizer.ngrams import DocumentFrequencies
from summarizer.settings import FREQUENCIES_FILE, FusionSettings
from tests.fusion_makers import save_bart, save_t5, scene

CAPTIONS = scene("a dog", "runs in a park")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return save_bart(tmp_path_factory.mktemp("models") / "bart")


@pytest.fixture(scope="module")
def bart(folder):
    return load_summarizer(folder)


def copy_of(folder, target):
    target.mkdir()
    for path in folder.iterdir():
        (target / path.name).write_bytes(path.read_bytes())
    return target


@pytest.mark.parametrize("save", [save_bart, save_t5])
def test_any_sequence_to_sequence_folder_gives_a_caption(save, tmp_path):
    loaded = load_summarizer(str(save(tmp_path / "model")))
    sentence = loaded.summarize(CAPTIONS)
    assert isinstance(loaded, Summarizer)
    assert 1 <= len(sentence.split()) <= 24
    assert sentence == sentence.lower()
    assert not sentence.endswith(".")


def test_the_same_captions_give_the_same_sentence(folder, bart):
    assert load_summarizer(folder).summarize(CAPTIONS) == bart.summarize(CAPTIONS)


def test_groups_keep_their_order_in_a_batch(bart):
    groups = [scene("a man", "rides a horse")[:3], CAPTIONS, ["two girls"]] * 4
    assert bart.summarize_many(groups) == [bart.summarize(group) for group in groups]
    assert bart.summarize_many([]) == []


def test_loading_writes_nothing_on_the_screen(folder, capfd):
    load_summarizer(folder).summarize(CAPTIONS)
    assert capfd.readouterr() == ("", "")


def test_a_general_model_reads_sentences():
    source = FusionSettings().source(["a dog runs .", "A cat!", "it sleeps"])
    assert source == "A dog runs. A cat! It sleeps."


def test_a_fuser_reads_plain_words_between_separators_with_repetitions():
    settings = FusionSettings("<sep>", "<clip>")
    source = settings.source(["A dog runs.", "A dog runs.", "<sep>a dog's ball </s>"])
    assert source == "<clip>a dog runs<sep>a dog runs<sep>sep a dog's ball s"


def test_an_endless_caption_leaves_room_for_the_others(bart):
    settings = FusionSettings("<sep>")
    assert settings.source(["very " * 500, "a dog"]).endswith("<sep>a dog")
    assert bart.summarize(["very long " * 5000] * 16)


def test_many_captions_are_thinned_evenly():
    captions = [f"caption {number}" for number in range(31)]
    kept = usable_captions(captions)
    assert kept == captions[::2]
    assert usable_captions(captions, most=1) == ["caption 15"]
    assert usable_captions([" a  b\n", "", " . "]) == ["a b"]


@pytest.mark.parametrize("captions", [[], ["", " "], ["..."], "a dog"])
def test_no_captions_are_refused(bart, captions):
    with pytest.raises(SummarizerError, match="caption"):
        bart.summarize(captions)


def test_a_silent_model_falls_back_on_the_consensus(bart, monkeypatch):
    monkeypatch.setattr(BartSummarizer, "_search", lambda self, reading: [["", ""]])
    assert bart.summarize(["a cat", "a dog runs in it", "a dog runs in a park"]).startswith("a dog")


def test_captions_that_the_model_cannot_read_are_chosen_from(bart):
    deaf = BartSummarizer(bart.network, FusionSettings("<sep>", "<clip>"), bart.agreement, "deaf")
    assert deaf.summarize(["собака бежит", "собака бежит"]) == "собака бежит"


def test_candidates_are_weighed_by_agreement():
    probable = Candidate("a man", -0.5, 0.1, True)
    agreed = Candidate("a man sings", -1.0, 2.0, True)
    copied = Candidate("a man sings well", -0.1, 3.0, False)
    everything = [probable, agreed, copied]
    assert choose(everything, FusionSettings()) == "a man"
    assert choose(everything, FusionSettings(agreement=1.0)) == "a man sings"
    assert choose(everything, FusionSettings(agreement=1.0, inputs_compete=True)) == copied.text
    assert choose([copied], FusionSettings()) == ""


def test_captions_compete_with_the_beams(folder, tmp_path):
    own = copy_of(folder, tmp_path / "own")
    FusionSettings("<sep>", "<clip>", agreement=50.0, inputs_compete=True).save(own)
    DocumentFrequencies.from_references([CAPTIONS, ["a cat"]]).save(own / FREQUENCIES_FILE)
    fuser = load_summarizer(own)
    found = fuser.candidates(CAPTIONS)
    assert {item.text for item in found if not item.generated} == set(CAPTIONS)
    assert all(item.log_probability < 0 for item in found)
    # Random weights write nothing that anybody agrees with.
    assert fuser.summarize(CAPTIONS) == "a dog runs in a park"


def test_log_probabilities_do_not_depend_on_the_batch(folder, tmp_path):
    own = copy_of(folder, tmp_path / "own")
    FusionSettings("<sep>", "<clip>", agreement=1.0, inputs_compete=True).save(own)
    fuser = load_summarizer(own)
    alone = fuser.candidates(CAPTIONS)
    together = fuser._candidates([["two girls"], CAPTIONS])[1]
    assert [item.text for item in alone] == [item.text for item in together]
    assert [item.log_probability for item in alone] == pytest.approx(
        [item.log_probability for item in together], abs=1e-4
    )


def test_tidy_keeps_the_first_sentence_as_captions_are_written():
    assert tidy("  A man sings. He is  tall. ", 24) == "a man sings"
    assert tidy("one two three four", 2) == "one two"
    assert tidy(" . ", 24) == ""


def test_a_hub_name_may_be_a_cached_model(folder):
    assert BartSummarizer.from_hub(str(folder)).summarize(CAPTIONS)


def test_a_hub_name_without_network_says_what_to_do(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(SummarizerError, match=r"someone/no-such-bart.*hub.*network.*consensus"):
        load_summarizer("someone/no-such-bart")


def damage_weights(folder):
    (folder / "model.safetensors").write_bytes(b"not weights")


def remove_config(folder):
    (folder / "config.json").unlink()


def remove_tokenizer(folder):
    for path in folder.glob("tokenizer*"):
        path.unlink()


def other_kind(folder):
    (folder / "config.json").write_text('{"model_type": "vit"}')


def lose_a_tensor(folder):
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / "model.safetensors")
    tensors.pop("model.encoder.layers.0.fc1.weight")
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})


def damage_settings(folder):
    (folder / "fusion.json").write_text("{")


def unknown_setting(folder):
    (folder / "fusion.json").write_text(json.dumps({"beams": 4}))


def wrong_setting(folder):
    (folder / "fusion.json").write_text(json.dumps({"beam_size": "four"}))


def no_beams(folder):
    (folder / "fusion.json").write_text(json.dumps({"beam_size": 0}))


def damage_frequencies(folder):
    (folder / FREQUENCIES_FILE).write_bytes(b"no table")


@pytest.mark.parametrize(
    "damage",
    [
        damage_weights,
        remove_config,
        remove_tokenizer,
        other_kind,
        lose_a_tensor,
        damage_settings,
        unknown_setting,
        wrong_setting,
        no_beams,
        damage_frequencies,
    ],
)
def test_a_bad_folder_is_named(folder, tmp_path, damage):
    bad = copy_of(folder, tmp_path / "bad")
    damage(bad)
    with pytest.raises(SummarizerError, match=str(bad)):
        load_summarizer(bad)


@pytest.mark.parametrize("name", ["./missing", "/missing/model", "a/b/c", "", "  "])
def test_a_name_that_can_be_nothing_lists_what_can(name):
    with pytest.raises(SummarizerError, match="consensus"):
        load_summarizer(name)


def test_settings_survive_a_folder(tmp_path):
    settings = FusionSettings("<sep>", "<clip>", 6, 20, 0.5, True)
    settings.save(tmp_path)
    assert FusionSettings.load(tmp_path) == settings


def test_public_names_are_there_and_nothing_else():
    assert all(getattr(summarizer, name).__name__ == name for name in summarizer.__all__)
    assert set(summarizer._HOMES) == set(summarizer.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = summarizer.nothing
