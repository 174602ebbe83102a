// Why the device does not do something, in the words of the page that asks.

/** The sentence of an error that the worker answered with: its code's, or the server's own. */
export function refusals({ gettext }) {
  const noAnswer = gettext("The server did not answer. What is on this device goes on.");
  const sentences = {
    BUNDLE_EXPIRED: gettext("The pack on this device is more than a day old. Go online and fetch it again."),
    BUNDLE_FORGED: gettext("The pack is not signed by this installation. It is not used."),
    BUNDLE_DAMAGED: gettext("A part of the pack is not what its signature says. It is not used; fetch it again."),
    BUNDLE_UNKNOWN_FORMAT: gettext("The pack is of a format that this page does not know. Reload the page."),
    BUNDLE_MISSING: gettext("There is no pack on this device yet. Fetch it once while you are online."),
    CLOCK_WRONG: gettext("The clock of this device and the server's do not agree, so that nobody can tell whether the pack is of today. Set the clock, then fetch the pack."),
    STORAGE_DENIED: gettext("This browser lets the page keep nothing, as in some private windows or where the data of sites is blocked. Nothing was kept."),
    STORAGE_FULL: gettext("There is no room left on this device. Make some and do it again: the last of it was not kept."),
    SIGN_IN_REQUIRED: gettext("You are signed out. Sign in to fetch the pack; what is here goes on without."),
    MODEL_UNAVAILABLE: gettext("There is no recommender to fetch yet."),
    NO_ANSWER: noAnswer, TypeError: noAnswer,
  };
  return ({ code, message }) => sentences[code] ?? (message || gettext("Something went wrong. Reload the page and do it again."));
}
