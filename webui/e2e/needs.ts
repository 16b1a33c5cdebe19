import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** The programs a story may want, and the Debian packages they are in. */
const packages = { chromium: "chromium", oathtool: "oathtool", zbarimg: "zbar-tools" };

export type Program = keyof typeof packages;

/** The browser of the stories. */
export const chromium = process.env.CHROMIUM ?? "chromium";

const folders = (process.env.PATH ?? "").split(":");

export function found(program: string): string | undefined {
	const places = program.includes("/") ? [program] : folders.map((folder) => join(folder, program));
	return places.find((place) => {
		try {
			accessSync(place, constants.X_OK);
			return true;
		} catch {
			return false;
		}
	});
}

/** Which programs this machine lacks. */
export const missing = (Object.keys(packages) as Program[]).filter(
	(name) => !found(name === "chromium" ? chromium : name),
);

export const skipLine = (name: Program) => `SKIP ${name}: apt-get install ${packages[name]}`;
