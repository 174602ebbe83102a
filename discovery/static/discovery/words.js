// The reader's language: /words.js defines these three for the whole page.

export const { gettext, ngettext } = window;

/** `worded(gettext("%(name)s counts again."), { name })`. */
export const worded = (text, values) => window.interpolate(text, values, true);

const language = document.documentElement.lang;
const day = new Intl.DateTimeFormat(language, { dateStyle: "long" });
const moment = new Intl.DateTimeFormat(language, { dateStyle: "medium", timeStyle: "short" });
const time = new Intl.DateTimeFormat(language, { timeStyle: "short" });
const percent = new Intl.NumberFormat(language, { style: "percent" });
const number = new Intl.NumberFormat(language);

export const asDay = (value) => day.format(new Date(value));
export const asMoment = (value) => moment.format(new Date(value));
export const asTime = (value) => time.format(new Date(value));
export const asPercent = (value) => percent.format(value);
export const asNumber = (value) => number.format(value);
export const asList = (values) => new Intl.ListFormat(language).format(values);
