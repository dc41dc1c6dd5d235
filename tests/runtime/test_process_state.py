import os
import subprocess
import sys
import threading
from pathlib import Path

import keras
import pytest

from captioner.runtime.process_state import Shared, data_format, dtype_policy, standard_error_to

ROOT = Path(__file__).parents[2]


def test_what_c_libraries_write_to_standard_error_goes_to_the_file_meanwhile(tmp_path, capfd):
    with (tmp_path / "caught").open("wb") as file, standard_error_to(file):
        os.write(2, b"away")
    os.write(2, b"here")
    assert (tmp_path / "caught").read_bytes() == b"away"
    assert capfd.readouterr().err == "here"


def test_it_is_put_back_after_an_error(tmp_path, capfd):
    with pytest.raises(ZeroDivisionError), (tmp_path / "x").open("wb") as file:  # noqa: SIM117
        with standard_error_to(file):
            raise ZeroDivisionError
    os.write(2, b"here")
    assert capfd.readouterr().err == "here"


def test_a_closed_standard_error_is_no_error():
    program = (
        "import os; from captioner.runtime.process_state import standard_error_to\n"
        "os.close(2)\n"
        "with open(os.devnull, 'wb') as file, standard_error_to(file): print('inside')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False, timeout=60
    )
    assert done.stdout == b"inside\n"


def test_settings_of_keras_are_put_back():
    before = keras.config.image_data_format(), keras.config.dtype_policy().name
    other = "channels_first" if before[0] == "channels_last" else "channels_last"
    with data_format(other), dtype_policy("mixed_bfloat16"):
        assert keras.config.image_data_format() == other
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
    assert (keras.config.image_data_format(), keras.config.dtype_policy().name) == before


def test_a_shared_change_lasts_from_the_first_thread_to_the_last():
    changes = []

    def change():
        changes.append("made")
        return lambda: changes.append("undone")

    shared = Shared(change)
    inside, leave = threading.Event(), threading.Event()

    def stay():
        with shared:
            inside.set()
            leave.wait(20)

    thread = threading.Thread(target=stay)
    with shared:
        thread.start()
        inside.wait(20)
    assert changes == ["made"]
    leave.set()
    thread.join()
    assert changes == ["made", "undone"]
