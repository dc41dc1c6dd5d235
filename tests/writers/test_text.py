import io

from captioner.batch.rows import one_line
from captioner.writers import TextWriter
from tests.writers.makers import failure, image


def written(*rows):
    stream = io.StringIO(newline="")
    for row in rows:
        TextWriter(stream).write(row)
    return stream.getvalue()


def test_text_lines_are_one_line_each_and_steer_no_terminal():
    text = written(image("two\nlines\x1b[2J.jpg", "a dog\nruns \x1b[31mfast"))
    assert text == "two\\nlines\\x1b[2J.jpg: a dog runs \\x1b[31mfast\n"


def test_text_lines_leave_failures_to_standard_error():
    assert written(failure()) == ""


def test_a_name_that_is_not_utf8_becomes_valid_utf8():
    assert written(image("caf\udce9.jpg")).startswith("caf\\xe9.jpg: ")


def test_one_line_keeps_readable_text():
    assert one_line("雪の犬 é 😀") == "雪の犬 é 😀"
