/** "Firefox on Linux", as far as a browser tells. */
export function browserName(agent: string): string {
	const browser =
		[
			[/Edg\//, "Edge"],
			[/OPR\//, "Opera"],
			[/Firefox\//, "Firefox"],
			[/Chrom(e|ium)\//, "Chrome"],
			[/Safari\//, "Safari"],
		].find(([pattern]) => (pattern as RegExp).test(agent))?.[1] ?? "Browser";
	const system =
		[
			[/Android/, "Android"],
			[/iPhone|iPad/, "iOS"],
			[/Windows/, "Windows"],
			[/CrOS/, "ChromeOS"],
			[/Mac OS/, "macOS"],
			[/Linux/, "Linux"],
		].find(([pattern]) => (pattern as RegExp).test(agent))?.[1] ?? "";
	return system ? `${browser} on ${system}` : String(browser);
}
