"""What goes wrong becomes a sentence for the visitor."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr

from captioner.errors import MediaError, ModelError, printable
from captioner.media.budget import LONGER
from summarizer.base import SummarizerError


class RefusalError(Exception):
    """A request that cannot be met, in words for the visitor."""


def for_visitors(text: str) -> str:
    """What is wrong with a file, without the options that only a command line has."""
    return text.replace(LONGER, "")


@contextmanager
def as_messages(name: str = "") -> Iterator[None]:
    """Turns what a person can put right into a message on the page, without a trace.

    A fault of the program itself leaves its trace in the server's log, and only its kind on the
    page.

    Args:
        name: what the visitor calls the file that this is about; empty: what the server does.

    Raises:
        gr.Error: instead of any exception.
    """
    try:
        yield
    except MediaError as error:
        # Of the path only the name: the folder is the server's own.
        named = printable(name or Path(error.path).name)
        raise _message(for_visitors(f"{named}: {error.reason}; {error.remedy}")) from None
    except (ModelError, RefusalError, SummarizerError) as error:
        raise _message(str(error)) from None
    except gr.Error:
        raise
    except Exception as error:
        kind = type(error).__name__
        text = f"Something went wrong on the server ({kind}); its log says more."
        raise gr.Error(text, duration=None, print_exception=True) from error


def _message(text: str) -> gr.Error:
    return gr.Error(text, duration=None, print_exception=False)
