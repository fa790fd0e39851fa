import { ByteReader, ByteWriter } from "../../src/base/bytes.ts";
import type { Eui64 } from "../../src/base/eui64.ts";
import { SeededRandom } from "../../src/base/random.ts";
import {
  encodeKeyEstablishment,
  KEY_ESTABLISHMENT_CLUSTER,
  KEY_ESTABLISHMENT_COMMAND,
  KeyEstablishment,
  type KeyEstablishmentOutcome,
  keyEstablishmentSettings,
  responder,
  SoftwareCbkeEngine,
  type TestAuthority,
  testAuthorities,
} from "../../src/cbke/index.ts";
import { deviceCredentials } from "../../src/emulator/devices/credentials.ts";
import type { ApsMessage } from "../../src/emulator/stack/coordinator.ts";
import { readHeader, writeHeader } from "../../src/zcl/header.ts";
import { type Home, seMessage } from "./home.ts";
import type { Host } from "./host.ts";

/** The same ones each time, since what they issue follows from the order of asking. */
export const authorities = (): TestAuthority[] => testAuthorities(5);

/** The Trust Centre's half of key establishment on a coordinator without a hub, with the published state machine. */
export class KeyServer {
  readonly outcomes: KeyEstablishmentOutcome[] = [];
  /** Link keys as they were installed, in the order of arrival. */
  readonly keys: Uint8Array[] = [];
  readonly #home: Home;
  readonly #host: Host;
  readonly #back = new Map<Eui64, { message: ApsMessage; sequence: number }>();

  constructor(home: Home, host: Host, issuedBy: readonly TestAuthority[] = authorities()) {
    this.#home = home;
    this.#host = host;
    const { credentials, issuers } = deviceCredentials(issuedBy, home.hub.eui64);
    const engine = new SoftwareCbkeEngine(home.hub.eui64, credentials, new SeededRandom(77));
    home.hub.setEndpoints([
      {
        endpoint: 3,
        profile: 0x0109,
        deviceId: 0x0508,
        deviceVersion: 0,
        inputClusters: [0x0000, 0x000a, 0x0025, 0x0704, 0x0800],
        outputClusters: [0x0704, 0x0800],
      },
    ]);
    const settings = keyEstablishmentSettings(engine, issuers, { waitSeconds: 4 });
    const exchange = new KeyEstablishment(responder, settings, engine, home.clock, {
      send: async ({ eui64 }, message) => {
        const to = this.#back.get(eui64);
        if (to === undefined) return;
        const writer = new ByteWriter(90);
        writeHeader(writer, {
          frameType: "cluster",
          direction: "serverToClient",
          disableDefaultResponse: true,
          sequence: to.sequence,
          command: KEY_ESTABLISHMENT_COMMAND[message.kind],
        });
        await this.#answer(to.message, writer.bytes(encodeKeyEstablishment(message)).done());
      },
      installKey: async ({ eui64 }, key) => {
        if (key === undefined) return;
        this.keys.push(key);
        home.hub.importLinkKey(-1, eui64, key);
      },
      ended: (outcome) => this.outcomes.push(outcome),
      trustedTime: () => undefined,
    });
    host.onMessage = (message) => {
      if (message.cluster !== KEY_ESTABLISHMENT_CLUSTER) return;
      const eui64 = home.hub.eui64Of(message.nodeId);
      if (eui64 === undefined) return;
      const reader = new ByteReader(message.payload);
      const header = readHeader(reader);
      this.#back.set(eui64, { message, sequence: header.sequence });
      exchange.receive({
        from: { eui64, endpoint: message.sourceEndpoint },
        apsCounter: message.sequence,
        unicast: true,
        commandId: header.command,
        payload: reader.rest(),
      });
    };
  }

  async #answer(to: ApsMessage, payload: Uint8Array): Promise<void> {
    const way = {
      cluster: KEY_ESTABLISHMENT_CLUSTER,
      apsSecurity: false,
      sourceEndpoint: to.destinationEndpoint,
      destinationEndpoint: to.sourceEndpoint,
    };
    if (payload.length <= 71) this.#home.hub.unicast(seMessage(to.nodeId, payload, way));
    else await this.#host.send(to.nodeId, payload, way);
  }
}
