// A proxy between the browser and the service, at an origin of its own, which loses and holds answers.

import { once } from "node:events";
import { createServer, request as ask } from "node:http";

// Listens at `origin` and passes everything on to the service at `backend`, an address with its port.
export async function serveProxy(origin, backend) {
  const proxy = new LossyProxy(backend);
  await proxy.listen(new URL(origin).port);
  return proxy;
}

class LossyProxy {
  // Whether browsers may send more on a connection. When one of those breaks, they send a request again by
  // themselves, whether or not it was carried out.
  keepsConnections = false;
  #backend;
  #plan = null;
  #server = createServer((request, response) => this.#pass(request, response));

  constructor(backend) {
    this.#backend = backend;
  }

  async listen(port) {
    this.#server.listen(Number(port), "127.0.0.1");
    await once(this.#server, "listening");
  }

  // Ends the connection of the next request of this kind: before it is passed on, or after it was answered.
  lose(kind, { isDone }) {
    this.#plan = { kind, isDone, isLost: true };
  }

  // Keeps the answer to the next request of this kind until `letGo` or `cut` is called.
  hold(kind) {
    const held = { kind, isDone: true };
    held.gate = new Promise((resolve) => {
      held.letGo = () => resolve("pass");
      held.cut = () => resolve("cut");
    });
    this.#plan = held;
    return held;
  }

  close() {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #pass(request, response) {
    const plan = this.#plan?.kind(request) ? this.#plan : null;
    if (plan) this.#plan = null;
    if (plan && !plan.isDone) return cut(response);
    const [host, port] = this.#backend.split(":");
    const passed = ask({ host, port, method: request.method, path: request.url, headers: request.headers, agent: false });
    passed.on("error", () => cut(response));
    request.pipe(passed);
    passed.on("response", async (answer) => {
      const body = Buffer.concat(await answer.toArray());
      if (plan?.isLost || (await plan?.gate) === "cut") return cut(response);
      response.shouldKeepAlive = this.keepsConnections;
      const { connection, ...headers } = answer.headers;
      response.writeHead(answer.statusCode, headers);
      response.end(body);
    });
  }
}

// An end without an answer, as of a process that is gone.
const cut = (response) => response.socket.resetAndDestroy();

export const changes = (request) => request.method !== "GET";
