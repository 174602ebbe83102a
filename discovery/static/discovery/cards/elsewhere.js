// Pages elsewhere on which a track can be heard. They are opened, and never loaded into this one.
import { make } from "../page.js";
import { gettext, worded } from "../words.js";

export const elsewhere = ({ play = [] }) => play.filter(({ kind }) => kind === "LINK").map(({ url, library }) =>
  make("a", { className: "button elsewhere", href: url, target: "_blank", rel: "noopener noreferrer" }, worded(gettext("Open at %(service)s"), { service: library })));
