// Shows what a graphql-request application sees when its token is wrong, and when it sends nonsense.
// usage: node graphql_request.mjs URL TOKEN
import { ClientError, GraphQLClient } from "graphql-request";

const [url, token] = process.argv.slice(2);
const ask = async (bearer, document) => {
  try {
    return { data: await new GraphQLClient(url, { headers: { authorization: `Bearer ${bearer}` } }).request(document) };
  } catch (error) {
    if (!(error instanceof ClientError)) throw error;
    return { status: error.response.status, codes: (error.response.errors ?? []).map((e) => e.extensions?.code) };
  }
};

console.log(
  JSON.stringify({
    good: await ask(token, "{ viewer { profile { handle } } }"),
    wrongToken: await ask(`${token}x`, "{ viewer { profile { handle } } }"),
    nonsense: await ask(token, "{ viewer { nothing } }"),
  }),
);
