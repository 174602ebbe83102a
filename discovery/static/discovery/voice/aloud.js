// Reading aloud, for whoever turned it on: by a voice of the device itself, or not at all.
import { at } from "../page.js";

const voice = () => speechSynthesis.getVoices().find(({ lang, localService }) => localService && lang.startsWith(document.documentElement.lang));

export function aloud(words) {
  const own = at("voice-aloud").checked && window.speechSynthesis && voice();
  if (own) speechSynthesis.speak(Object.assign(new SpeechSynthesisUtterance(words), { voice: own, lang: own.lang }));
}
