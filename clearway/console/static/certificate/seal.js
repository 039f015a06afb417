// Seals (`CW1:`): the text of a QR code, its claims. docs/design/seal.md specifies both.
"use strict";

const PREFIX = "CW1:", MOST_TEXT = 4296, MOST_BYTES = 4096;
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const notASeal = (why) => new Fault("This is not a seal that can be read: {why}", { why });

/** Decode Base45 (RFC 9285), strictly. */
function fromBase45(text) {
  if (text.length % 3 === 1) throw notASeal("its length is wrong");
  const bytes = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = Array.from(text.slice(at, at + 3), (each) => ALPHABET.indexOf(each));
    const value = digits.reduceRight((sum, digit) => sum * 45 + digit, 0);
    if (digits.includes(-1) || value > (digits.length === 3 ? 65535 : 255)) throw notASeal("a character has no place in it");
    bytes.push(...(digits.length === 3 ? [value >> 8, value & 255] : [value]));
  }
  return new Uint8Array(bytes);
}

/** Return the bytes, decompressed where they are a zlib stream; never more than `limit`. */
async function inflate(bytes, limit) {
  if (bytes[0] !== 0x78) return bytes;
  const parts = [];
  let size = 0;
  try {
    const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate")).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      size += part.value.length;
      if (size > limit) {
        await reader.cancel();
        throw notASeal("it is too large");
      }
      parts.push(part.value);
    }
  } catch (error) {
    throw error instanceof Fault ? error : notASeal("its compressed bytes are broken");
  }
  return join(...parts);
}

const wrong = () => notASeal("a claim is missing or of a wrong form");
const whole = (value, most) => {
  if (!Number.isSafeInteger(value) || value < 0 || value > most) throw wrong();
  return value;
};
const shortText = (value, size) => {
  if (typeof value !== "string" || !value || Array.from(value).length > size || /[\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/u.test(value)) throw wrong();
  return value;
};
const countryCode = (value) => {
  if (typeof value !== "string" || !/^[A-Z]{2}$/.test(value)) throw wrong();
  return value;
};
const bytesOf = (value, size) => {
  if (!isBytes(value, size)) throw wrong();
  return value;
};
const listOf = (value, most) => {
  if (!Array.isArray(value) || value.length > most) throw wrong();
  return value;
};
const dayOf = (value) => new Date(whole(value, 2932896) * 86400000).toISOString().slice(0, 10);

function readClaims(payload) {
  const known = readCbor(payload);
  if (!(known instanceof Map) || known.get(0) !== 1) throw notASeal("a newer reader may know its form");
  for (const key of known.keys()) if (!Number.isInteger(key) || key < 0 || key > 18 || key === 5) throw notASeal("it has claims that are not known");
  const maybe = (key, take) => (known.has(key) ? take(known.get(key)) : null);
  if (known.has(11) && known.has(12)) throw wrong();
  maybe(11, (value) => bytesOf(value, 16));
  maybe(12, (value) => bytesOf(value, 16));
  return {
    type: shortText(known.get(7), 6), country: countryCode(known.get(1)), number: shortText(known.get(2), 70),
    status: shortText(known.get(8), 3), issued: dayOf(known.get(6)), digest: bytesOf(known.get(9), 32),
    importing: maybe(3, countryCode), until: maybe(4, dayOf), place: maybe(10, placeOf),
    goods: known.has(13) ? goodsOf(known, maybe) : null,
  };
}

function placeOf(value) {
  if (!Array.isArray(value) || value.length !== 2) throw wrong();
  return { list: shortText(value[0], 16), index: whole(value[1], 2 ** 32) };
}

function goodsOf(known, maybe) {
  const goods = {
    lines: listOf(known.get(13), 3).map(lineOf), lineCount: whole(known.get(14), 1e9),
    consignor: maybe(15, (value) => shortText(value, 40)) ?? "", consignee: maybe(16, (value) => shortText(value, 40)) ?? "",
    containers: maybe(17, (value) => listOf(value, 4).map(containerOf)) ?? [], containerCount: maybe(18, (value) => whole(value, 1e9)) ?? 0,
  };
  if (goods.lineCount < goods.lines.length || goods.containerCount < goods.containers.length) throw wrong();
  return goods;
}

function lineOf(value) {
  if (!Array.isArray(value) || value.length !== 5) throw wrong();
  const [number, hs, name, grams, packages] = value;
  return {
    number: whole(number, 1e9), hs: hs === "" ? "" : shortText(hs, 12), name: name === "" ? "" : shortText(name, 40),
    grams: grams === null ? null : whole(grams, 1e15), packages: packages === null ? null : whole(packages, 1e9),
  };
}

const containerOf = (value) => {
  if (!Array.isArray(value) || !value.length || value.length > 5) throw wrong();
  return value.map((each) => shortText(each, 35));
};

/** Read the text of a QR code. Nothing in it is proved by that. */
async function readSeal(text) {
  if (!text.startsWith(PREFIX)) throw notASeal("it does not begin with CW1:");
  if (text.length > MOST_TEXT) throw notASeal("it is too large");
  const bytes = await inflate(fromBase45(text.slice(PREFIX.length)), MOST_BYTES);
  if (bytes.length > MOST_BYTES) throw notASeal("it is too large");
  let message = null;
  try {
    message = readSign1(bytes);
    if (message.header.size !== 2) throw wrong();
    return { message, stated: readClaims(message.payload) };
  } catch (error) {
    throw error instanceof Fault ? error : wrong();
  }
}
