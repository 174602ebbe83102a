// What an experiment that the viewer is in changes for them. Shown only where there is one.
import { at, make } from "../page.js";
import { asDay, gettext, worded } from "../words.js";

export const ofViewer = "experiments { name changes since }";

export function begin() {}

export function show({ viewer: { experiments } }) {
  at("experiments").hidden = !experiments.length;
  at("experiments").replaceChildren(...experiments.map(({ name, changes, since }) => make("p", {},
    make("strong", {}, worded(gettext("Since %(day)s you are in the experiment “%(name)s”."), { name, day: asDay(since) })), " ", changes)));
}
