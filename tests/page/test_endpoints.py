"""The endpoints, as programs call them."""

import pytest
from gradio_client import handle_file
from gradio_client.exceptions import AppError

from captioner.batch.rows import COLUMNS
from tests.fakes import caption_of, save_damaged
from tests.makers import plain, save_animation, save_photo, save_video
from tests.page.conftest import BLUE, RED


@pytest.fixture(scope="module")
def client(served):
    return served.client()


def test_the_endpoints_are_these_and_no_others(client):
    endpoints = client.view_api(return_format="dict", print_info=False)
    assert sorted(endpoints["named_endpoints"]) == [
        "/answer_question",
        "/caption_clip",
        "/caption_files",
        "/caption_image",
    ]
    assert endpoints["unnamed_endpoints"] == {}


def test_their_results_are_typed(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    kinds = {name: info["returns"][0]["python_type"]["type"] for name, info in endpoints.items()}
    assert "text: str" in kinds["/caption_image"]
    assert "alternatives" in kinds["/caption_image"]
    assert all(column in kinds["/caption_clip"] for column in COLUMNS)
    assert kinds["/caption_files"].startswith("list[")


def test_the_documentation_says_what_each_parameter_is(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    for name, info in endpoints.items():
        for given in info["parameters"]:
            said = given["python_type"]["description"]
            assert len(said) > 8, (name, given)
            assert given["label"] == given["parameter_name"]
    beams = endpoints["/caption_clip"]["parameters"][3]
    assert beams["label"] == "beams"
    assert "0 is the model's choice" in beams["python_type"]["description"]


def test_a_photo_has_a_caption_a_score_and_the_other_beams(client, tmp_path):
    photo = save_photo(tmp_path / "red.png", plain(RED))
    assert client.predict(handle_file(photo), api_name="/caption_image") == {
        "file_name": "red.png",
        "text": caption_of(RED),
        "score": -2.0,
        "alternatives": [{"text": "something else", "score": -9.0}],
        "model": "fake-captioner",
    }


def test_settings_are_given_by_name(client, tmp_path):
    photo = save_photo(tmp_path / "red.png", plain(RED))
    given = {"image": handle_file(photo), "beams": 5, "model": "other"}
    assert client.predict(**given, api_name="/caption_image")["model"] == "other"


def test_a_clip_is_a_row_with_its_frames(client, tmp_path):
    gif = save_animation(tmp_path / "two.gif", [plain(RED), plain(BLUE)], [400, 600])
    row = client.predict(handle_file(gif), api_name="/caption_clip")
    assert tuple(row) == COLUMNS
    assert (row["file_name"], row["kind"], row["status"]) == ("two.gif", "animation", "ok")
    assert row["text"] == f"{caption_of(RED)} then {caption_of(BLUE)}"
    assert row["frames"] == [
        {"start": 0.0, "end": 0.4, "text": caption_of(RED), "score": -2.0},
        {"start": 0.4, "end": 1.0, "text": caption_of(BLUE), "score": 0.0},
    ]
    assert row["summarizer"] == "fake-summarizer"


def test_a_clip_has_as_many_frames_as_asked_for(client, tmp_path):
    frames = [plain((value, 0, 0)) for value in range(0, 250, 25)]
    gif = save_animation(tmp_path / "ten.gif", frames)
    row = client.predict(handle_file(gif), frames=3, api_name="/caption_clip")
    assert len(row["frames"]) == 3


def test_a_still_picture_is_a_clip_of_one_frame(client, tmp_path):
    photo = save_photo(tmp_path / "red.png", plain(RED))
    row = client.predict(handle_file(photo), api_name="/caption_clip")
    assert (row["kind"], row["text"]) == ("image", caption_of(RED))
    assert row["frames"] is None
    assert row["summarizer"] is None


def test_many_files_have_a_row_each_and_a_broken_one_stops_nothing(client, tmp_path):
    files = [
        save_photo(tmp_path / "red.png", plain(RED)),
        save_damaged(tmp_path / "broken.png"),
        save_video(tmp_path / "clip.mkv", [plain(RED)] * 5),
        save_photo(tmp_path / "blue.webp", plain(BLUE), lossless=True),
    ]
    rows = client.predict([handle_file(file) for file in files], api_name="/caption_files")
    assert [row["file_name"] for row in rows] == [file.name for file in files]
    assert [row["status"] for row in rows] == ["ok", "error", "ok", "ok"]
    assert rows[0]["text"] == caption_of(RED)
    assert rows[3]["text"] == caption_of(BLUE)
    assert "; " in rows[1]["error"]
    assert str(tmp_path) not in rows[1]["error"]


@pytest.mark.parametrize("name", ["/caption_image", "/caption_clip"])
def test_a_broken_file_is_a_sentence_that_names_it_and_no_folder(client, name, served, tmp_path):
    broken = save_damaged(tmp_path / "broken.png")
    with pytest.raises(AppError, match=r"^broken\.png: .*; ") as caught:
        client.predict(handle_file(broken), api_name=name)
    assert "uploads" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("/caption_image", {"beams": 99}, r"beams is 99; .* from 0 to 8"),
        ("/caption_image", {"beams": 1.5}, r"beams is 1\.5; .* whole number"),
        ("/caption_image", {"model": "../x"}, r"no model '\.\./x' here; choose one of: fake-capt"),
        ("/caption_clip", {"frames": 0}, r"frames is 0; .* from 1 to 32"),
        ("/caption_clip", {"frames": 10**9}, r"frames is 1000000000; .* from 1 to 32"),
        ("/caption_clip", {"selection": "worst"}, r"no selection 'worst' here; choose one of: "),
    ],
)
def test_settings_that_are_not_offered_are_refused(client, name, settings, message, tmp_path):
    photo = handle_file(save_photo(tmp_path / "red.png", plain(RED)))
    with pytest.raises(AppError, match=message):
        client.predict(photo, **settings, api_name=name)


def test_too_many_files_are_refused(client, tmp_path):
    photo = save_photo(tmp_path / "red.png", plain(RED))
    with pytest.raises(AppError, match="6 files: are more than the limit of 5"):
        client.predict([handle_file(photo)] * 6, api_name="/caption_files")


@pytest.mark.parametrize("name", ["/caption_image", "/caption_clip", "/caption_files"])
def test_no_file_at_all_asks_for_one(client, name):
    with pytest.raises(AppError, match=r"Choose (a file|some files) first\."):
        client.predict(None, api_name=name)


def test_a_question_is_answered_with_the_frames_it_rests_on(client, tmp_path):
    clip = save_animation(tmp_path / "two.gif", [plain(RED), plain(BLUE)], [400, 600])
    said = client.predict(handle_file(clip), "what colour is it?", api_name="/answer_question")
    assert (said["answer"], said["told"], said["model"]) == ("2 frames", True, "fake-answerer")
    assert [frame["share"] for frame in said["frames"]] == [0.5, 0.5]
    assert said["frames"][1] == {"start": 0.4, "end": 1.0, "share": 0.5}


def test_what_is_no_question_is_refused(client, tmp_path):
    photo = save_photo(tmp_path / "red.png", plain(RED))
    with pytest.raises(AppError, match="Ask a question"):
        client.predict(handle_file(photo), "?!", api_name="/answer_question")
