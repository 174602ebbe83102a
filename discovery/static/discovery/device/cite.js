// The largest terms of a score as reasons (discovery/recommend/citing.py and explain.py): what is cited adds up to what is said.

const CITED = 3; // entries that a reason names at most, and friends that an item names
const BECAUSE = 0.5; // from this share on one play alone is the reason
const MINOR = 0.02; // below this share nothing is said
const KINDS = [["OWN_PLAY", "OWN"], ["ONBOARDING", "PICK"], ["TAG", "PROMPT_TAG"]];

/** [{ kind, contribution, share, entries, signals }] of one ranked item, the largest first; and the remainder. */
export function explained(entries, { terms, prior, score }, own = entries.map(() => false)) {
  const whole = terms.reduce((sum, term) => sum + Math.abs(term), 0) + Math.abs(prior);
  const reasons = [];
  for (const [kind, channel] of KINDS) {
    const places = placesOf(entries, (entry) => entry.channel === channel);
    const strongest = largest(places, terms);
    if (!strongest.length) continue;
    const cited = terms[strongest[0]] >= BECAUSE * whole ? strongest.slice(0, 1) : strongest;
    reasons.push({ kind, entries: cited, signals: places.length, contribution: added(cited, terms) });
  }
  reasons.push(...friends(entries, terms, own));
  reasons.push({ kind: "POPULARITY", entries: [], signals: 1, contribution: prior });
  const told = reasons.map((reason) => ({ ...reason, share: reason.contribution / (whole || 1) }))
    .filter(({ contribution, share }) => contribution > 0 && share >= MINOR)
    .sort((one, other) => other.contribution - one.contribution);
  return { reasons: told, remainder: score - told.reduce((sum, reason) => sum + reason.contribution, 0) };
}

/** Friends who play the very item (`own` by entry), then those whose plays add most; those without a name as one. */
function friends(entries, terms, own) {
  const people = [...new Set(entries.filter(({ channel }) => channel === "FRIEND").map(({ friend }) => friend))].sort((one, other) => one - other);
  const groups = people.map((friend) => {
    const places = placesOf(entries, (entry) => entry.channel === "FRIEND" && entry.friend === friend);
    const itself = places.filter((place) => own[place] && terms[place] > 0);
    const cited = itself.length ? itself : largest(places, terms);
    const positive = places.filter((place) => terms[place] > 0).length;
    return { kind: "FRIEND", friend, itself: itself.length > 0, entries: cited, signals: positive, contribution: added(cited, terms) };
  });
  return groups.sort((one, other) => other.itself - one.itself || other.contribution - one.contribution).slice(0, CITED);
}

const placesOf = (entries, fits) => entries.flatMap((entry, place) => (fits(entry) ? [place] : []));

/** The places of the largest terms above zero, the first of equals first. */
const largest = (places, terms) => places.filter((place) => terms[place] > 0).sort((one, other) => terms[other] - terms[one] || one - other).slice(0, CITED);

const added = (places, terms) => places.reduce((sum, place) => sum + terms[place], 0);
