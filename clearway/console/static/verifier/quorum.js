// Who must have signed (C2SP tlog-policy): a log, its witnesses, and k of n of them.
"use strict";

const NONE = "none";

/** Read a policy, or a plain list of verifier keys, of which the log's is wanted. */
async function readPolicy(text) {
  const policy = { logs: [], members: new Map(), quorum: NONE };
  const lines = text.split("\n").map((line) => line.trim()).filter((line) => line && !line.startsWith("#"));
  if (!lines.length) throw new Fault("Give the log's verifier key, or a policy");
  if (lines.length > 1024) throw new Fault("The policy is too long");
  for (const line of lines) await readLine(policy, line.split(/\s+/));
  if (!policy.logs.length) throw new Fault("The policy names no log");
  if (policy.quorum !== NONE && !policy.members.has(policy.quorum)) throw new Fault("The policy's quorum {name} is not defined", { name: policy.quorum });
  return policy;
}

async function readLine(policy, [word, ...rest]) {
  if (word === "log") policy.logs.push(await readKey(rest[0] ?? ""));
  else if (word === "witness") define(policy, rest[0], { key: await readKey(rest[1] ?? "") });
  else if (word === "group") define(policy, rest[0], group(policy, rest[0], rest[1], rest.slice(2)));
  else if (word === "quorum") policy.quorum = rest[0];
  else if (!rest.length) policy.logs.push(await readKey(word));
  else if (rest[0] === "until") policy.logs.push({ ...(await readKey(word)), untilSize: limitOf(rest.slice(1)) });
  else throw new Fault("The policy has a line {word} that is not known", { word });
}

/** Return up to which size a former key of a log counts: `size 40960`. */
function limitOf([kind, number, ...more]) {
  if (kind !== "size" || more.length || !/^(0|[1-9][0-9]{0,18})$/.test(number ?? "")) throw new Fault("A former key of a log is limited by `until size` and a number");
  return BigInt(number);
}

function define(policy, name, member) {
  if (!name || name === NONE || policy.members.has(name)) throw new Fault("The policy defines {name} twice", { name: name ?? "" });
  policy.members.set(name, member);
}

function group(policy, name, threshold, names) {
  const wanted = { all: names.length, any: 1 }[threshold] ?? Number(threshold);
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > names.length) throw new Fault("The policy's group {name} cannot reach its number", { name });
  for (const each of names) if (!policy.members.has(each)) throw new Fault("The policy's quorum {name} is not defined", { name: each });
  return { wanted, names };
}

/** Judge a note: the log's signature is a must, witnesses are counted. */
async function judge(policy, text) {
  const note = splitNote(text);
  const checkpoint = readCheckpoint(note.text);
  const named = policy.logs.filter((key) => key.name === checkpoint.origin);
  // Beyond its limit a former key counts as unknown, so that a note signed by both keys holds.
  const keys = named.filter((key) => key.untilSize === undefined || checkpoint.size <= key.untilSize);
  if (!named.length) throw new Fault("This receipt is of the log {origin}; the key given is not its key", { origin: checkpoint.origin });
  const seals = await Promise.all(keys.map((key) => signedBy(note, key)));
  if (!seals.includes(null)) throw new Fault("The log {origin} did not sign this with the key given", { origin: checkpoint.origin });
  const witnesses = [];
  for (const [name, member] of policy.members) {
    if (!member.key) continue;
    const at = await signedBy(note, member.key);
    if (at) witnesses.push({ name, at });
  }
  const unchecked = [...policy.members].filter(([, member]) => member.key && member.key.type !== COSIGNATURE).map(([name]) => name);
  const present = new Set(witnesses.map((one) => one.name));
  const holds = (name) => {
    const member = policy.members.get(name);
    return member.key ? present.has(name) : member.names.filter(holds).length >= member.wanted;
  };
  return { checkpoint, witnesses, unchecked, wanted: policy.quorum !== NONE, reached: policy.quorum === NONE || holds(policy.quorum) };
}
