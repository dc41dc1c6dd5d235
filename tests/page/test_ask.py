import pytest

from captioner.page.answering import Answering
from captioner.page.errors import RefusalError
from captioner.page.session import Session
from captioner.page.tabs.ask import AskTab
from tests.makers import plain, save_animation
from tests.page.conftest import BLUE, RED, upload


@pytest.fixture
def clip(uploads):
    return save_animation(uploads / "two.gif", [plain(RED), plain(BLUE)], [400, 600])


def merged(steps):
    found = {}
    for step in steps:
        found |= step
    return found


def test_a_question_joins_the_conversation_with_its_frames(service, clip):
    tab = AskTab(Answering(service))
    first = merged(tab.ask(Session(), upload(clip), "who is <b>there</b>?", []))
    second = merged(tab.ask(Session(), upload(clip), "and now?", first["said"]))
    assert first["chat"].count("<dt>") == 1 and second["chat"].count("<dt>") == 2
    assert "&lt;b&gt;" in first["chat"] and "2 frames" in first["chat"]
    assert first["chat"].count("<img") == 2 and "0:00.4 to 0:01.0" in first["chat"]
    assert first["question"] == ""


def test_without_a_question_some_are_suggested(service, clip):
    found = merged(AskTab(Answering(service)).ask(Session(), upload(clip), " ", []))
    assert found["suggested"].choices and "chat" not in found


@pytest.mark.parametrize(("question", "said"), [("?!", "Ask a question"), ("a" * 201, "200")])
def test_what_is_no_question_is_refused(service, clip, question, said):
    answering = Answering(service)
    with pytest.raises(RefusalError, match=said):
        answering.ask(answering.read(clip), question)
