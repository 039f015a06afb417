// Green, amber or red: each question has one answer, the verdict is the worst. What cannot be
// verified is never green. The codes are those of docs/design/seal.md.
"use strict";

const SAID = {
  G01: "The key is that of the issuing authority.", G02: "The signature holds: the seal is as the authority made it.", G03: "It is issued, and not expired.",
  G04: "It was issued with a status that lets goods in.", G05: "It is neither withdrawn nor replaced.",
  A01: "No trust list is at hand: nobody here knows whose keys count.", A02: "The key that sealed it is on no trust list at hand.", A03: "The trust list is out of date; get its next version.",
  A04: "It is dated later than now: set the clock of this device, or ask the authority.", A05: "The signature could not be checked: its key is not at hand.",
  A06: "The seal names no status list: ask the authority whether it stands.", A07: "The status list is not at hand: it may be withdrawn.", A08: "The status list is not signed by a key that counts.",
  A09: "The authority suspended the certificate: ask it.", A10: "The status list has no such entry.", A11: "The status list is out of date: it may be withdrawn since.",
  R01: "This is not a seal that can be read.", R02: "The key that sealed it is not one for seals.", R03: "It is sealed with the key of another country's authority.",
  R04: "The authority of the key does not issue this kind.", R05: "The key that sealed it was revoked: it proves nothing any more.", R06: "It is dated before the key that sealed it was valid.",
  R07: "It is dated after the key that sealed it had expired.", R08: "The signature does not hold: the seal is forged or was altered.", R09: "The certificate has expired.",
  R10: "It was sealed in a status that lets no goods in.", R11: "The authority withdrew the certificate.", R12: "The authority replaced the certificate by another.",
};
const OF_KEY = { unknown: "A02", list_out_of_date: "A03", signed_in_the_future: "A04", wrong_usage: "R02", wrong_country: "R03", wrong_kind: "R04", revoked: "R05", not_yet_valid: "R06", expired: "R07" };
const USABLE = { 850: [] }, USUALLY_USABLE = ["70"];
const COLOURS = { G: "green", A: "amber", R: "red" };
const DAY_MS = 86400000;

/** Return the verdict on the text of a code, from what is at hand: nothing is fetched. */
async function judgeSeal(text, list, statusLists, at) {
  let seal = null;
  try {
    seal = await readSeal(text);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { colour: "red", answers: [{ code: "R01", value: t(error.message, error.values) }], claims: null, isProved: false };
  }
  const claims = seal.stated, signer = list && signerOf(seal, list, at);
  const signature = await signatureOf(seal, signer);
  const answers = [ofKey(signer), { code: signature }, ofDates(claims, at), ofStatus(claims), ofNow(claims, list, statusLists, at)];
  const worst = Math.max(...answers.map((each) => "GAR".indexOf(each.code[0])));
  return { colour: COLOURS["GAR"[worst]], answers, claims, isProved: signature === "G02" && Boolean(signer) && !signer.why };
}

/** A seal tells its day only: the best hour of it counts. */
function signerOf(seal, list, at) {
  const { country, type, issued } = seal.stated, midnight = Date.parse(`${issued}T00:00:00Z`);
  const found = (signedAt) => findKey(list, seal.message.keyId, country, type, signedAt, at);
  const early = found(midnight);
  return early.why === "not_yet_valid" ? found(Math.max(midnight, Math.min(midnight + DAY_MS - 1000, at))) : early;
}

async function signatureOf(seal, signer) {
  if (!signer?.key || signer.key.usage === "xml" || signer.key.algorithm !== "ES256") return "A05";
  return (await isSignedBy(seal.message, signer.key.spki)) ? "G02" : "R08";
}

const ofKey = (signer) => (signer ? { code: signer.why ? OF_KEY[signer.why] : "G01", value: signer.key?.authority } : { code: "A01" });

function ofDates(claims, at) {
  const day = (when) => new Date(when).toISOString().slice(0, 10);
  if (claims.until !== null && claims.until < day(at)) return { code: "R09", value: claims.until };
  return { code: claims.issued > day(at + CLOCK_SKEW_MS) ? "A04" : "G03", value: claims.issued };
}

const ofStatus = (claims) => ({ code: (USABLE[claims.type] ?? USUALLY_USABLE).includes(claims.status) ? "G04" : "R10", value: claims.status });

function ofNow(claims, list, statusLists, at) {
  if (claims.place === null) return { code: "A06" };
  const value = `${claims.country} ${claims.place.list}`;
  const named = list ? statusLists.filter((each) => each.country === claims.country && each.list === claims.place.list) : [];
  const speaks = (each) => !findKey(list, each.keyId, claims.country, claims.type, each.issued, at).why;
  // Of those whose key may speak of this kind the newest: nobody hides a list by a newer one of its name.
  const known = named.sort((one, other) => speaks(other) - speaks(one) || other.issued - one.issued)[0];
  if (!known) return { code: "A07", value };
  if (!speaks(known)) return { code: "A08", value };
  const state = stateOf(known, claims.place.index);
  const asOf = `${new Date(known.issued).toISOString().slice(0, 16).replace("T", " ")} UTC`;
  if (state === null || state > 0) return { code: { 1: "R11", 2: "A09", 3: "R12" }[state] ?? "A10", value: asOf };
  return { code: known.issued <= at + CLOCK_SKEW_MS && at < known.next ? "G05" : "A11", value: asOf };
}
