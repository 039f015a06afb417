// CBOR (RFC 8949) and COSE_Sign1 (RFC 9052) for strangers' bytes: only what seals need, limits stated.
"use strict";

const DEEPEST_ITEM = 16, MOST_ITEMS = 4096;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Return the one value that these bytes are: maps as `Map`, `tag` expected outermost if given. */
function readCbor(bytes, tag = null) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let [place, items] = [0, 0];
  const bad = () => new Fault("The message is not in the form of a seal");
  const take = (size) => {
    if (place + size > bytes.length) throw bad();
    place += size;
    return place - size;
  };
  const number = (short) => {
    if (short < 24) return short;
    if (short > 27) throw bad();
    const at = take(1 << (short - 24));
    const value = [() => view.getUint8(at), () => view.getUint16(at), () => view.getUint32(at), () => Number(view.getBigUint64(at))][short - 24]();
    if (!Number.isSafeInteger(value)) throw bad();
    return value;
  };
  const text = (size) => {
    try {
      return UTF8.decode(bytes.subarray(take(size), place));
    } catch (error) {
      throw error instanceof Fault ? error : bad();
    }
  };
  const map = (size, depth) => {
    const members = new Map();
    for (let left = size; left > 0; left -= 1) {
      const key = item(depth);
      if (!["number", "string"].includes(typeof key) || members.has(key)) throw bad();
      members.set(key, item(depth));
    }
    return members;
  };
  const item = (depth) => {
    items += 1;
    if (depth > DEEPEST_ITEM || items > MOST_ITEMS) throw bad();
    const first = view.getUint8(take(1)), kind = first >> 5, short = first & 31;
    if (kind === 7) {
      if (short < 20 || short > 22) throw bad();
      return [false, true, null][short - 20];
    }
    const value = number(short);
    if (kind === 0) return value;
    if (kind === 1) return -1 - value;
    if (kind === 2) return bytes.subarray(take(value), place);
    if (kind === 3) return text(value);
    if (kind === 6 || value > MOST_ITEMS) throw bad();
    return kind === 4 ? Array.from({ length: value }, () => item(depth + 1)) : map(value, depth + 1);
  };
  if (tag !== null && view.getUint8(take(1)) !== (0xc0 | tag)) throw bad();
  const value = item(0);
  if (place !== bytes.length) throw bad();
  return value;
}

const isBytes = (value, size = value?.length) => value instanceof Uint8Array && value.length === size;

/** Read a tagged COSE_Sign1 that is signed with ES256; nothing in it is verified yet. */
function readSign1(bytes) {
  const parts = readCbor(bytes, 18);
  if (!Array.isArray(parts) || parts.length !== 4) throw new Fault("The message is not in the form of a seal");
  const [signed, unsigned, payload, signature] = parts;
  if (!isBytes(signed) || !(unsigned instanceof Map) || unsigned.size || !isBytes(payload) || !isBytes(signature, 64)) throw new Fault("The message is not in the form of a seal");
  const header = readCbor(signed);
  if (!(header instanceof Map) || header.get(1) !== -7 || !isBytes(header.get(4), 8)) throw new Fault("The message is not in the form of a seal");
  return { header, keyId: hex(header.get(4)), signed, payload, signature };
}

const sized = (kind, bytes) => {
  const size = bytes.length;
  const head = size < 24 ? [kind | size] : size < 256 ? [kind | 24, size] : size < 65536 ? [kind | 25, size >> 8, size & 255] : [kind | 26, size >>> 24, (size >> 16) & 255, (size >> 8) & 255, size & 255];
  return join(new Uint8Array(head), bytes);
};

/** Return whether the message is signed by the key (SubjectPublicKeyInfo of P-256). */
async function isSignedBy(message, spki) {
  const structure = join(new Uint8Array([0x84]), sized(0x60, utf8("Signature1")), sized(0x40, message.signed), new Uint8Array([0x40]), sized(0x40, message.payload));
  return verifyEcdsa(spki, message.signature, structure);
}

async function verifyEcdsa(spki, signature, content) {
  const kind = { name: "ECDSA", namedCurve: "P-256" };
  const key = await crypto.subtle.importKey("spki", spki, kind, false, ["verify"]).catch(() => null);
  return key !== null && crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, key, signature, content);
}
