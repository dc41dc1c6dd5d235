"""The order of what a tab says when files come and go."""

import gradio as gr

from captioner.page.events import TabEvents
from captioner.page.session import Session


class Upload:
    """A box for files that keeps what is to happen when it changes."""

    def change(self, choose, *_, **__):
        self.choose = choose
        return self

    def success(self, describe, **_):
        self.describe = describe


def test_without_a_file_the_line_says_once_more_that_there_is_no_result():
    """A step of the run before may reach the page after what says at once that the file is gone."""
    upload, status, session = Upload(), gr.HTML(), Session()
    events = TabEvents(lambda *_: iter(()), upload, [], {"status": status}, {})
    events.at_choice(lambda: {"status": ""})
    assert upload.choose(session, None) == {status: ""}
    assert list(upload.describe(session, None)) == [{status: ""}]
    upload.choose(session, {"path": "next.gif"})
    ((_, later),) = next(upload.describe(session, None)).items()
    assert later == gr.skip()  # what is said of the next file stays
