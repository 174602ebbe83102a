// Plays that go: out of sight at once, deleted when the message that offers to take it back has passed.
import { ask, refused } from "../api.js";
import { tell } from "../messages.js";
import { visit } from "../visit.js";
import { gettext, worded } from "../words.js";

/** `chosen`: what deleteListens is told; `lines`: what stands for it on the page. */
export function deleteLater(chosen, lines, name) {
  const here = visit();
  const show = (shown) => { for (const line of lines) line.hidden = !shown; };
  const [first] = lines;
  const within = [...lines].some((line) => line.contains(document.activeElement));
  show(false);
  if (within) beside(first).focus({ preventScroll: true });
  const run = async () => {
    try {
      await ask(`mutation($ids: [ID!], $artistId: ID, $from: DateTime, $until: DateTime) {
        deleteListens(ids: $ids, artistId: $artistId, from: $from, until: $until) { ... on DeletedListens { deleted } ${refused} } }`, chosen);
      if (here !== visit()) return;
      for (const line of lines) line.remove();
      for (const day of document.querySelectorAll("#days .day:not(:has(li))")) day.remove(); // it had no other plays
    } catch (error) {
      show(true);
      tell(error.message, { isError: true });
    }
  };
  tell(worded(gettext("%(name)s: deleted for good when this message goes."), { name }), { undo: async () => show(true), expired: run });
}

/** What has the keyboard next, where that goes out of sight which had it. */
function beside(line) {
  const all = [...document.querySelectorAll("#days .open-more")];
  const seen = all.filter((one) => one.offsetParent);
  return seen.find((one) => line.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) ?? seen.at(-1) ?? document.querySelector("h1");
}
