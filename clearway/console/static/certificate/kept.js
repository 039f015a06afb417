// What the device keeps between visits: the trust list, its issuer's key, and status lists, as they
// came. They are verified each time they are taken up, never believed because they were kept.
"use strict";

const STORE = "lists";

function withStore(mode, act) {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("clearway-certificates", 1);
    asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
    asked.onerror = () => reject(asked.error);
    asked.onsuccess = () => {
      const transaction = asked.result.transaction(STORE, mode);
      const request = act(transaction.objectStore(STORE));
      transaction.oncomplete = () => { asked.result.close(); resolve(request?.result); };
      transaction.onerror = () => reject(transaction.error);
    };
  });
}

const keep = (name, value) => withStore("readwrite", (store) => store.put(value, name));
const forgetAll = () => withStore("readwrite", (store) => store.clear());
const kept = (name) => withStore("readonly", (store) => store.get(name));
const keptNames = () => withStore("readonly", (store) => store.getAllKeys());

/** Take up what is kept: the trust list (or null), the status lists that its keys signed, and what is amiss. */
async function takeUp(at) {
  const issuer = (await kept("issuer")) ?? "", found = { issuer, trust: null, lists: [], amiss: [] };
  const tried = async (act) => {
    try {
      await act();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      found.amiss.push(error);
    }
  };
  const text = await kept("trust");
  if (text) await tried(async () => { found.trust = await readTrustList(text, issuer); });
  const names = found.trust ? (await keptNames()).filter((name) => name.startsWith("status:")) : [];
  for (const name of names) await tried(async () => found.lists.push(await readStatusList(await kept(name), found.trust, at)));
  return found;
}

/** Keep a list that came in a file, if it is signed as it must be and not older than the one kept. */
async function keepList(bytes, issuer, at) {
  if (bytes.length > 8 << 20) throw new Fault("The file is too large for a list");
  if (bytes[0] === 0x7b) {
    const text = UTF8.decode(bytes), fresh = await readTrustList(text, issuer), held = (await takeUp(at)).trust;
    if (held && fresh.version < held.version) throw new Fault("A newer trust list is kept already");
    await keep("issuer", issuer.trim());
    return keep("trust", text);
  }
  const { trust, lists } = await takeUp(at);
  if (!trust) throw new Fault("Load the trust list first: it says whose status lists count");
  const fresh = await readStatusList(bytes, trust, at);
  if (lists.some((each) => each.country === fresh.country && each.list === fresh.list && each.keyId === fresh.keyId && each.issued > fresh.issued)) throw new Fault("A newer status list of this name is kept already");
  return keep(`status:${fresh.country}:${fresh.list}:${fresh.keyId}`, bytes);
}
