// GraphiQL over our own API: the session and its CSRF token, subscriptions over graphql-transport-ws.
// What is typed stays in this tab and goes with it.

const socket = new URL("/graphql/", location.href);
socket.protocol = socket.protocol.replace("http", "ws");

const FIRST = `# Whom you are signed in as, and music for you with its reasons.
# Press the button (Ctrl-Enter) to ask. The book on the left has every field, with what it means.
{
  viewer {
    profile { handle }
    discover(kind: TRACK, first: 3) {
      level
      edges {
        node {
          score
          remainder
          item { ... on Track { title artist { name } } }
          reasons { text contribution share }
        }
      }
    }
  }
}

# A subscription, to try beside it (the button asks which one to run):
# subscription Friends { friendActivity { listener { handle } item { ... on Track { title } } } }
`;

const fetcher = GraphiQL.createFetcher({
  url: "/graphql/",
  headers: { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content },
  wsClient: graphqlWs.createClient({ url: socket.href }),
  enableIncrementalDelivery: false,
});

ReactDOM.render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: FIRST, storage: sessionStorage, shouldPersistHeaders: false }),
  document.getElementById("explorer"),
);
