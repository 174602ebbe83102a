// The browser's own recognition, where it works on the device itself. Where it would send sound elsewhere, it is not asked.

const asked = { langs: ["en-US"], processLocally: true };
const Recognition = window.SpeechRecognition;

/** Whether this device recognizes English by itself now, with nothing to be fetched first. */
export async function onDevice() {
  if (!Recognition?.available || !("processLocally" in Recognition.prototype)) return false;
  try {
    return (await Recognition.available(asked)) === "available";
  } catch {
    return false; // a browser that has another form of it
  }
}

/** Begins to listen, as `record` does; `stop()` settles with words. */
export function recognize(full) {
  const one = Object.assign(new Recognition(), { lang: asked.langs[0], processLocally: true, continuous: false });
  let words = "";
  const over = new Promise((settle, fail) => {
    one.onresult = ({ results }) => { words = results[0][0].transcript; };
    one.onerror = ({ error }) => (error === "no-speech" ? settle() : fail(new Error(error)));
    one.onend = () => settle();
  });
  over.then(full, full);
  one.start();
  return { async stop() { one.stop(); await over; return words; } };
}
