// Stands in for the native module of AWS's Node.js runtime client, whose build needs a C++ toolchain.
// The same three functions: `next` waits for an event, `done` and `error` answer it.
"use strict";

const http = require("node:http");
const { Worker, isMainThread, parentPort, workerData } = require("node:worker_threads");

const BASE = "/2018-06-01/runtime/invocation/";
const [hostname, port] = (isMainThread ? process.env.AWS_LAMBDA_RUNTIME_API : workerData.api).split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 1 }); // one socket: an answer goes before the next question

function call(method, path, body, headers) {
  return new Promise((resolve, reject) => {
    const request = http.request({ hostname, port, agent, method, path: BASE + path, headers }, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

function post(path, body, headers) {
  const data = Buffer.from(body);
  return call("POST", path, data, { "Content-Type": "application/json", "Content-Length": data.length, ...headers });
}

async function next() {
  const { status, headers, body } = await call("GET", "next");
  if (status !== 200) throw new Error(`Failed to get next invocation, status ${status}`);
  return { bodyJson: body.toString(), headers };
}

function done(id, body) {
  post(`${id}/response`, body).catch((failure) => console.error(failure.message));
}

let worker;
let flag;

// The process may exit as soon as this returns, so a second thread posts while this one waits.
function error(id, body, cause) {
  if (worker === undefined) {
    flag = new Int32Array(new SharedArrayBuffer(4));
    worker = new Worker(__filename, { workerData: { api: process.env.AWS_LAMBDA_RUNTIME_API, flag } });
    worker.unref();
  }
  Atomics.store(flag, 0, 0);
  worker.postMessage({ id, body, cause });
  Atomics.wait(flag, 0, 0);
}

if (!isMainThread) {
  parentPort.on("message", async ({ id, body, cause }) => {
    const headers = { "Lambda-Runtime-Function-Error-Type": "Unhandled" };
    if (cause) headers["Lambda-Runtime-Function-XRay-Error-Cause"] = cause;
    await post(`${id}/error`, body, headers).catch(() => undefined);
    Atomics.store(workerData.flag, 0, 1);
    Atomics.notify(workerData.flag, 0);
  });
}

module.exports = { next, done, error };
