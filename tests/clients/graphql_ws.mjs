// Subscribes as a graphql-ws application does; prints the first COUNT messages as JSON.
// usage: node graphql_ws.mjs URL TOKEN COUNT
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url, token, count] = process.argv.slice(2);
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { Authorization: `Bearer ${token}` },
});
const heard = [];
const query = "subscription { friendActivity { listener { handle } item { ... on Track { title } } } }";
for await (const message of client.iterate({ query })) {
  if (message.errors) throw new Error(JSON.stringify(message.errors));
  if (heard.push(message.data) === Number(count)) break;
}
console.log(JSON.stringify(heard));
await client.dispose();
