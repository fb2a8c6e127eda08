// Makes a container: node make_container.mjs ENDPOINT ACCOUNT KEY CONTAINER
import { createHmac } from "node:crypto";

const [endpoint, account, key, container] = process.argv.slice(2);
const headers = { "x-ms-date": new Date().toUTCString(), "x-ms-version": "2021-08-06" };
const path = `${new URL(endpoint).pathname}/${container}`;
const signed = [
  "PUT", "", "", "", "", "", "", "", "", "", "", "",
  ...Object.entries(headers).map(([name, value]) => `${name}:${value}`),
  `/${account}${path}`,
  "restype:container",
].join("\n");
const signature = createHmac("sha256", Buffer.from(key, "base64")).update(signed).digest("base64");
headers.Authorization = `SharedKey ${account}:${signature}`;
const answer = await fetch(`${endpoint}/${container}?restype=container`, { method: "PUT", headers });
if (answer.status !== 201) throw new Error(`${answer.status} ${await answer.text()}`);
