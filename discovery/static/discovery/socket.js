// Subscriptions over graphql-transport-ws: one socket for all of them, which comes back by itself.
import { onLeave } from "./visit.js";

const url = new URL("/graphql/", location.href);
url.protocol = url.protocol.replace("http", "ws");

const running = new Map(); // id → { query, variables, next, ended }
let socket = null;
let ready = false;
let wait = 500; // milliseconds before the next attempt
let last = 0;

/** Calls `next(data)` for each message, and `ended()` when the server ends it. Returns a function that stops it; it
 * stops with the page, unless it `stays`. */
export function subscribe(query, variables, next, ended = () => {}, { stays = false } = {}) {
  const id = String((last += 1));
  running.set(id, { query, variables, next, ended });
  if (ready) start(id);
  else open();
  const stop = () => {
    if (running.delete(id) && ready) send({ id, type: "complete" });
    if (!running.size) close();
  };
  if (!stays) onLeave(stop);
  return stop;
}

const send = (message) => socket.send(JSON.stringify(message));

function start(id) {
  const { query, variables } = running.get(id);
  send({ id, type: "subscribe", payload: { query, variables } });
}

function open() {
  if (socket) return;
  const opened = socket = new WebSocket(url, "graphql-transport-ws");
  opened.addEventListener("open", () => opened.send(JSON.stringify({ type: "connection_init" })));
  opened.addEventListener("message", ({ data }) => opened === socket && hear(JSON.parse(data)));
  opened.addEventListener("close", () => {
    if (opened !== socket) return;
    [socket, ready] = [null, false];
    if (running.size) setTimeout(open, wait);
    wait = Math.min(2 * wait, 30_000);
  });
}

/** Nobody listens any more. */
function close() {
  const last = socket;
  [socket, ready] = [null, false];
  last?.close(1000);
}

function hear({ type, id, payload }) {
  if (type === "ping") return send({ type: "pong" });
  if (type === "connection_ack") {
    [ready, wait] = [true, 500];
    for (const each of running.keys()) start(each);
    return undefined;
  }
  const one = running.get(id);
  if (type === "next" && payload.data) return one?.next(payload.data);
  if (type === "error" || type === "complete" || payload?.errors) {
    running.delete(id);
    one?.ended();
  }
  return undefined;
}
