// Receipts (`clearway-receipt/1`): from the fact's text to the signed root, with nothing believed.
"use strict";

const MEMBERS = ["receipt", "fact", "salt", "index", "path", "checkpoint"];
const LARGEST = 32 * 1024 * 1024;

/** Read a receipt file; nothing in it is verified yet. */
function readReceipt(text) {
  if (text.length > LARGEST) throw new Fault("The file is too large for a receipt");
  let wire = null;
  try {
    wire = JSON.parse(text);
  } catch {
    throw new Fault("This is not a receipt: it is not JSON");
  }
  if (wire === null || typeof wire !== "object" || Array.isArray(wire)) throw new Fault("This is not a receipt");
  if (wire.receipt !== "clearway-receipt/1") throw new Fault("Only receipts of the form clearway-receipt/1 can be read");
  const names = Object.keys(wire);
  if (names.length !== MEMBERS.length || !MEMBERS.every((name) => names.includes(name))) throw new Fault("This is not a receipt: members are missing or unknown");
  if ((text.match(/"(?:receipt|fact|salt|index|path|checkpoint)"\s*:/g) ?? []).length !== MEMBERS.length) throw new Fault("This is not a receipt: a member occurs twice");
  if (typeof wire.fact !== "string" || typeof wire.checkpoint !== "string" || typeof wire.salt !== "string") throw new Fault("This is not a receipt");
  if (!Number.isSafeInteger(wire.index) || wire.index < 0) throw new Fault("This is not a receipt");
  if (!Array.isArray(wire.path) || wire.path.length > 63 || !wire.path.every((each) => typeof each === "string")) throw new Fault("This is not a receipt");
  return { ...wire, salt: hash("The salt", wire.salt), path: wire.path.map((each) => hash("A hash of the path", each)) };
}

function hash(name, text) {
  const bytes = fromBase64(name, text);
  if (bytes.length !== 32) throw new Fault("{name} does not have 32 bytes", { name });
  return bytes;
}

async function hmac(key, message) {
  const known = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", known, message));
}

/** Return the fact that a receipt shows and the hash of its leaf; the envelope names how it is hidden. */
async function openFact(receipt) {
  const fact = JSON.parse(receipt.fact);
  const whole = fact.envelope === "clearway-envelope/1";
  if (!whole && fact.envelope !== "clearway-envelope/2") throw new Fault("The fact's form is not known");
  const commitment = await (whole ? hmac(receipt.salt, utf8(receipt.fact)) : commitFields(receipt.fact, receipt.salt));
  return [fact, await sha256(join(new Uint8Array([0]), utf8("clearway-leaf/1\n"), commitment))];
}

/** Follow the path from a leaf to the root (RFC 9162, 2.1.3.2). */
async function rootOf(index, size, leaf, path) {
  if (index >= size) throw new Fault("The receipt's place lies beyond the checkpoint");
  let [place, last, root] = [index, size - 1n, leaf];
  for (const sibling of path) {
    if (last === 0n) throw new Fault("The path of the receipt is too long");
    if (place & 1n || place === last) {
      root = await sha256(join(new Uint8Array([1]), sibling, root));
      while (!(place & 1n) && place !== 0n) [place, last] = [place >> 1n, last >> 1n];
    } else root = await sha256(join(new Uint8Array([1]), root, sibling));
    [place, last] = [place >> 1n, last >> 1n];
  }
  if (last !== 0n) throw new Fault("The path of the receipt is too short");
  return root;
}

/** Return what a receipt proves under a policy; only this may be shown as proved. */
async function verifyReceipt(text, policyText) {
  const receipt = readReceipt(text);
  const judged = await judge(await readPolicy(policyText), receipt.checkpoint);
  const [fact, leaf] = await openFact(receipt);
  const root = await rootOf(BigInt(receipt.index), judged.checkpoint.size, leaf, receipt.path);
  if (!equal(root, judged.checkpoint.root)) throw new Fault("The fact is not the one that stands in the log: it, its salt or its path was changed");
  return { ...judged, fact, index: receipt.index };
}
