"""Answers about clips, with a network that says what it was given."""

import numpy as np
import pytest

from captioner.ask.base import CANNOT_TELL
from captioner.ask.clip_cut import ClipCut
from captioner.ask.frames import a_third, evenly
from captioner.ask.network import NetworkAnswerer
from captioner.ask.suggestions import suggested_questions
from captioner.media.lazy_frames import Clip, Frame
from captioner.models.answer_folder import AnswerCalibration
from tests.ask.test_answer_model import CONFIG, frames, table_model
from tests.makers import plain, save_animation, save_photo

CHANCES = {(): {"yes": 0.7, "no": 0.2, "red": 0.1}}


class Reader:
    """Counts the frames that it is given."""

    def __init__(self):
        self.read_frames = []

    def read(self, images):
        self.read_frames.append(len(images))
        return frames(len(images))


def answerer(**options):
    return NetworkAnswerer(table_model(CHANCES), Reader(), "tiny", **options)


def clip_of(count):
    shown = tuple(Frame(float(n), np.zeros((4, 4, 3), np.uint8)) for n in range(count))
    return Clip(shown, float(count))


def test_an_answer_has_its_probability_others_and_frames(tmp_path):
    answer = answerer().ask(save_photo(tmp_path / "a.png", plain((9, 9, 9))), "What is it?")
    assert (answer.text, answer.told, answer.right) == ("yes", True, None)
    assert answer.score == pytest.approx(0.7, abs=1e-4)
    assert [text for text, _ in answer.alternatives] == ["no", "red"]
    [frame] = answer.frames
    assert frame.share == pytest.approx(1.0)
    assert frame.attention.shape == (2, 2) and frame.attention.sum() == pytest.approx(1.0)


def test_below_the_threshold_it_cannot_tell_and_says_its_guess():
    calibration = AnswerCalibration(least=0.8, points=((0.0, 0.0), (1.0, 1.0)), questions=9)
    answer = answerer(calibration=calibration).answer_clip(clip_of(1), ["is it?"])[0]
    assert (answer.text, answer.told) == (CANNOT_TELL, False)
    assert answer.alternatives[0][0] == "yes"
    assert answer.right == pytest.approx(0.7, abs=1e-3)


def test_each_frame_is_read_once_whatever_is_asked():
    asked = answerer()
    answers = asked.answer_clip(clip_of(9), ["is it?", "what is it?"])
    assert asked.reader.read_frames == [3]
    assert [frame.start for frame in answers[0].frames] == [1.0, 4.0, 7.0]
    assert sum(frame.share for frame in answers[0].frames) == pytest.approx(1.0)


def test_another_choice_of_frames_is_by_the_question():
    def first(questions, images, count):
        last = [len(images) - 1]
        return [list(range(count)) if "begin" in asked else last for asked in questions]

    answers = answerer(choose=first).answer_clip(clip_of(9), ["what begins?", "what ends?"])
    assert [frame.start for frame in answers[0].frames] == [0.0, 1.0, 2.0]
    assert [frame.start for frame in answers[1].frames] == [8.0]


class Space:
    """Puts a frame where its grey value is, and a question where the number in it is."""

    def embed_images(self, images):
        return np.stack([self._place(int(image[0, 0, 0])) for image in images])

    def embed_texts(self, texts):
        return np.stack([self._place(int(text.split()[-1])) for text in texts])

    def _place(self, angle):
        radians = np.deg2rad(angle)
        return np.array([np.cos(radians), np.sin(radians)], np.float32)


def test_clip_cut_looks_where_the_question_is_about():
    loaded = []
    choose = ClipCut(lambda: loaded.append(1) or Space())
    shown = tuple(Frame(float(n), np.full((4, 4, 3), 10 * n, np.uint8)) for n in range(9))
    asked = answerer(choose=choose)
    answers = asked.answer_clip(Clip(shown, 9.0), ["is it 10", "is it 40", "is it 80"])
    starts = [[frame.start for frame in answer.frames] for answer in answers]
    assert starts == [[0, 1, 2], [3, 4, 5], [6, 7, 8]]
    assert loaded == [1]


def test_clip_cut_loads_nothing_where_all_frames_are_looked_at():
    choose = ClipCut(lambda: pytest.fail("loaded"))
    assert choose(["is it?"], [np.zeros((2, 2, 3), np.uint8)] * 3, 4) == [[0, 1, 2]]


def test_a_gif_is_answered_from_its_frames(tmp_path):
    gif = save_animation(tmp_path / "a.gif", [plain((9, 9, 9)), plain((200, 0, 0))], [500, 500])
    answer = answerer().ask(gif, "what is it?")
    assert [(frame.start, frame.end) for frame in answer.frames] == [(0.0, 0.5), (0.5, 1.0)]


def test_an_array_is_a_picture():
    assert answerer().ask(np.zeros((8, 8, 3), np.uint8), "is it?").text == "yes"


@pytest.mark.parametrize("question", ["", " ?! "])
def test_what_has_no_word_is_no_question(question):
    with pytest.raises(ValueError, match="has no word"):
        answerer().ask(np.zeros((8, 8, 3), np.uint8), question)


def test_a_third_of_the_frames_evenly():
    assert [a_third(count, 6) for count in (1, 4, 9, 16, 30)] == [1, 4, 4, 6, 6]
    images = [np.zeros(1)] * 16
    assert evenly(["", ""], images, 4) == [[2, 6, 10, 14]] * 2
    assert evenly([""], images[:3], 4) == [[0, 1, 2]]
    assert CONFIG.max_frames == 3


@pytest.mark.parametrize(("right", "about_it"), [(0.9, True), (0.1, False)])
def test_only_of_what_is_surely_there_more_is_suggested(right, about_it):
    calibration = AnswerCalibration(points=((0.0, right), (1.0, right)), questions=9)
    model = table_model({(): {"red": 0.9, "yes": 0.1}})
    asked = NetworkAnswerer(model, Reader(), "tiny", calibration=calibration)
    suggested = suggested_questions(asked, clip_of(1))
    assert ("what is the red doing?" in suggested) == about_it
    assert "what is in the picture?" in suggested
