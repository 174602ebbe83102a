// Answers while somebody types: asked when they pause, and of several answers only the last counts.

const PAUSE = 220; // milliseconds

/** `ask(text)` answers with a function that shows what came; `cleared` is called for an empty field. Returns what ends it. */
export function typing(field, ask, { cleared = () => {}, failed = () => {} } = {}) {
  let [timer, last] = [null, 0];
  const now = async () => {
    const number = (last += 1);
    const text = field.value.trim();
    if (!text) return cleared();
    try {
      const show = await ask(text);
      if (number === last && field.isConnected) show();
    } catch (error) {
      if (number === last && field.isConnected) failed(error);
    }
    return undefined;
  };
  field.addEventListener("input", () => { clearTimeout(timer); timer = setTimeout(now, PAUSE); });
  field.form?.addEventListener("submit", (event) => { event.preventDefault(); clearTimeout(timer); now(); });
  if (field.value.trim()) timer = setTimeout(now); // typed before the page was ready
  return () => { clearTimeout(timer); last += 1; };
}
