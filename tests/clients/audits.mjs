// Asks what GraphQL over HTTP asks of a server (graphql-http's audits); prints what did not hold, as JSON.
// usage: node audits.mjs URL [TOKEN]
import { serverAudits } from "graphql-http";

const [url, token] = process.argv.slice(2);
const asked = (address, init = {}) =>
  fetch(address, { ...init, headers: { ...init.headers, ...(token && { authorization: `Bearer ${token}` }) } });
const audits = serverAudits({ url, fetchFn: asked });
const failed = [];
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status === "ok") continue;
  failed.push({ id: audit.id, name: audit.name, reason: result.reason, status: result.response.status, body: await result.response.json().catch(() => null) });
}
console.log(JSON.stringify({ audits: audits.length, failed }));
