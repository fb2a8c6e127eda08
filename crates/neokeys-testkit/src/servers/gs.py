"""A small Google Cloud Storage: its XML API with one bucket, on a port that it prints.

An object's ETag is the MD5 of its content, as Google's is; its generation is new with every write. Each
request is answered before the next one that changes something. With further arguments, each a header's
name, the server does as if it had never heard of these headers."""

import hashlib
import sys
import threading
import time
import urllib.parse
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from xml.sax.saxutils import escape

BUCKET, UNHEARD = sys.argv[1], {name.lower() for name in sys.argv[2:]}
PAGE = 100
objects = {}
lock = threading.Lock()
generations = iter(range(time.time_ns() // 1000, sys.maxsize))


class Api(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def said(self, name):
        return None if name in UNHEARD else self.headers.get(name)

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.wfile.write(body)

    def refuse(self, status, code):
        text = f"<?xml version='1.0' encoding='UTF-8'?><Error><Code>{code}</Code></Error>"
        self.answer(status, [("Content-Type", "application/xml")], text.encode())

    def name(self):
        """The object's name, the empty one for the bucket, or None elsewhere."""
        parts = self.path.partition("?")[0].lstrip("/").split("/", 1)
        if urllib.parse.unquote(parts[0]) != BUCKET:
            return None
        return urllib.parse.unquote(parts[1]) if len(parts) == 2 else ""

    def holds(self, found):
        """Whether the generation is the one that the request names, if it names one."""
        wanted = self.said("x-goog-if-generation-match")
        return wanted is None or wanted == (found["generation"] if found else "0")

    def do_PUT(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        name = self.name()
        if not name:
            return self.refuse(404, "NoSuchBucket")
        with lock:
            if not self.holds(objects.get(name)):
                return self.refuse(412, "PreconditionFailed")
            kept = [
                (header, value)
                for header, value in self.headers.items()
                if header.lower().startswith("x-goog-meta-") and header.lower() not in UNHEARD
            ]
            tag, generation = f'"{hashlib.md5(body).hexdigest()}"', str(next(generations))
            objects[name] = {
                "body": body,
                "generation": generation,
                "tag": tag,
                "headers": [
                    *kept,
                    ("ETag", tag),
                    ("x-goog-generation", generation),
                    ("x-goog-metageneration", "1"),
                    ("Last-Modified", formatdate(usegmt=True)),
                ],
            }
        self.answer(200, [("ETag", tag), ("x-goog-generation", generation)])

    def do_GET(self):
        name = self.name()
        if name is None:
            return self.refuse(404, "NoSuchBucket")
        if name == "":
            return self.list()
        with lock:
            found = objects.get(name)
        if found is None:
            return self.refuse(404, "NoSuchKey")
        if self.said("if-none-match") == found["tag"]:
            return self.answer(304, [("ETag", found["tag"])])
        self.answer(200, found["headers"], found["body"])

    do_HEAD = do_GET

    def do_DELETE(self):
        with lock:
            found = objects.get(self.name())
            if found is None:
                return self.refuse(404, "NoSuchKey")
            if not self.holds(found):
                return self.refuse(412, "PreconditionFailed")
            del objects[self.name()]
        self.answer(204)

    def list(self):
        query = urllib.parse.parse_qs(self.path.partition("?")[2], keep_blank_values=True)
        prefix, after = query.get("prefix", [""])[0], query.get("continuation-token", [""])[0]
        with lock:
            names = sorted(name for name in objects if name.startswith(prefix) and name > after)
            page = [(name, objects[name]) for name in names[:PAGE]]
        more = len(names) > len(page)
        text = "<?xml version='1.0' encoding='UTF-8'?><ListBucketResult>"
        text += f"<Name>{BUCKET}</Name><IsTruncated>{str(more).lower()}</IsTruncated>"
        if more:
            text += f"<NextContinuationToken>{escape(page[-1][0])}</NextContinuationToken>"
        for name, found in page:
            text += (
                f"<Contents><Key>{escape(name)}</Key><Size>{len(found['body'])}</Size>"
                f"<ETag>{escape(found['tag'])}</ETag>"
                f"<LastModified>2026-01-01T00:00:00.000Z</LastModified></Contents>"
            )
        text += "</ListBucketResult>"
        self.answer(200, [("Content-Type", "application/xml")], text.encode())


server = ThreadingHTTPServer(("127.0.0.1", 0), Api)
server.daemon_threads = True
print(server.server_port, flush=True)
server.serve_forever()
