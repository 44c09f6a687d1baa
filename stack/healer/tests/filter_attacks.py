"""What somebody who took a healer over may try on the filter, by the name of the attack: each is a whole request."""

import json
from urllib.parse import urlencode

from stack.healer.event_watch import EVENTS
from stack.healer.main_process import COLUMNS
from stack.healer.tests.fake_engine import container

API = container("api", health="unhealthy")
OWN = API["Id"]
LABEL = "com.docker.compose.project=shop"
END = b" HTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\n\r\n"
LISTED = b"/containers/json?" + urlencode({"all": 1, "filters": json.dumps({"label": [LABEL]})}).encode()


def asked(line: str, filters: object = None, **query: str) -> bytes:
    """A request as a healer writes it."""
    query |= {} if filters is None else {"filters": json.dumps(filters)}
    return f"{line}{'?' if query else ''}{urlencode(query)}".encode() + END


def get(path: str, **headers: str) -> bytes:
    lines = "".join(f"{name.replace('_', '-')}: {text}\r\n" for name, text in headers.items())
    return f"GET {path} HTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\n{lines}\r\n".encode()


REFUSED = {
    # what root would ask for
    "create": asked("POST /containers/create", name="x"),
    "create in a version": asked("POST /v1.45/containers/create"),
    "exec": asked(f"POST /containers/{OWN}/exec"),
    "exec start": asked(f"POST /exec/{OWN}/start"),
    "attach": asked(f"POST /containers/{OWN}/attach", stream="1", stdin="1"),
    "attach by websocket": asked(f"GET /containers/{OWN}/attach/ws"),
    "build": asked("POST /build", remote="http://evil/"),
    "pull": asked("POST /images/create", fromImage="evil"),
    "load": asked("POST /images/load"),
    "push": asked("POST /images/evil/push"),
    "commit": asked("POST /commit", container=OWN),
    "read files": asked(f"GET /containers/{OWN}/archive", path="/etc/shadow"),
    "write files": asked(f"PUT /containers/{OWN}/archive", path="/"),
    "export": asked(f"GET /containers/{OWN}/export"),
    "logs": asked(f"GET /containers/{OWN}/logs", stdout="1"),
    "kill": asked(f"POST /containers/{OWN}/kill"),
    "stop": asked(f"POST /containers/{OWN}/stop"),
    "pause": asked(f"POST /containers/{OWN}/pause"),
    "rename": asked(f"POST /containers/{OWN}/rename", name="x"),
    "update": asked(f"POST /containers/{OWN}/update"),
    "remove": asked(f"DELETE /containers/{OWN}", force="1"),
    "prune": asked("POST /containers/prune"),
    "volumes": asked("GET /volumes"),
    "new volume": asked("POST /volumes/create"),
    "networks": asked("GET /networks"),
    "secrets": asked("GET /secrets"),
    "swarm": asked("POST /swarm/init"),
    "plugins": asked("POST /plugins/pull", remote="evil"),
    "session": asked("POST /session"),
    "grpc": asked("POST /grpc"),
    "info": asked("GET /info"),
    "version": asked("GET /version"),
    "disk": asked("GET /system/df"),
    # more than a healer asks of its own
    "restart by GET": asked(f"GET /containers/{OWN}/restart", t="1"),
    "inspect by POST": asked(f"POST /containers/{OWN}/json"),
    "restart by a signal": asked(f"POST /containers/{OWN}/restart", t="1", signal="SIGUSR1"),
    "restart in an hour": asked(f"POST /containers/{OWN}/restart", t="3600"),
    "restart in less than no time": asked(f"POST /containers/{OWN}/restart", t="-1"),
    "restart by digits of others": asked(f"POST /containers/{OWN}/restart", t="\u0661"),
    "restart without a time": asked(f"POST /containers/{OWN}/restart"),
    "start with other keys": asked(f"POST /containers/{OWN}/start", detachKeys="a"),
    "checkpoint": asked(f"POST /containers/{OWN}/start", checkpoint="x", **{"checkpoint-dir": "/"}),
    "size": asked(f"GET /containers/{OWN}/json", size="1"),
    "environment by ps": asked(f"GET /containers/{OWN}/top", ps_args="eww -eo pid,args"),
    "other columns": asked(f"GET /containers/{OWN}/top", ps_args=f"{COLUMNS},args"),
    "ps without columns": asked(f"GET /containers/{OWN}/top"),
    # others' containers
    "all containers": asked("GET /containers/json", all="1"),
    "filters of nobody": asked("GET /containers/json", {"label": ["com.docker.compose.project"]}, all="1"),
    "another project": asked("GET /containers/json", {"label": ["com.docker.compose.project=shop2"]}, all="1"),
    "both projects": asked("GET /containers/json", {"label": [LABEL, f"{LABEL}2"]}, all="1"),
    "by name": asked("GET /containers/json", {"label": [LABEL], "name": ["shop2"]}, all="1"),
    "labels that are none": asked("GET /containers/json", {"label": {LABEL: True}}, all="1"),
    "a label of a list": asked("GET /containers/json", {"label": [[LABEL]]}, all="1"),
    "a list of filters": asked("GET /containers/json", [LABEL], all="1"),
    "a service of ours by force": asked("GET /containers/json", {"service": ["x"]}, all="1"),
    "a limit": asked("GET /containers/json", {"label": [LABEL]}, limit="1"),
    "filters twice": b"GET " + LISTED + b"&filters=%7B%7D" + END,
    "all twice": b"GET " + LISTED.replace(b"all=1", b"all=1&all=1") + END,
    "filters of a depth": b"GET /containers/json?all=1&filters=" + b"%5B" * 900 + END,
    "filters in other bytes": b"GET /containers/json?all=1&filters=%ff%fe" + END,
    "a service with a comma": asked("GET /containers/json", {"label": ["com.docker.compose.service=a,b"]}, all="1"),
    "all events": asked("GET /events"),
    "events of images": asked("GET /events", {"type": ["image"], "event": EVENTS, "label": [LABEL]}),
    "events of another": asked(
        "GET /events", {"type": ["container"], "event": EVENTS, "label": ["com.docker.compose.project=shop2"]}
    ),
    "events since": asked("GET /events", {"type": ["container"], "event": EVENTS, "label": [LABEL]}, since="0"),
    "exec events": asked("GET /events", {"type": ["container"], "event": [*EVENTS, "exec_start"], "label": [LABEL]}),
    "by its name": asked("GET /containers/api/json"),
    "by a short id": asked(f"GET /containers/{OWN[:11]}/json"),
    "in capitals": asked(f"GET /containers/{'AB' * 32}/json"),
    "longer than an id": asked(f"GET /containers/{OWN}0/json"),
    # tricks with paths
    "dots": asked(f"GET /containers/{OWN}/../../info"),
    "dots in the middle": asked("POST /containers/../containers/create"),
    "escaped dots": asked(f"GET /containers/{OWN}/%2e%2e/%2e%2e/info"),
    "escaped slash": asked(f"GET /containers%2f{OWN}/json"),
    "twice escaped": asked("GET /%252e%252e/info"),
    "two slashes": asked(f"GET //containers/{OWN}/json"),
    "a slash at the end": asked(f"GET /containers/{OWN}/json/"),
    "a parameter": asked(f"GET /containers/{OWN};x/json"),
    "a backslash": asked(f"GET /containers\\{OWN}/json"),
    "a fragment": asked(f"GET /containers/{OWN}/json#/../create"),
    "a nothing byte": asked(f"GET /containers/{OWN}\0/json"),
    "letters of others": asked(f"GET /c\u043entainers/{OWN}/json"),
    "wide letters": asked("GET /\uff3f\uff30\uff49\uff4e\uff47"),
    "absolute": asked(f"GET http://engine/containers/{OWN}/json"),
    "of a user": asked("GET //root@engine/info"),
    "a proxy's": b"CONNECT engine:2375 HTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\n\r\n",
    "the star": b"OPTIONS *" + END,
    "a second question mark": asked(f"POST /containers/{OWN}/restart?t=1?signal=9"),
    "a semicolon": b"POST /containers/" + OWN.encode() + b"/restart?t=1;signal=9" + END,
    "a line end in a path": asked(f"GET /containers/{OWN}/json%0d%0aHost:x"),
    # tricks with HTTP
    "two lengths": get(LISTED.decode(), Content_Length="5"),
    "a length and chunks": get(LISTED.decode(), Transfer_Encoding="chunked"),
    "an upgrade": get(LISTED.decode(), Connection="Upgrade", Upgrade="h2c"),
    "tcp": get(LISTED.decode(), Connection="Upgrade", Upgrade="tcp"),
    "keep alive": get(LISTED.decode(), Connection="keep-alive"),
    "expect": get(LISTED.decode(), Expect="100-continue"),
    "another method": get(LISTED.decode(), X_HTTP_Method_Override="POST"),
    "another address": get(LISTED.decode(), X_Original_URL="/info"),
    "registry login": get(LISTED.decode(), X_Registry_Auth="e30="),
    "another host": b"GET " + LISTED + b" HTTP/1.0\r\nHost: evil\r\nContent-Length: 0\r\n\r\n",
    "no length": b"GET " + LISTED + b" HTTP/1.0\r\nHost: engine\r\n\r\n",
    "a length that lies": asked(f"POST /containers/{OWN}/start").replace(b": 0", b": 9"),
    "a length of zeros": b"GET " + LISTED + b" HTTP/1.0\r\nHost: engine\r\nContent-Length: 00\r\n\r\n",
    "HTTP/1.1": b"GET " + LISTED + b" HTTP/1.1\r\nHost: engine\r\nContent-Length: 0\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/0.9": b"GET " + LISTED + b"\r\n\r\n",
    "bare line ends": b"GET " + LISTED + b" HTTP/1.0\nHost: engine\nContent-Length: 0\n\n\r\n\r\n",
    "a folded header": b"GET " + LISTED + b" HTTP/1.0\r\nHost: engine\r\n x\r\nContent-Length: 0\r\n\r\n",
    "a space before the colon": b"GET " + LISTED + b" HTTP/1.0\r\nHost : engine\r\nContent-Length: 0\r\n\r\n",
    "a tab": b"GET\t" + LISTED + b"\tHTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\n\r\n",
    "small letters": b"get " + LISTED + b" HTTP/1.0\r\nHost: engine\r\nContent-Length: 0\r\n\r\n",
    "an empty line first": b"\r\nGET " + LISTED + END,
    "pipelined": b"GET " + LISTED + END + b"POST /containers/create" + END,
    "a body": b"POST /containers/" + OWN.encode() + b"/start" + END + b'{"Privileged": true}',
    "huge headers": get(LISTED.decode(), X="y" * 10_000),
    "a huge path": asked(f"GET /{'a' * 10_000}"),
    "a huge body": b"POST /containers/create HTTP/1.0\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 2**20,
    "a list with another word": asked("GET /containers/json", {"label": [LABEL]}, all="1", x="1"),
    "garbage": bytes(range(256)) * 4 + b"\r\n\r\n",
    "TLS": b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n",
    "nothing": b"\r\n\r\n",
}
