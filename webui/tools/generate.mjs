// Writes src/api/schema.d.ts from the API document. The first line carries the document's hash, so that
// a test without Node can tell when the types are stale.
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import openapiTS, { astToString } from "openapi-typescript";

const document = new URL("../../internal/httpapi/openapi.yaml", import.meta.url);
const target = new URL("../src/api/schema.d.ts", import.meta.url);

const text = await readFile(document);
const hash = createHash("sha256").update(text).digest("hex");
const types = astToString(await openapiTS(document));
await writeFile(
	target,
	`// openapi.yaml sha256:${hash}\n// Made by \`npm run generate\`; do not edit.\n\n${types}`,
);
