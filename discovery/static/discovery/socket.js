// Subscriptions over graphql-transport-ws: one socket for the page, which comes back by itself.

const url = new URL("/graphql/", location.href);
url.protocol = url.protocol.replace("http", "ws");

const running = new Map(); // id → { query, variables, next, ended }
let socket = null;
let ready = false;
let wait = 500; // milliseconds before the next attempt
let last = 0;

/** Calls `next(data)` for each message, and `ended()` when the server ends it. Returns a function that stops it. */
export function subscribe(query, variables, next, ended = () => {}) {
  const id = String((last += 1));
  running.set(id, { query, variables, next, ended });
  if (ready) start(id);
  else open();
  return () => {
    if (running.delete(id) && ready) send({ id, type: "complete" });
  };
}

const send = (message) => socket.send(JSON.stringify(message));

function start(id) {
  const { query, variables } = running.get(id);
  send({ id, type: "subscribe", payload: { query, variables } });
}

function open() {
  if (socket) return;
  socket = new WebSocket(url, "graphql-transport-ws");
  socket.addEventListener("open", () => send({ type: "connection_init" }));
  socket.addEventListener("message", ({ data }) => hear(JSON.parse(data)));
  socket.addEventListener("close", () => {
    [socket, ready] = [null, false];
    if (running.size) setTimeout(open, wait);
    wait = Math.min(2 * wait, 30_000);
  });
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
