"""moto's S3 with one bucket, on a port that it prints. One request after the other: a conditional
write looks and replaces in two steps there, between which no other may come."""

import sys
import threading

import boto3
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


class Quiet(WSGIRequestHandler):
    def log_request(self, *_):
        pass


server = make_server(
    "127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), request_handler=Quiet
)
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
