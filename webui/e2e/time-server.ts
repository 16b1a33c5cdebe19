import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";

/** Seconds from the epoch of NTP (1900) to that of Unix. */
const epoch = 2_208_988_800;
const size = 48;

/** How many there are, so that there is a majority. */
const count = 3;

/**
 * Time servers on the loopback network (RFC 5905 section 7.3). They tell the time of this machine, or one that is
 * ahead of it, and each may change its mind.
 */
export class TimeServer {
	readonly addresses: string[] = [];
	/** How far they are ahead of this machine to begin with, in milliseconds. */
	readonly ahead: number;
	/** None of them answers. */
	silent = false;
	readonly #now: number[];
	readonly #sockets: Socket[] = [];

	private constructor(ahead: number) {
		this.ahead = ahead;
		this.#now = Array.from({ length: count }, () => ahead);
	}

	/** From now on they are so far ahead of this machine: all of them, or the one at this place. */
	tell(ahead: number, place?: number) {
		for (let at = 0; at < count; at++) if (place === undefined || place === at) this.#now[at] = ahead;
	}

	static async start(ahead = 0): Promise<TimeServer> {
		const server = new TimeServer(ahead);
		for (let place = 0; place < count; place++) {
			const socket = createSocket("udp4");
			socket.on("message", (question, from) => {
				if (server.silent || question.length < size) return;
				socket.send(server.#answer(question, server.#now[place] ?? 0), from.port, from.address);
			});
			socket.bind(0, "127.0.0.1");
			await once(socket, "listening");
			server.#sockets.push(socket);
			server.addresses.push(`127.0.0.1:${socket.address().port}`);
		}
		return server;
	}

	#answer(question: Buffer, ahead: number): Buffer {
		const now = Date.now() + ahead;
		const answer = Buffer.alloc(size);
		const version = (question.readUInt8(0) >> 3) & 7;
		answer.writeUInt8((version << 3) | 4, 0);
		answer.writeUInt8(1, 1);
		answer.writeUInt8(question.readUInt8(2), 2);
		answer.writeInt8(-20, 3);
		answer.writeUInt32BE(16, 4);
		answer.writeUInt32BE(16, 8);
		answer.write("GPS", 12, "ascii");
		stamp(answer, 16, now - 1000);
		question.copy(answer, 24, 40, 48);
		stamp(answer, 32, now);
		stamp(answer, 40, now);
		return answer;
	}

	async stop() {
		await Promise.all(this.#sockets.map((socket) => new Promise<void>((done) => socket.close(() => done()))));
	}
}

/** Writes a moment as seconds and fractions of a second. */
function stamp(into: Buffer, at: number, ms: number) {
	into.writeUInt32BE(Math.floor(ms / 1000) + epoch, at);
	into.writeUInt32BE(Math.floor(((ms % 1000) / 1000) * 2 ** 32), at + 4);
}
