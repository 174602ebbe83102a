// Plain words for what the API calls by name.
import { make } from "./api.js";

export const levels = [
  { code: "OFF", name: "Off", words: "The most popular music, the same for everyone. Nothing about you is used." },
  { code: "BASIC", name: "This session", words: "Only what you do in this session." },
  { code: "OWN", name: "My plays", words: "What you played, liked and skipped." },
  { code: "SOCIAL", name: "And friends", words: "Also what friends play who agreed to it." },
  { code: "CONTEXT", name: "And the occasion", words: "Also the occasion, as your device knows it." },
];

export const purposes = {
  RECORD: { title: "Keep my plays", words: "Without it, plays are refused before anything is stored." },
  SELF: { title: "My plays shape what I see", words: "Without it you get what is popular and fits this session." },
  CONTRIBUTE: { title: "My plays teach the recommender", words: "Without it, the next training leaves your plays out." },
  SOCIAL_IN: { title: "Friends shape what I see", words: "Plays of friends who agreed may bring you music." },
  SOCIAL_OUT: { title: "My plays shape what friends see", words: "You can answer differently for single friends below.", friend: "my plays may shape what they see" },
  NAMED: { title: "Friends may see my name with it", words: "In reasons and activity. You can answer differently for single friends below.", friend: "may see my name" },
  DISCOVERABLE: { title: "People can find me", words: "In search, in suggestions, and through friends." },
  CALENDAR: { title: "My calendar, on my device", words: "It never leaves your device." },
  LOCATION: { title: "My location, on my device", words: "It never leaves your device." },
  FEEDBACK: { title: "Anonymous sums from my device", words: "Noisy sums from which nobody can tell what you did." },
  EXPERIMENT: { title: "Experiments", words: "You may see a variant, and what you do with it is counted." },
  THIRD_PARTY: { title: "Data for others", words: "Your plays may be part of data that leaves this installation." },
};

export const states = { UNDEFINED: "not answered", GRANTED: "yes", DENIED: "no", WITHDRAWN: "taken back", EXPIRED: "ran out" };

export const held = ({ name, why, count }) =>
  make("li", {}, make("span", { className: "title" }, `${name}: ${count}`), make("p", { className: "quiet" }, why));
