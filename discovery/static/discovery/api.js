// The GraphQL API over HTTP, with the session's cookie. Whatever goes wrong comes as an Error with a sentence for people.
import { gettext } from "./words.js";

const SHIELDED = /^mutation[^]*(?:setPersonalizationLevel|PrivateSession)/;
const token = document.querySelector('meta[name="csrf-token"]').content;

/** The data of one operation. */
export async function ask(query, variables = {}) {
  let answer;
  try {
    const response = await fetch("/graphql/", {
      method: "POST",
      keepalive: query.startsWith("mutation"), // what was said on leaving still arrives
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
      body: JSON.stringify({ query, variables }),
    });
    answer = await response.json();
  } catch {
    throw new Error(gettext("The server did not answer. Look whether it was changed before you try again."));
  }
  if (answer.errors) throw refusal(answer.errors[0].extensions?.code, answer.errors[0].message);
  for (const value of Object.values(answer.data)) {
    if (value?.messages) throw refusal(value.messages[0].code, value.messages[0].message);
  }
  if (answer.data.viewer === null) location.reload(); // signed out elsewhere: the page asks to sign in
  if (SHIELDED.test(query)) dispatchEvent(new CustomEvent("privacychange", { detail: { session: query.includes("PrivateSession") } }));
  return answer.data;
}

/** What every mutation selects besides its success. */
export const refused = "... on OperationInfo { messages { message code } }";

/** What the server cannot say well, because it does not know the page; the rest it says in the reader's language. */
const sentences = () => ({
  SIGN_IN_REQUIRED: gettext("You are signed out. Reload the page to sign in again."),
  CSRF_FAILED: gettext("This page has grown old. Reload it and try again."),
  INTERNAL: gettext("Something went wrong on our side. Look whether it was changed before you try again."),
});

const refusal = (code, message) => new Error(sentences()[code] ?? message);
