// Makes the blocklist and the word list of internal/access/password from the dictionaries of zxcvbn-ts:
// `npm ci && npm start` here. The blocklist is the sorted first five bytes of the SHA-256 of each password.
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { dictionary } from "@zxcvbn-ts/language-common";

const room = new URL("../../../internal/access/password/", import.meta.url);
const prefix = 5;

const passwords = new Set(dictionary["passwords-common"].map((one) => one.normalize("NFC").toLowerCase()));
const hashes = [...passwords].map((one) => createHash("sha256").update(one).digest().subarray(0, prefix)).sort(Buffer.compare);
writeFileSync(new URL("blocklist.bin", room), Buffer.concat(hashes));

const words = dictionary["diceware-common"].filter((one) => /^[a-z]{3,9}$/.test(one));
writeFileSync(new URL("words.txt", room), `${words.sort().join("\n")}\n`);
console.log(`${passwords.size} passwords, ${words.length} words`);
