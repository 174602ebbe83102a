// Days as the device counts them: by the clock of Greenwich, so that all devices mean the same one.

/** "2026-11-27" of a moment in milliseconds. */
export const dayOf = (moment) => new Date(moment).toISOString().slice(0, 10);
