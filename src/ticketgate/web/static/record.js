// Checks, in the browser, that the record shown leads to the root of the checkpoint shown.
// It reads what the page shows and asks the gateway for nothing.
"use strict";
(() => {
  const verdict = document.getElementById("verdict");
  if (!verdict) return;
  const HASH_BYTES = 32;
  const shown = (id) => document.getElementById(id).textContent;
  const utf8 = (text) => new TextEncoder().encode(text);
  const refuse = (why) => { throw new Error(why); };
  const sha256 = async (...parts) => {
    const all = new Uint8Array(parts.reduce((sum, one) => sum + one.length, 0));
    parts.reduce((at, one) => { all.set(one, at); return at + one.length; }, 0);
    return new Uint8Array(await crypto.subtle.digest("SHA-256", all));
  };
  const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
  const base64 = (bytes) => btoa(String.fromCharCode(...bytes));
  const unhex = (text) => {
    if (!/^[0-9a-f]{64}$/.test(text)) refuse("a hash of the proof is not one");
    return Uint8Array.from(text.match(/../g), (one) => parseInt(one, 16));
  };
  // RFC 8785 within the log's profile: ASCII keys, no floats.
  const canonical = (value) => {
    if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
    if (value === null || typeof value !== "object") return JSON.stringify(value);
    const parts = Object.keys(value).sort().map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`);
    return `{${parts.join(",")}}`;
  };
  // RFC 9162 2.1.3.2
  const rootOf = async (leaf, index, size, proof) => {
    if (index >= size) refuse("the checkpoint does not have this record yet");
    let at = BigInt(index), last = BigInt(size) - 1n, found = leaf;
    const [left, right] = [(a, b) => sha256([1], a, b), (a, b) => sha256([1], b, a)];
    for (const step of proof) {
      if (last === 0n) refuse("the proof has a hash too many");
      if (at & 1n || at === last) {
        found = await left(step, found);
        while (!(at & 1n) && at) { at >>= 1n; last >>= 1n; }
      } else {
        found = await right(step, found);
      }
      at >>= 1n; last >>= 1n;
    }
    if (last) refuse("the proof has a hash too few");
    return found;
  };
  const checkpointOf = (text) => {
    const [, size, root] = text.split("\n");
    if (!/^(0|[1-9][0-9]{0,15})$/.test(size)) refuse("the checkpoint has no size");
    return [Number(size), root];
  };
  const checkDisclosures = async (record) => {
    const all = [...document.querySelectorAll(".disclosure")];
    for (const { dataset } of all) {
      const digest = base64(await sha256(utf8(dataset.encoded)));
      const safe = digest.replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
      if (safe !== dataset.digest) refuse("a value beside the record is not the one it has a digest of");
      if (!(record.sd || []).includes(safe)) refuse("a value on this page does not belong to the record");
    }
    return all.length;
  };
  const check = async () => {
    const index = Number(shown("index")), entry = shown("entry");
    let record;
    try { record = JSON.parse(entry); } catch { refuse("the record is not JSON"); }
    if (canonical(record) !== entry) refuse("the record is not in its one canonical form");
    if (record._seq !== index) refuse("the record is that of another index");
    const leaf = await sha256([0], utf8(entry));
    if (hex(leaf) !== shown("leaf")) refuse("the record does not have the leaf hash shown");
    const proof = [...document.querySelectorAll("#proof code")].map((one) => unhex(one.textContent));
    const [size, root] = checkpointOf(shown("checkpoint"));
    const found = await rootOf(leaf, index, size, proof);
    if (found.length !== HASH_BYTES || base64(found) !== root) refuse("the record does not lead to the root of the checkpoint");
    return [size, proof.length, await checkDisclosures(record)];
  };
  const say = (kind, title, ...lines) => {
    verdict.className = `banner ${kind}`;
    verdict.replaceChildren(...[["h3", title], ...lines.map((one) => ["p", one])].map(([tag, text]) => {
      const made = document.createElement(tag);
      made.textContent = text;
      return made;
    }));
  };
  const run = async () => {
    if (!window.crypto || !crypto.subtle) {
      say("note", "Not checked", "This browser computes hashes only on pages that come by https.");
      return;
    }
    try {
      const [size, hashes, values] = await check();
      say("good", "Your browser checked it",
        `The bytes below are in canonical form, and with the ${hashes} hashes of the proof lead to the root of the checkpoint, which is over ${size} records.` +
          (values ? ` ${values === 1 ? "The value" : `Each of the ${values} values`} shown beside it has its digest in the record.` : ""),
        "Not checked here: the checkpoint's signature, whether others were shown the same log, and what the record means. This script came from the gateway itself; who doubts that uses verify.py.");
    } catch (fault) {
      say("bad", "This does not hold", `${fault.message[0].toUpperCase()}${fault.message.slice(1)}. Keep this page, and tell whoever audits the log.`);
    }
    verdict.dataset.done = "";
  };
  run();
})();
