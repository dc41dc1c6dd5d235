"""A chat-style model of transformers as an answerer."""

import numpy as np
import pytest

from captioner.ask.hub import HubAnswerer
from captioner.ask.loading import load_answerer
from captioner.errors import ModelError
from captioner.media.lazy_frames import Clip, Frame
from tests.describe.hub_makers import save_blip, save_llava


@pytest.fixture(scope="module")
def llava(tmp_path_factory):
    return save_llava(tmp_path_factory.mktemp("hub") / "llava")


def test_each_question_is_put_to_the_model(llava, monkeypatch):
    answerer = load_answerer(llava)
    assert isinstance(answerer, HubAnswerer) and answerer.name == "llava"
    prompts = []
    asked = answerer._asked
    monkeypatch.setattr(
        answerer, "_asked", lambda question: prompts.append(question) or asked(question)
    )
    frames = tuple(Frame(float(n), np.full((8, 8, 3), n, np.uint8)) for n in range(3))
    answers = answerer.answer_clip(Clip(frames, 3.0), ["what is it?", "and who?"])
    assert prompts == ["what is it?", "and who?"]
    assert asked("and who?").reader.prompt.startswith("and who?")
    for answer in answers:
        assert 0 <= answer.score <= 1 and answer.told
        assert [(frame.start, frame.end) for frame in answer.frames] == [(1.0, 2.0)]


def test_a_captioner_that_does_not_chat_is_refused(tmp_path):
    with pytest.raises(ModelError, match="chat template"):
        load_answerer(save_blip(tmp_path / "blip"))
