// Signs in with a token and uses the API as an urql application would; prints what it saw as JSON.
// usage: node urql.mjs URL TOKEN
import { Client, fetchExchange, gql } from "@urql/core";

const [url, token] = process.argv.slice(2);
const client = new Client({
  url,
  exchanges: [fetchExchange],
  preferGetMethod: false,
  fetchOptions: () => ({ headers: { authorization: `Bearer ${token}` } }),
});

async function query(document, variables = {}) {
  const { data, error } = await client.query(document, variables, { requestPolicy: "network-only" }).toPromise();
  if (error) throw error;
  return data;
}

const DISCOVER = gql`
  query ($kind: ItemKind!) {
    viewer {
      profile { id handle }
      discover(kind: $kind, first: 5) {
        level
        degraded
        edges { node { score remainder item { __typename ... on Artist { name } ... on Track { title } }
          reasons { kind text contribution share evidence { __typename id } } } }
      }
    }
  }`;
const FRIENDS = gql`
  query ($after: String) {
    viewer { friends(first: 2, after: $after) { edges { node { handle } } pageInfo { hasNextPage endCursor } } }
  }`;
const SET_CONSENT = gql`
  mutation ($granted: Boolean!) {
    setConsent(purpose: SELF, granted: $granted) {
      __typename
      ... on OperationInfo { messages { code message } }
    }
  }`;

const before = await query(DISCOVER, { kind: "ARTIST" });
const friends = [];
for (let after = null, more = true; more; ) {
  const page = (await query(FRIENDS, { after })).viewer.friends;
  friends.push(...page.edges.map((edge) => edge.node.handle));
  ({ hasNextPage: more, endCursor: after } = page.pageInfo);
}
const consent = await client.mutation(SET_CONSENT, { granted: false }).toPromise();
if (consent.error) throw consent.error;
const after = await query(DISCOVER, { kind: "ARTIST" });
console.log(JSON.stringify({ before, friends, consent: consent.data, after }));
