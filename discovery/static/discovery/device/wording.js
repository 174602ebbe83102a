// What reasons say, in the reader's language (discovery/recommend/wording.py). `say`: { gettext, ngettext } of the page.

export function wording({ gettext, ngettext }) {
  const fractions = [
    [0.075, gettext("a small part")], [0.14, gettext("about a tenth")], [0.225, gettext("about a fifth")],
    [0.29, gettext("about a quarter")], [0.42, gettext("about a third")], [0.58, gettext("about half")],
    [0.71, gettext("about two thirds")], [0.85, gettext("about three quarters")], [Infinity, gettext("nearly all")],
  ];
  const fraction = (share) => fractions.find(([limit]) => share < limit)[1];
  const listed = (things) => (things.length < 2 ? things.join("") : [things.slice(0, -1).join(", "), gettext("and"), things.at(-1)].join(" "));
  const because = {
    PLAYED: gettext("Because you played %(things)s"), LIKED: gettext("Because you like %(things)s"),
    PICKED: gettext("Because you picked %(things)s"), HEARD: gettext("Because you have just heard %(things)s"),
  };
  const session = gettext("From this session: %(things)s");

  /** The sentence of a reason that cites things with these `names`. */
  return function sentence({ kind, share, signals, manner, names }) {
    const things = listed(names);
    if (kind === "POPULARITY") return gettext("Popular with listeners here (not personal)");
    if (kind === "ONBOARDING" || (names.length === 1 && share >= 0.5)) return filled(because[manner] ?? session, { things });
    return filled(ngettext("Your one signal: %(things)s (%(part)s of all that weighs in)",
      "Strongest of your %(count)s signals: %(things)s (%(part)s of all that weighs in)", signals),
    { count: signals, things, part: fraction(share) });
  };
}

const filled = (text, values) => text.replace(/%\((\w+)\)s/g, (_all, name) => values[name]);
