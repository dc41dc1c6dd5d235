import asyncio

import httpx
import pytest

from captioner.page.doors import LateCancels


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file=http://example.org/a.png",
        "/gradio_api/proxy=http://example.org/a.png",
        "/gradio_api/deep_link?session_hash=x",
        "/gradio_api/vibe-code/",
        "/gradio_api/run-history/records",
        "/monitoring",
        "/monitoring/summary",
    ],
)
def test_doors_that_the_page_does_not_need_are_closed(served, path):
    assert httpx.get(served.url + path).status_code == 404


def test_what_the_page_needs_is_open(served):
    for path in ("/", "/config", "/gradio_api/info", "/theme.css"):
        assert httpx.get(served.url + path).status_code == 200


def test_a_job_that_ends_while_it_is_stopped_is_no_fault(served):
    jobs = served.blocks.app.iterators

    class Ending:
        async def aclose(self):
            del jobs["job"]

    jobs["job"] = Ending()
    body = {"session_hash": "x", "fn_index": 0, "event_id": "job"}
    answer = httpx.post(f"{served.url}/gradio_api/cancel", json=body)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert "job" not in jobs


def test_faults_elsewhere_are_not_hidden():
    async def broken(scope, receive, send):
        raise KeyError("x")

    with pytest.raises(KeyError):
        asyncio.run(LateCancels(broken)({"type": "http", "path": "/gradio_api/info"}, None, None))
