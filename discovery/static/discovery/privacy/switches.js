// The switches of the questions, on every page that asks them. A change counts at once, and can be taken back.
import { ask, refused } from "../api.js";
import { act, tell } from "../page.js";
import { asDay, gettext, worded } from "../words.js";

export const titleOf = (purpose) => document.querySelector(`label[for="allow-${purpose}"]`)?.textContent;

export const setConsent = (purpose, granted, friendId = null) => ask(`mutation($purpose: Purpose!, $granted: Boolean!, $friendId: ID) {
  setConsent(purpose: $purpose, granted: $granted, friendId: $friendId) { ... on ConsentChange { privacy { level } } ${refused} } }`,
  { purpose, granted, friendId });

/** The switches of the page; `change(purpose, granted)` is what each does. */
export function beginSwitches(change) {
  const switches = [...document.querySelectorAll("#purposes [data-purpose]")];
  for (const box of switches) onSwitch(box, titleOf(box.dataset.purpose), (granted) => change(box.dataset.purpose, granted));
  return switches;
}

/** `answers`: by purpose, what was answered. */
export function showSwitches(switches, answers) {
  for (const box of switches) {
    const { state, validUntil } = answers.get(box.dataset.purpose);
    Object.assign(box, { checked: state === "GRANTED", disabled: false });
    box.closest(".choice").querySelector("[data-until]").textContent =
      box.checked && validUntil ? worded(gettext("Until %(day)s."), { day: asDay(validUntil) }) : "";
  }
}

/** It turns under the finger, and back where the server refuses. */
export function onSwitch(box, title, change) {
  box.addEventListener("change", () => act(async () => {
    const granted = box.checked;
    try {
      await change(granted);
    } catch (error) {
      box.checked = !granted;
      throw error;
    }
    document.getElementById(box.id)?.focus({ preventScroll: true });
    tell(worded(granted ? gettext("%(title)s: on.") : gettext("%(title)s: off."), { title }), { undo: () => change(!granted) });
  }));
}
