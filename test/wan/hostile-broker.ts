import { createServer, type Socket } from "node:net";

/** One MQTT packet from the hub, its fixed header taken off. */
export interface FromHub {
  readonly type: number;
  readonly flags: number;
  readonly body: Buffer;
}

/** A PUBLISH with QoS 1 from the hub. */
export interface HubPublish {
  readonly topic: string;
  readonly id: number;
  readonly payload: Buffer;
}

const CONNECT = 1;
const PUBLISH = 3;
const PUBACK = 4;
const SUBSCRIBE = 8;
const PINGREQ = 12;

/** A connection of the hub to a broker that does as a test says. Octets are those of MQTT 5. */
export class HubConnection {
  readonly #socket: Socket;
  /** Which connection it is, from 0. */
  readonly n: number;
  readonly published: HubPublish[] = [];
  /** Packet ids that the hub has acknowledged, in order. */
  readonly pubacks: number[] = [];
  onPuback: (id: number) => void = () => {};
  /** What stood in its CONNECT behind the fixed header. */
  connect: Buffer = Buffer.alloc(0);
  pings = 0;

  constructor(socket: Socket, n: number) {
    this.#socket = socket;
    this.n = n;
  }

  send(...octets: readonly number[]): void {
    this.#socket.write(Uint8Array.from(octets));
  }

  /** `properties` without their length. */
  connack(code = 0, properties: readonly number[] = []): void {
    this.send(0x20, 3 + properties.length, 0, code, properties.length, ...properties);
  }

  suback(id: number, ...codes: number[]): void {
    this.send(0x90, 3 + codes.length, id >> 8, id & 0xff, 0, ...codes);
  }

  puback(id: number, code = 0): void {
    this.send(0x40, 4, id >> 8, id & 0xff, code, 0);
  }

  /** A PUBLISH with QoS 1 to the hub. */
  down(topic: string, id: number, payload: Uint8Array = Uint8Array.of(1)): void {
    const name = Buffer.from(topic);
    const body = Buffer.concat([
      Uint8Array.of(name.length >> 8, name.length & 0xff),
      name,
      Uint8Array.of(id >> 8, id & 0xff, 0),
      payload,
    ]);
    if (body.length >= 0x4000) throw new RangeError("too long for a test");
    this.send(0x32, (body.length & 0x7f) | 0x80, body.length >> 7, ...body);
  }

  hangUp(): void {
    this.#socket.destroy();
  }
}

/** What a broker does; left out, it behaves. */
export interface Behaviour {
  connect?: (hub: HubConnection, level: number) => void;
  subscribe?: (hub: HubConnection, id: number) => void;
  publish?: (hub: HubConnection, message: HubPublish) => void;
}

export interface HostileBroker extends AsyncDisposable {
  readonly url: string;
  readonly connections: HubConnection[];
}

/** Starts a broker on 127.0.0.1 that speaks MQTT 5 as badly as told. */
export async function startHostile(behaviour: Behaviour = {}): Promise<HostileBroker> {
  const { connect = (hub) => hub.connack(), subscribe = (hub, id) => hub.suback(id, 1) } = behaviour;
  const { publish = (hub, { id }) => hub.puback(id) } = behaviour;
  const connections: HubConnection[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    const hub = new HubConnection(socket, connections.length);
    connections.push(hub);
    let rest: Buffer = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      const [packets, left] = split(Buffer.concat([rest, chunk]));
      rest = left;
      for (const { type, flags, body } of packets) {
        if (type === CONNECT) {
          hub.connect = body;
          connect(hub, body[6] ?? 0);
        } else if (type === PUBACK) {
          hub.pubacks.push(body.readUInt16BE(0));
          hub.onPuback(body.readUInt16BE(0));
        } else if (type === SUBSCRIBE) subscribe(hub, body.readUInt16BE(0));
        else if (type === PINGREQ) {
          hub.pings += 1;
          hub.send(0xd0, 0);
        } else if (type === PUBLISH && (flags & 0x06) !== 0) {
          const message = readPublish(body);
          hub.published.push(message);
          publish(hub, message);
        }
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `mqtt://127.0.0.1:${port}`,
    connections,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** Whole packets, and what is left of the octets. */
function split(bytes: Buffer): [FromHub[], Buffer] {
  const packets: FromHub[] = [];
  let at = 0;
  while (at < bytes.length) {
    let length = 0;
    let octets = 0;
    let octet = 0x80;
    while (octet >= 0x80) {
      octets += 1;
      const next = bytes[at + octets];
      if (next === undefined) return [packets, bytes.subarray(at)];
      octet = next;
      length += (octet & 0x7f) * 2 ** (7 * (octets - 1));
    }
    const from = at + 1 + octets;
    if (from + length > bytes.length) break;
    const first = bytes[at] ?? 0;
    packets.push({ type: first >> 4, flags: first & 0x0f, body: bytes.subarray(from, from + length) });
    at = from + length;
  }
  return [packets, bytes.subarray(at)];
}

function readPublish(body: Buffer): HubPublish {
  const end = 2 + body.readUInt16BE(0);
  const properties = body[end + 2] ?? 0;
  return {
    topic: body.toString("utf8", 2, end),
    id: body.readUInt16BE(end),
    payload: body.subarray(end + 3 + properties),
  };
}
