import { program } from "./nas";
import { found, missing, skipLine } from "./needs";

/** Looks once, before all stories, whether what they want is there. */
export default function setup() {
	if (!found(program)) throw new Error(`${program} is missing: make build makes it.`);
	for (const name of missing) console.log(skipLine(name));
	if (missing.length > 0 && process.env.CASTELLAN_TEST_REQUIRE === "all")
		throw new Error("CASTELLAN_TEST_REQUIRE=all, and a story would be skipped.");
}
