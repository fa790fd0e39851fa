import type { Eui64 } from "../../src/base/eui64.ts";
import type { ApsMessage } from "../../src/emulator/stack/coordinator.ts";
import { decodeTunnelling, encodeTunnelling, TUNNELLING_CLUSTER } from "../../src/zcl/tunnelling.ts";
import { type Home, seMessage } from "./home.ts";
import type { Host } from "./host.ts";

/** The hub's half of the gas meter's tunnel: hands out what waits, oldest first, and takes what is put. */
export class MailboxHub {
  readonly waiting: Uint8Array[] = [];
  readonly put: Uint8Array[] = [];
  /** Emulated Unix time of each GET. */
  readonly gets: number[] = [];
  openings = 0;
  /** Tunnels that the hub knows: forgotten after a restart. */
  tunnels = new Map<number, Eui64>();
  /** Says nothing to a GET. */
  silent = false;
  readonly #home: Home;
  readonly #host: Host;
  #lastId = 0x20;

  constructor(home: Home, host: Host) {
    this.#home = home;
    this.#host = host;
    const before = host.onMessage;
    host.onMessage = (message) => {
      before(message);
      if (message.cluster === TUNNELLING_CLUSTER) this.#frame(message);
    };
  }

  #frame(message: ApsMessage): void {
    const { header, command } = decodeTunnelling(message.payload);
    const eui64 = this.#home.hub.eui64Of(message.nodeId);
    if (eui64 === undefined || !message.apsSecurity) return;
    const answer = (hex: Uint8Array) => this.#send(message, hex);
    const options = {
      sequence: header.sequence,
      direction: "serverToClient",
      disableDefaultResponse: true,
    } as const;
    if (command?.name === "RequestTunnel") {
      this.openings++;
      const tunnelId = ++this.#lastId;
      this.tunnels.set(tunnelId, eui64);
      const reply = { tunnelId, tunnelStatus: 0, maximumIncomingTransferSize: 1_500 };
      answer(encodeTunnelling({ name: "RequestTunnelResponse", ...reply }, options));
    } else if (command?.name === "TransferData") {
      const { tunnelId, data } = command;
      if (this.tunnels.get(tunnelId) !== eui64) {
        answer(encodeTunnelling({ name: "TransferDataError", tunnelId, transferDataStatus: 0 }, options));
      } else if (data[0] === 0x03) this.put.push(Uint8Array.from(data.subarray(1)));
      else if (data[0] === 0x01) {
        this.gets.push(this.#home.clock.now());
        if (this.silent) return;
        const next = this.waiting.shift() ?? new Uint8Array(0);
        const mail = Uint8Array.of(0x02, this.waiting.length, ...next);
        answer(encodeTunnelling({ name: "TransferData", tunnelId, data: mail }, options));
      }
    }
  }

  #send(to: ApsMessage, payload: Uint8Array): void {
    const way = { sourceEndpoint: to.destinationEndpoint, destinationEndpoint: to.sourceEndpoint };
    if (payload.length <= 71) this.#home.hub.unicast(seMessage(to.nodeId, payload, way));
    else void this.#host.send(to.nodeId, payload, way);
  }
}
