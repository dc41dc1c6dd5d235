"""What is fetched from the web, and from where never. All servers here are the tests' own."""

import http.server
import socket
import threading

import pytest

from captioner.page import fetching
from captioner.page.errors import RefusalError
from captioner.page.fetching import PublicNetwork, fetch, is_public

OPEN, PRIVATE = "127.0.0.1", "127.0.0.2"  # two addresses of this machine play the two networks
MOST = 10_000


class Web:
    """A server on both addresses, which remembers what it was asked."""

    def __init__(self):
        web = self
        self.asked = []

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                web.asked.append((self.server.server_address[0], self.path))
                kind, _, rest = self.path[1:].partition("/")
                self.send_response({"to": 302, "gone": 404}.get(kind, 200))
                if kind == "to":
                    self.send_header("Location", rest)
                self.end_headers()
                self.wfile.write(b"x" * int(rest) if kind == "size" else b"content")

            def log_message(self, *_):
                pass

        first = http.server.ThreadingHTTPServer((OPEN, 0), Handler)
        self.port = first.server_port
        self.servers = [first, http.server.ThreadingHTTPServer((PRIVATE, self.port), Handler)]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()


@pytest.fixture
def web():
    try:
        made = Web()
    except OSError:
        pytest.skip("this system has one address for itself")
    yield made
    made.close()


@pytest.fixture
def get(web, tmp_path):
    """Fetches from the server, of which one address counts as public."""
    network = PublicNetwork(lambda address: address == OPEN)
    return lambda path, host=OPEN: fetch(
        f"http://{host}:{web.port}/{path}", tmp_path, MOST, network
    )


def test_a_file_is_fetched_under_its_name(get):
    path = get("photos/a%20cat.jpg?size=2")
    assert (path.name, path.read_bytes()) == ("a_cat.jpg", b"content")


@pytest.mark.parametrize("name", ["", "..", "%2e%2e%2fetc%2fpasswd", ".hidden"])
def test_a_name_never_leads_out_of_the_folder(get, tmp_path, name):
    path = get(f"photos/{name}")
    assert path.parent == tmp_path
    assert not path.name.startswith(".")


def test_a_redirect_is_followed(get, web):
    assert get(f"to/http://{OPEN}:{web.port}/photo.jpg").name == "photo.jpg"
    assert get("to//photo.png").read_bytes() == b"content"


@pytest.mark.parametrize("host", [PRIVATE, "localhost"])
def test_a_private_address_is_refused_and_not_even_asked(web, tmp_path, host):
    network = PublicNetwork() if host == "localhost" else PublicNetwork(lambda it: it == OPEN)
    with pytest.raises(RefusalError, match="not on the open internet"):
        fetch(f"http://{host}:{web.port}/photo.jpg", tmp_path, MOST, network)
    assert web.asked == []


def test_a_redirect_to_a_private_address_is_refused(get, web):
    with pytest.raises(RefusalError, match="not on the open internet"):
        get(f"to/http://{PRIVATE}:{web.port}/photo.jpg")
    assert [host for host, _ in web.asked] == [OPEN]


def test_a_name_that_leads_to_a_private_address_is_refused(web, tmp_path, monkeypatch):
    """And what was looked at is what is connected to: there is no second look-up to lie to."""
    answers = [[OPEN], [PRIVATE], [OPEN, PRIVATE]]
    real = socket.getaddrinfo
    looked_up = []

    def lie(host, port, *args, **options):
        if host != "photos.example":
            return real(host, port, *args, **options)
        looked_up.append(host)
        return [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
            for address in answers.pop(0)
        ]

    monkeypatch.setattr(socket, "getaddrinfo", lie)
    network = PublicNetwork(lambda address: address == OPEN)
    address = f"http://photos.example:{web.port}/photo.jpg"
    assert fetch(address, tmp_path, MOST, network).read_bytes() == b"content"
    for _ in range(2):
        with pytest.raises(RefusalError, match="not on the open internet"):
            fetch(address, tmp_path, MOST, network)
    assert [host for host, _ in web.asked] == [OPEN]
    assert len(looked_up) == 3


def test_a_redirect_without_an_end_is_given_up(get, web):
    with pytest.raises(RefusalError, match="without an end"):
        get("to/" * 20 + "x")
    assert len(web.asked) == 6


def test_a_file_that_is_too_large_is_given_up(get):
    assert get(f"size/{MOST}").stat().st_size == MOST
    with pytest.raises(RefusalError, match=r"larger than 0\.01 MB"):
        get(f"size/{MOST + 1}")


def test_a_file_that_takes_too_long_is_given_up(get, monkeypatch):
    monkeypatch.setattr(fetching, "_SECONDS", -1)
    with pytest.raises(RefusalError, match="too long"):
        get("photo.jpg")


def test_what_is_not_there_is_said(get, web, tmp_path):
    with pytest.raises(RefusalError, match="answers 404"):
        get("gone")
    web.close()
    with pytest.raises(RefusalError, match="does not answer"):
        get("photo.jpg")


@pytest.mark.parametrize(
    "address",
    [
        "ftp://a.example/b",
        "file:///etc/passwd",
        "http://",
        "http://[",
        "http://a b/",
        "x",
        "http:/a",
    ],
)
def test_what_is_no_address_is_refused(address, tmp_path):
    with pytest.raises(RefusalError, match="no address"):
        fetch(address, tmp_path, MOST)


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
    ],
)
def test_which_addresses_are_public(address, public):
    assert is_public(address) is public
