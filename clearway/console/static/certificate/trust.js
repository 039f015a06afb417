// Whose keys count: signed trust lists and status lists of issuing authorities, kept for offline use.
"use strict";

const CLOCK_SKEW_MS = 5 * 60 * 1000, MOST_ENTRY_BYTES = 1 << 20, MOST_KEYS = 2000;
const WHY = ["unknown", "wrong_usage", "wrong_country", "wrong_kind", "revoked", "not_yet_valid", "expired", "signed_in_the_future"];

/** JSON in its canonical form (RFC 8785). */
const canonical = (value) => {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  return `{${Object.keys(value).sort().map((name) => `${JSON.stringify(name)}:${canonical(value[name])}`).join(",")}}`;
};
const instant = (value) => {
  const at = Date.parse(value);
  if (typeof value !== "string" || Number.isNaN(at)) throw new Fault("The trust list is not in its form");
  return at;
};

/** Read a trust list (clearway-trust-list/1) that the key `signer` (SPKI, base64) must have signed. */
async function readTrustList(text, signer) {
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Fault("The trust list is not in its form");
  }
  const { signature, ...content } = body ?? {};
  if (content.format !== "clearway-trust-list/1" || !Array.isArray(content.keys) || content.keys.length > MOST_KEYS || signature?.algorithm !== "ES256") throw new Fault("The trust list is not in its form");
  const key = fromBase64("The key of the trust list's issuer", signer.trim());
  const value = fromBase64("The trust list's signature", String(signature.value));
  const named = hex((await sha256(key)).subarray(0, 8));
  if (signature.key_id !== named || !(await verifyEcdsa(key, value, utf8(canonical(content))))) throw new Fault("The trust list is not signed by the issuer whose key you gave, or it was altered");
  return trustListOf(content);
}

/** Return a list whose signature was verified, ready for questions. */
async function trustListOf(content) {
  const keys = await Promise.all(content.keys.map(async (key) => {
    const spki = fromBase64("A key of the trust list", key.public);
    return {
      authority: key.authority, country: key.country, types: key.type_codes, usage: key.usage, algorithm: key.algorithm, spki,
      id: hex((await sha256(spki)).subarray(0, 8)), from: instant(key.valid_from),
      until: key.valid_until === null ? Infinity : instant(key.valid_until), revoked: key.revoked_at === null ? Infinity : instant(key.revoked_at),
    };
  }));
  return { issuer: content.issuer, version: content.version, issued: instant(content.issued_at), next: instant(content.next_update), keys };
}

function faultOf(key, country, type, signedAt, at) {
  if (key.usage !== "seal") return "wrong_usage";
  if (key.country !== country) return "wrong_country";
  if (key.types.length && !key.types.includes(type)) return "wrong_kind";
  if (key.revoked <= at) return "revoked";
  if (signedAt < key.from) return "not_yet_valid";
  if (signedAt >= key.until) return "expired";
  return signedAt > at + CLOCK_SKEW_MS ? "signed_in_the_future" : null;
}

/** Return the entry of a key that is trusted for seals of a kind, or why there is none. */
function findKey(list, keyId, country, type, signedAt, at) {
  let best = null;
  for (const key of list.keys.filter((each) => each.id === keyId)) {
    const why = faultOf(key, country, type, signedAt, at);
    if (why === null) return at < list.next ? { key } : { why: "list_out_of_date", key };
    if (best === null || WHY.indexOf(why) > WHY.indexOf(best.why)) best = { why, key };
  }
  return best ?? { why: at < list.next ? "unknown" : "list_out_of_date" };
}

/** Read a status list signed by a key of the trust list that seals for its country. */
async function readStatusList(bytes, list, at) {
  const broken = () => new Fault("The status list is not in its form");
  const message = readSign1(bytes);
  if (message.header.get(16) !== "application/statuslist+cwt") throw broken();
  const claims = readCbor(message.payload);
  const named = /^urn:clearway:status-list:([A-Z]{2}):([A-Za-z0-9-]{1,16})$/.exec(claims instanceof Map ? claims.get(2) : "");
  const known = named && claims.get(65533);
  if (!(known instanceof Map) || known.get("bits") !== 2 || !isBytes(known.get("lst"))) throw broken();
  const [issued, next] = [whole(claims.get(6), 2 ** 33) * 1000, whole(claims.get(4), 2 ** 33) * 1000];
  const key = list.keys.find((each) => each.id === message.keyId && faultOf(each, named[1], each.types[0] ?? "", issued, at) === null);
  if (!key || !(await isSignedBy(message, key.spki))) throw new Fault("The status list is not signed by a key that counts");
  return { country: named[1], list: named[2], issued, next, keyId: key.id, entries: await inflate(known.get("lst"), MOST_ENTRY_BYTES) };
}

/** Return what a status list says of an entry: 0 valid, 1 withdrawn, 2 suspended, 3 replaced; null: no such entry. */
const stateOf = (list, index) => (index < list.entries.length * 4 ? (list.entries[Math.floor(index / 4)] >> (2 * (index % 4))) & 3 : null);
