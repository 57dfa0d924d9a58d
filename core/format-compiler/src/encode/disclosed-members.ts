/** The value of a disclosed member: its JSON text, and whether it is an object, an array or null. */
export interface DisclosedMember {
  readonly name: string;
  /** JSON of the value. Numbers stay as the user wrote them, so that no digit is lost. */
  readonly json: string;
  readonly nested: boolean;
}

/** Values nested deeper than this are not taken apart: readers of JSON have limits of their own. */
const maxDepth = 32;

/**
 * Reads text that should be the inside of a JSON object. Of members with equal names the last one counts.
 * @returns the members, or undefined where the text is not the inside of an object
 */
export function readDisclosedMembers(text: string): readonly DisclosedMember[] | undefined {
  const source = `{${text}}`;
  try {
    // Says whether the text is valid, and so lets the walk below trust it. `a:1},{b:2` is no single object.
    JSON.parse(source);
  } catch {
    return undefined;
  }
  const members = new Map<string, DisclosedMember>();
  const token = /\s*(?:("(?:[^"\\]|\\.)*")|([[{])|([\]}])|[:,]|([^\s"[\]{}:,]+))/gy;
  token.lastIndex = 1;
  let name: string | undefined;
  let depth = 0;
  let deepest = 0;
  let valueStart = 0;
  for (let match = token.exec(source); match !== null; match = token.exec(source)) {
    const [, quoted, open, close, scalar] = match;
    const end = token.lastIndex;
    if (open !== undefined) {
      if (depth === 0) valueStart = end - 1;
      deepest = depth === 0 ? 1 : Math.max(deepest, depth + 1);
      depth++;
      continue;
    }
    if (close !== undefined) {
      if (depth === 0) break;
      depth--;
      if (depth > 0 || name === undefined) continue;
      const json = source.slice(valueStart, end);
      // Printed anew: without line breaks, and without the duplicate keys that it may hold.
      if (deepest <= maxDepth) put({ name, json: JSON.stringify(JSON.parse(json)), nested: true });
      else put({ name, json: JSON.stringify(wellFormed(json)), nested: false });
      continue;
    }
    if (depth > 0) continue;
    if (quoted !== undefined) {
      const value = wellFormed(JSON.parse(quoted) as string);
      if (name === undefined) name = value;
      else put({ name, json: JSON.stringify(value), nested: false });
    } else if (scalar !== undefined && name !== undefined) {
      put({ name, json: scalar, nested: scalar === 'null' });
    }
  }
  return [...members.values()];

  function put(member: DisclosedMember): void {
    members.set(member.name, member);
    name = undefined;
  }
}

/** Halves of surrogate pairs on their own are legal in JSON and in no encoding: they become U+FFFD. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd');
}
