// Holds many subscriptions at once, each a graphql-ws client that reconnects by itself.
// usage: node sockets.mjs CONFIG OUTPUT; CONFIG is {"query": …, "clients": [{"url": …, "token": …}]}.
// Appends a line of JSON to OUTPUT for each message: which client, when (milliseconds), what.
// "open" says that a connection stands, "closed" that one ended. Ends with its standard input.
import { appendFileSync, readFileSync } from "node:fs";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [config, output] = process.argv.slice(2);
const { query, clients } = JSON.parse(readFileSync(config, "utf8"));
const note = (client, what) => appendFileSync(output, `${JSON.stringify({ client, at: Date.now(), ...what })}\n`);
const opened = clients.map(({ url, token }, number) => {
  const client = createClient({
    url,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    retryAttempts: Infinity,
    shouldRetry: () => true,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 250)),
    on: {
      connected: () => note(number, { open: true }),
      closed: (event) => note(number, { closed: event.code ?? 0 }),
    },
  });
  client.subscribe({ query }, {
    next: (message) => note(number, message.errors ? { errors: message.errors } : { data: message.data }),
    error: (error) => note(number, { errors: String(error) }),
    complete: () => note(number, { complete: true }),
  });
  return client;
});
process.stdin.resume();
process.stdin.on("end", async () => {
  await Promise.all(opened.map((client) => client.dispose()));
  process.exit(0);
});
