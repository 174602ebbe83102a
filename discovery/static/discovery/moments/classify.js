// What a moment is, by the words of its title: one of the labels the server knows, or nothing at all. English and German.

// What is nobody's business is never told, whatever else stands beside it.
const SILENT = /arzt|ärzt|doctor|\bdr\b|dentist|klinik|clinic|hospital|krank|therap|surger|operation|reha\b|\breha|anwalt|lawyer|gericht|court|beerdig|trauer|funeral|gottesdienst|\bchurch|messe\b|mosque|moschee|synag|gebet|prayer|vorstellungsgespräch|job interview|kündigung|scheidung|divorce|selbsthilfe|support group|gewerkschaft|\bunion\b|partei\b|schwanger|pregnan/;

const WORDS = [
  ["SLEEP", /\bsleep\b|bedtime|\bnap\b|schlafen|mittagsschlaf|bettzeit/],
  ["YOGA", /\byoga|pilates|stretching|dehnen/],
  ["CYCLE", /cycling|\bbike ride|bicycle|spinning|radtour|radfahren|rennrad|fahrradtour|mountainbik/],
  ["RUN", /\brun(?! (?:the|a|an|by|out|of|through|into|for office)\b)\b|\brunning(?! (?:late|the|out|for)\b)|jogging|\bjog\b|marathon|parkrun|\blaufen\b|\blauf\b|lauftr(?:aining|eff)|joggen|intervalltraining/],
  ["WALK", /\bwalk(?:ing)?(?! ?through)\b|\bhik(?:e|ing)\b|spazier|wander(?:n|ung|weg)|gassi/],
  ["SPORT", /\bgym\b|work ?out|fitness|crossfit|\btraining(?:seinheit)?\b(?! session on)|\bswim(?:ming)?\b|football|soccer|tennis|badminton|basketball|volleyball|climbing|bouldern?\b|boxing|\bsports?\b|schwimm|fu(?:ß|ss)ball|handball|kletter|krafttr|turnen|tischtennis/],
  ["COMMUTE", /\bcommut|arbeitsweg|weg zur arbeit|pendeln|heimfahrt von der arbeit/],
  ["TRAVEL", /\bflight\b|\btrain (?:to|from)\b|\btrip\b|travel|vacation|holidays? in|road ?trip|\bdrive to\b|\bflug\b|\breise|\burlaub|zugfahrt|bahnfahrt|autofahrt|\bfahrt nach\b|ferien in/],
  ["COOK", /\bcook(?:ing)?\b|\bbaking\b|meal ?prep|\bkochen\b|\bbacken\b|kochabend/],
  ["CHORES", /\bclean(?:ing)?\b|laundry|chores|\bironing\b|tidy|gardening|\bputzen|\bhausputz|wäsche|aufräumen|bügeln|gartenarbeit|staubsaug/],
  ["PARTY", /\bpart(?:y|ies)\b|birthday|\brave\b|clubbing|new year'?s eve|geburtstag|\bfeier\b|(?:geburtstags|sommer|weihnachts|garten|einweihungs)(?:feier|party|fest)|silvester|fasching|karneval/],
  ["DINNER", /\bdinner\b|\bbrunch\b|\bsupper\b|\blunch\b|barbecue|\bbbq\b|abendessen|essen gehen|essen mit|mittagessen|\bgrillen\b|restaurant/],
  ["STUDY", /\bstud(?:y|ying)\b|homework|lecture|revision\b|exam prep|\blernen\b|vorlesung|seminar\b|hausaufgaben|\blerngruppe|bibliothek|thesis|bachelorarbeit|masterarbeit/],
  ["WORK", /\bfocus(?: time| block)?\b|deep work|\bwork\b|\bcoding\b|\bwriting\b|office\b|\bshift\b|\barbeit(?:en|szeit)?\b|homeoffice|\bbüro\b|fokus(?:zeit)?\b|konzentriert|schreibzeit|\b(?:früh|spät|nacht)schicht\b|\bschicht\b/],
  ["RELAX", /\brelax|meditat|\bspa\b|sauna|\bbath\b|me.time|day off|entspann|\bbaden\b|wellness|feierabend|freier tag|ruhezeit/],
];

/** Of a whole day only these are told: nobody runs for one. */
const WHOLE_DAYS = ["TRAVEL", "RELAX"];

/** The label of an event, or null: then nothing of it is told. */
export function labelOf({ summary, categories = [], allDay = false }) {
  const told = [summary, ...categories].map((words) => words.normalize("NFC").toLowerCase());
  if (told.some((words) => SILENT.test(words))) return null;
  for (const words of told) {
    const found = WORDS.find(([, pattern]) => pattern.test(words))?.[0];
    if (found) return allDay && !WHOLE_DAYS.includes(found) ? null : found;
  }
  return null;
}
