"""moto's S3 with one bucket, on a port that it prints. One request after the other: a conditional
write looks and replaces in two steps there, between which no other may come.

Further arguments spoil it. A header's name: the server does as if it had never heard of it. "denies",
"fails" or "hangs-up": of the conditional writes that it has done, every second one is answered with 412,
with 500, or not at all."""

import itertools
import socket
import sys
import threading

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

MOODS = {"denies": "412 Precondition Failed", "fails": "500 Internal Server Error", "hangs-up": None}
moods = [word for word in sys.argv[2:] if word in MOODS]
UNHEARD = ["HTTP_" + name.upper().replace("-", "_") for name in sys.argv[2:] if name not in MOODS]
written = itertools.count()
backend = DomainDispatcherApplication(create_backend_app)


class Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        pass


def application(environ, start_response):
    for name in UNHEARD:
        environ.pop(name, None)
    is_conditional = {"HTTP_IF_MATCH", "HTTP_IF_NONE_MATCH"} & environ.keys()
    if not moods or environ["REQUEST_METHOD"] != "PUT" or not is_conditional:
        return backend(environ, start_response)
    answer = []
    body = list(backend(environ, lambda status, headers, _=None: answer.extend([status, headers])))
    if answer[0].startswith("200") and next(written) % 2:
        status = MOODS[moods[0]]
        if status is None:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            status = "500 Internal Server Error"
        answer, body = [status, []], []
    start_response(*answer)
    return body


server = make_server("127.0.0.1", 0, application, request_handler=Quiet)
threading.Thread(target=server.serve_forever, daemon=True).start()
boto3.client(
    "s3",
    endpoint_url=f"http://127.0.0.1:{server.port}",
    aws_access_key_id="test",
    aws_secret_access_key="test",
    region_name="us-east-1",
).create_bucket(Bucket=sys.argv[1])
print(server.port, flush=True)
threading.Event().wait()
