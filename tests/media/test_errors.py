import pickle

import pytest

from captioner import errors
from captioner.errors import MediaError, MissingFileError, printable

KINDS = [
    errors.MissingFileError,
    errors.EmptyFileError,
    errors.UnreadableFileError,
    errors.UnsupportedFileError,
    errors.TruncatedFileError,
    errors.TooLargeError,
    errors.NoFramesError,
    errors.CodecMissingError,
]


def test_message_names_path_reason_and_remedy():
    error = MediaError("a.jpg", "is empty", "copy it again")
    assert str(error) == "a.jpg: is empty; copy it again"
    assert (error.path, error.reason, error.remedy) == ("a.jpg", "is empty", "copy it again")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_a_media_error(kind):
    assert issubclass(kind, MediaError)


def test_control_characters_in_the_path_are_escaped():
    error = MediaError("a\nb\x1b[2Jc.jpg", "x", "y")
    assert str(error) == "a\\nb\\x1b[2Jc.jpg: x; y"
    assert error.path == "a\nb\x1b[2Jc.jpg"


def test_other_scripts_stay_readable():
    assert printable("писмо 日本 é.jpg") == "писмо 日本 é.jpg"


def test_undecodable_bytes_can_be_printed():
    printable("bad\udcff.jpg").encode("utf-8")


def test_survives_pickling_between_processes():
    error = pickle.loads(pickle.dumps(MissingFileError("a", "b", "c")))
    assert isinstance(error, MissingFileError)
    assert str(error) == "a: b; c"
