// An iCalendar file (RFC 5545) as components of properties. Nothing here leaves the page.

/** A component: its name, its properties in their order, and what stands in it. */
const component = (name) => ({ name, properties: [], parts: [] });

/** The outermost components of a file; what is no content line is passed over. */
export function components(text) {
  const root = component("");
  const open = [root];
  for (const line of text.replace(/^\uFEFF/, "").replace(/\r\n?/g, "\n").replace(/\n[ \t]/g, "").split("\n")) {
    const property = read(line);
    if (!property) continue;
    if (property.name === "BEGIN") {
      const inner = component(property.value.trim().toUpperCase());
      open.at(-1).parts.push(inner);
      open.push(inner);
    } else if (property.name === "END") {
      if (open.length > 1) open.pop();
    } else open.at(-1).properties.push(property);
  }
  return root.parts;
}

/** A content line: NAME;PARAMETER="quoted":value. */
function read(line) {
  let quoted = false;
  let colon = 0;
  for (; colon < line.length && (quoted || line[colon] !== ":"); colon++) if (line[colon] === '"') quoted = !quoted;
  if (!colon || colon === line.length) return null;
  const [name, ...parameters] = line.slice(0, colon).match(/(?:[^;"]|"[^"]*")+/g) ?? [""];
  const told = parameters.map((one) => one.split("=")).map(([key, ...value]) => [key.toUpperCase(), value.join("=").replaceAll('"', "")]);
  return { name: name.toUpperCase(), parameters: Object.fromEntries(told), value: line.slice(colon + 1) };
}

export const all = (part, name) => part.properties.filter((property) => property.name === name);
export const one = (part, name) => all(part, name)[0];
export const word = (part, name) => one(part, name)?.value.trim().toUpperCase() ?? "";

/** Text without its escapes. */
export const plain = (value) => value.replace(/\\([\\;,Nn])/g, (_, sign) => (sign.toLowerCase() === "n" ? "\n" : sign));
