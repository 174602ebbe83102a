// The largest reason of what was recommended on this visit, for whoever asks why it plays.

const reasons = new Map(); // by the item's id, as the API told them last

export const reasonKnown = (id, words) => { if (words) reasons.set(id, words); };

export const reasonOf = (id) => reasons.get(id);
