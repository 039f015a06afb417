// Signed notes and checkpoints (C2SP signed-note, tlog-checkpoint, tlog-cosignature), checked with
// the browser's own cryptography. Everything here throws `Fault` and never returns a doubt.
"use strict";

const ED25519 = 1, COSIGNATURE = 4;
const PRIME = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const Y8 = 0x05fc536d880238b13933c6d305acdfd5f098eff289f4c345b027b2c28f95e826n;
const SMALL_ORDER = [0n, 1n, PRIME - 1n, Y8, PRIME - Y8];

const littleEndian = (bytes) => bytes.reduceRight((value, byte) => (value << 8n) | BigInt(byte), 0n);

function requireStrictPoint(encoded) {
  const y = littleEndian(encoded) & ((1n << 255n) - 1n);
  if (y >= PRIME || SMALL_ORDER.includes(y)) throw new Fault("A key or signature is not in the strict form of Ed25519");
}

/** Check one Ed25519 signature by the strict rules that every node follows. */
async function verifyEd25519(key, signature, message) {
  if (key.length !== 32 || signature.length !== 64) throw new Fault("A key or signature has a wrong length");
  requireStrictPoint(key);
  requireStrictPoint(signature.subarray(0, 32));
  if (littleEndian(signature.subarray(32)) >= ORDER) throw new Fault("A key or signature is not in the strict form of Ed25519");
  const known = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  if (!(await crypto.subtle.verify({ name: "Ed25519" }, known, signature, message))) throw new Fault("A signature does not hold");
}

/** Read `<name>+<key id>+<base64 of type and key>`; the key must bear its own id. */
async function readKey(text) {
  const parts = text.trim().match(/^([^\s+]{1,255})\+([0-9a-f]{8})\+(\S{1,4096})$/);
  if (!parts) throw new Fault("A verifier key has three parts joined by plus: name, id, key");
  const [, name, id, encoded] = parts;
  const value = fromBase64("The verifier key", encoded);
  const digest = await sha256(join(utf8(name + "\n"), value));
  if (hex(digest.subarray(0, 4)) !== id) throw new Fault("The verifier key of {name} does not bear its own id", { name });
  return { name, id, type: value[0], key: value.subarray(1), text: text.trim() };
}

/** Return the UNVERIFIED text of a note and its signature lines. */
function splitNote(note) {
  const at = note.lastIndexOf("\n\n");
  if (at < 0 || note.length > 524288 || !note.endsWith("\n")) throw new Fault("The checkpoint is not a signed note");
  const lines = note.slice(at + 2, -1).split("\n");
  if (lines.length > 64) throw new Fault("The checkpoint is not a signed note");
  const signatures = lines.map((line) => {
    const parts = line.match(/^\u2014 ([^\s+]+) (\S+)$/);
    if (!parts) throw new Fault("The checkpoint is not a signed note");
    const value = fromBase64("A signature", parts[2]);
    return { name: parts[1], id: hex(value.subarray(0, 4)), value: value.subarray(4) };
  });
  return { text: note.slice(0, at + 1), signatures };
}

/** Return when `key` signed the note: an instant for cosignatures, null for the log, undefined if it did not. */
async function signedBy(note, key) {
  const found = note.signatures.find((one) => one.name === key.name && one.id === key.id);
  if (!found) return undefined;
  if (key.type === ED25519) {
    await verifyEd25519(key.key, found.value, utf8(note.text));
    return null;
  }
  if (key.type !== COSIGNATURE || found.value.length !== 72) return undefined;
  const seconds = new DataView(found.value.buffer, found.value.byteOffset, 8).getBigUint64(0);
  const message = utf8(`cosignature/v1\ntime ${seconds}\n${note.text}`);
  await verifyEd25519(key.key, found.value.subarray(8), message);
  return new Date(Number(seconds) * 1000);
}

/** Read the three lines of a checkpoint: origin, size, root. */
function readCheckpoint(text) {
  const parts = text.match(/^([^\n]+)\n(0|[1-9][0-9]{0,18})\n([A-Za-z0-9+/]{43}=)\n(?:[^\n]+\n)*$/);
  if (!parts) throw new Fault("The checkpoint does not name a log, a size and a root");
  return { origin: parts[1], size: BigInt(parts[2]), root: fromBase64("The root", parts[3]) };
}
