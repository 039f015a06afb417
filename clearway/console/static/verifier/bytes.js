// Bytes, hashes and base64, for every page that verifies on its own. Everything throws `Fault`.
"use strict";

class Fault extends Error {
  constructor(text, values = {}) {
    super(text);
    this.values = values;
  }
}

const utf8 = (text) => new TextEncoder().encode(text);
const join = (...parts) => {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
};
const equal = (one, other) => one.length === other.length && one.every((byte, at) => byte === other[at]);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

function toBase64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

/** Decode the one canonical form of base64. */
function fromBase64(name, text) {
  let bytes = null;
  try {
    bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new Fault("{name} is not base64", { name });
  }
  if (toBase64(bytes) !== text) throw new Fault("{name} is not in the canonical form of base64", { name });
  return bytes;
}
