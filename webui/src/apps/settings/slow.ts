import type { SlowDown } from "../../api/types";
import { people } from "../../icons/first";
import { globe, key, laptop, lock, server } from "../../icons/icons";
import type { Shape } from "../../icons/shape";
import { plural, seconds } from "../../time/format";

const stranger = "A name that no account has";

const icons: Record<SlowDown["rule"], Shape> = {
	password: lock,
	browser: laptop,
	account: people,
	source: server,
	code: key,
	crowd: globe,
};

/** Who is slowed down, why and until when, for a row of the list. left is in seconds. */
export function slowWords(slow: SlowDown, left: number): { icon: Shape; title: string; note: string } {
	const name = slow.account ?? stranger;
	// Only the machine is slowed down, and not whose token it has.
	const who = slow.token ? `API token “${slow.token}” of ${name}` : name;
	const wrong = plural(slow.tries, "wrong password", "wrong passwords");
	const next = left > 0 ? `Next try in ${seconds(left)}.` : "Another try is possible now.";
	const rest = left > 0 ? `For another ${seconds(left)}.` : "";
	const words: Record<SlowDown["rule"], [string, string]> = {
		password: [who, `${wrong} from ${slow.source}. ${next}`],
		browser: [who, `${wrong} in a browser it knows. ${next}`],
		account: [
			who,
			slow.closed
				? `${wrong} in a row. Only browsers it knows may sign in.`
				: `Many addresses guess. Unknown browsers have one try a minute each. ${rest}`,
		],
		source: [slow.source ?? "", `Too many wrong passwords for different names. Sign-in pauses. ${rest}`],
		code: [
			who,
			slow.closed
				? `${plural(slow.tries, "wrong code", "wrong codes")} in a row. No more are checked.`
				: `${plural(slow.tries, "wrong code", "wrong codes")} in a row. ${next}`,
		],
		crowd: [
			"All unknown browsers",
			`Many addresses guess at once. The limits are one level stricter. ${rest}`,
		],
	};
	const [title, note] = words[slow.rule];
	return { icon: icons[slow.rule], title, note: note.trim() };
}
