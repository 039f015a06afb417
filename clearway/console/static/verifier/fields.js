// Facts that are committed to by field (`clearway-envelope/2`): each field behind a salt of its own.
"use strict";

const HEADER = ["type", "subject", "issuer", "actor", "occurred_at", "recorded_at"];
const DEEPEST = 4, MOST_FIELDS = 2048;

/** Return where the JSON value that begins at `at` ends; no spaces are allowed. */
function endOfValue(text, at) {
  const string = /"(?:[^"\\\u0000-\u001f]|\\.)*"/y, plain = /[-+.0-9A-Za-z]+/y;
  let depth = 0;
  do {
    const mark = text[at];
    const pattern = mark === '"' ? string : plain;
    pattern.lastIndex = at;
    if (mark === "{" || mark === "[") [depth, at] = [depth + 1, at + 1];
    else if (mark === "}" || mark === "]") [depth, at] = [depth - 1, at + 1];
    else if (depth && (mark === "," || mark === ":")) at += 1;
    else if (pattern.test(text)) at = pattern.lastIndex;
    else throw new Fault("The fact's body is not in its one form");
  } while (depth > 0);
  return at;
}

/** Return the members of an object, or elements of an array, as [step of a pointer, exact text]. */
function partsOf(text) {
  const named = text[0] === "{", parts = [], seen = new Set();
  for (let at = 1; at < text.length - 1; at += 1) {
    let step = String(parts.length);
    if (named) {
      const end = endOfValue(text, at);
      step = JSON.parse(text.slice(at, end));
      if (typeof step !== "string" || seen.has(step) || text[end] !== ":") throw new Fault("The fact's body is not in its one form");
      seen.add(step);
      at = end + 1;
    }
    const end = endOfValue(text, at);
    parts.push([step, text.slice(at, end)]);
    at = end;
    if (at !== text.length - 1 && text[at] !== ",") throw new Fault("The fact's body is not in its one form");
  }
  return parts;
}

const isContainer = (text) => text[0] === "{" || text[0] === "[";
const asStep = (name) => "/" + name.replaceAll("~", "~0").replaceAll("/", "~1");

function openValue(text, name, depth, found) {
  const parts = partsOf(text);
  if (!parts.length || parts.some(([step]) => /[\u0000-\u001f]/.test(step))) {
    found.push([name, text]);
    return;
  }
  for (const [step, value] of parts) {
    const inner = name + asStep(step);
    if (depth > 1 && isContainer(value) && value.length > 2 && found.length <= MOST_FIELDS) openValue(value, inner, depth - 1, found);
    else found.push([inner, value]);
  }
}

/** Cut a body into its fields: as deep as at most 2,048 of them allow. */
function fieldsOf(body) {
  if (!isContainer(body) || body.length === 2) return [["", body]];
  for (let depth = DEEPEST; depth > 0; depth -= 1) {
    const found = [];
    openValue(body, "", depth, found);
    if (found.length <= MOST_FIELDS) return found;
  }
  return [["", body]];
}

function shake256(bytes, size) {
  const state = new jsSHA("SHAKE256", "UINT8ARRAY");
  return state.update(bytes).getHash("UINT8ARRAY", { outputLen: size * 8 });
}

/** Return the one commitment of a fact whose envelope says that it is committed to by field. */
async function commitFields(envelope, salt) {
  const members = new Map(partsOf(envelope));
  const body = fieldsOf(JSON.parse(members.get("body")));
  const all = [...HEADER.map((name) => [name, members.get(name)]), ...body];
  const salts = shake256(join(utf8("clearway-field-salts/1\n"), salt), 32 * all.length);
  const commitments = await Promise.all(all.map(([, value], place) => hmac(salts.subarray(32 * place, 32 * place + 32), utf8(value))));
  const outline = await sha256(utf8(all.map(([name]) => name).join("\n")));
  return sha256(join(utf8("clearway-fields/1\n"), outline, ...commitments));
}
