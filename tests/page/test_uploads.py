"""Nothing outside of the folder of uploads is read, fetched or returned, whoever asks and how."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import gradio as gr
import httpx
import pytest

from captioner.page import uploads as room
from captioner.page.errors import RefusalError
from tests.fakes import caption_of
from tests.makers import plain, save_photo
from tests.page.conftest import RED, upload

META = {"meta": {"_type": "gradio.FileData"}}
CALLS = ["caption_image", "caption_clip", "caption_files", "answer_question"]
REST = {"caption_image": [0, ""], "answer_question": ["what is it?"]}  # of an endpoint's parameters


@pytest.fixture
def secret(tmp_path):
    return save_photo(tmp_path / "secret.png", plain(RED))


def has_file(fn):
    kinds = (gr.File, gr.Image, gr.Video, gr.Gallery, gr.UploadButton)
    return any(isinstance(box, kinds) for box in fn.inputs)


def ask(served, fn, data):
    """What the server answers to a request written by hand."""
    api = f"{served.url}/gradio_api"
    body = {"fn_index": fn._id, "data": data, "session_hash": uuid4().hex}
    httpx.post(f"{api}/queue/join", json=body, timeout=120).raise_for_status()
    said = []
    events = f"{api}/queue/data?session_hash={body['session_hash']}"
    with httpx.stream("GET", events, timeout=120) as stream:
        for line in stream.iter_lines():
            said.append(line)
            if "process_completed" in line:
                break
    return "\n".join(said)


def forged(path, **more):
    """Requests that name a file of the server, in every way that Gradio has for it."""
    yield {"path": path, **more}
    yield {"path": path, **META, **more}
    yield {"path": path, **META, "url": f"http://127.0.0.1:1/gradio_api/file={path}"}
    yield {"path": f"http://127.0.0.1:1/gradio_api/file={path}", **META}
    yield {"path": f"file://{path}", **META}


def test_every_event_with_a_file_refuses_one_that_was_not_uploaded(served, secret):
    events = [fn for fn in served.blocks.fns.values() if fn.api_name in CALLS or has_file(fn)]
    assert len(events) >= 10  # both tabs by hand and by examples, the folder, three endpoints
    assert all(fn.preprocess is False for fn in events)
    files = [*forged(str(secret)), {"path": "/etc/hostname", **META}]

    def answer_to(fn, file):
        several = (
            fn.api_name == "caption_files" or getattr(fn.inputs[0], "file_count", "") == "multiple"
        )
        data = [[file] if several else file, *[None] * (len(fn.inputs) - 1)]
        return ask(served, fn, data)

    # The page's own events take the same way as the endpoints, so one forgery each is enough.
    cases = [
        (fn, file) for fn in events for file in (files if fn.api_name in CALLS else files[1:2])
    ]
    with ThreadPoolExecutor(8) as pool:
        for (fn, file), answer in zip(
            cases, pool.map(lambda case: answer_to(*case), cases), strict=True
        ):
            assert '"success":false' in answer, (fn.api_name, file, answer)
            assert caption_of(RED) not in answer
            assert "Traceback" not in answer


def test_an_address_is_never_fetched(served, tmp_path):
    """The address is one of this test's own, so a fetch would be seen."""
    import http.server
    import threading

    asked = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/photo.png"
    for call in CALLS:
        for file in ({"path": address, **META}, {"path": "x", "url": address, **META}):
            data = [[file] if call == "caption_files" else file]
            api = f"{served.url}/gradio_api/call/{call}"
            blank = REST.get(call, [16, "uniform", 0, ""])
            asked_for = httpx.post(api, json={"data": data + blank}).json()
            answer = httpx.get(f"{api}/{asked_for['event_id']}").text
            assert "event: error" in answer
            assert "was not uploaded" in answer
    server.shutdown()
    assert asked == []


@pytest.mark.parametrize("place", ["{secret}", "/etc/hostname", "{secret.parent}/uploads/../x"])
def test_the_server_hands_out_no_file_of_its_own(served, secret, place):
    path = place.format(secret=secret)
    answer = httpx.get(f"{served.url}/gradio_api/file={path}")
    assert answer.status_code in (403, 404)
    assert secret.read_bytes() not in answer.content


def test_an_upload_can_be_named_by_its_address_here(served, secret):
    files = {"files": ("red.png", secret.read_bytes())}
    (path,) = httpx.post(f"{served.url}/gradio_api/upload", files=files).json()
    address = f"{served.url}/gradio_api/file={path}"
    api = f"{served.url}/gradio_api/call/caption_image"
    event = httpx.post(api, json={"data": [{"path": address, **META}, 0, ""]}).json()["event_id"]
    answer = httpx.get(f"{api}/{event}").text
    assert json.loads(answer.split("data: ")[1])[0]["text"] == caption_of(RED)


@pytest.mark.parametrize(
    "given",
    [
        {"path": "/etc/hostname"},
        {"path": "../../etc/hostname"},
        {"path": ""},
        {"path": None, "url": "data:image/png;base64,AAAA"},
        {"path": "a\0b"},
        {"path": "http://example.org/a.png"},
        {"path": ["a"]},
        {},
        "a.png",
        7,
    ],
)
def test_what_is_no_upload_is_refused(uploads, given):
    with pytest.raises(RefusalError, match="was not uploaded"):
        room.path_of(given)


def test_a_link_that_leads_out_of_the_folder_is_refused(uploads, secret):
    link = uploads / "photo.png"
    link.symlink_to(secret)
    with pytest.raises(RefusalError):
        room.path_of(upload(link))


def test_a_folder_beside_the_uploads_whose_name_begins_alike_is_no_upload(uploads):
    beside = save_photo(uploads.with_name(uploads.name + "-old") / "a.png")
    with pytest.raises(RefusalError):
        room.path_of(upload(beside))


def test_an_upload_that_is_gone_is_refused(uploads):
    with pytest.raises(RefusalError, match=r"has expired.*choose the file again"):
        room.path_of(upload(uploads / "gone.png"))


def test_an_upload_has_its_path(uploads, red):
    assert room.path_of(red) == Path(red["path"])
    assert room.path_of(None) is None
    assert room.named([red, red]) == [(Path(red["path"]), "red.png")] * 2


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Ann's “best” (1).png", "Ann's “best” (1).png"),
        ("trip/day 1/a.png", "trip/day 1/a.png"),
        ("", "kept.png"),
        ("a\0b", "kept.png"),
        ("a" * 5000, "kept.png"),
        (7, "kept.png"),
        (None, "kept.png"),
    ],
)
def test_a_file_is_called_what_the_visitor_calls_it(given, name):
    assert room.name_of({"path": "x", "orig_name": given}, Path("kept.png")) == name
    assert room.name_of("x") == ""


@pytest.mark.parametrize("nothing", [None, [], {}])
def test_no_files_is_refused(uploads, nothing):
    with pytest.raises(RefusalError, match="Choose some files first"):
        room.named(nothing)
