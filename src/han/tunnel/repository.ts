import type { StatementSync } from "node:sqlite";
import type { Eui64 } from "../../base/eui64.ts";
import { integer, text } from "../../store/row.ts";
import type { Store } from "../../store/store.ts";

/** A tunnel that a device has opened to the hub. */
export interface OpenTunnel {
  readonly id: number;
  readonly ownEndpoint: number;
  readonly endpoint: number;
  /** Octets that the device takes in one transfer. */
  readonly clientMaximum: number;
}

/** Where tunnels of devices outlive the hub's process: a sleeping meter does not learn that the hub was restarted. */
export interface TunnelRecords {
  all(): ReadonlyMap<Eui64, OpenTunnel>;
  /** Replaces the tunnel of the device. Throws `store/*`. */
  put(device: Eui64, tunnel: OpenTunnel): void;
  /** Throws `store/*`. */
  remove(device: Eui64): void;
}

const TUNNEL_TABLES = [
  `CREATE TABLE han_tunnel (device TEXT PRIMARY KEY, id INTEGER NOT NULL, own_endpoint INTEGER NOT NULL,
   endpoint INTEGER NOT NULL, client_maximum INTEGER NOT NULL) STRICT`,
];

export class TunnelRepository implements TunnelRecords {
  readonly #store: Store;
  readonly #all: StatementSync;
  readonly #put: StatementSync;
  readonly #remove: StatementSync;

  constructor(store: Store) {
    store.migrate("han-tunnel", TUNNEL_TABLES);
    this.#store = store;
    this.#all = store.prepare("SELECT * FROM han_tunnel");
    this.#put = store.prepare("INSERT OR REPLACE INTO han_tunnel VALUES (?, ?, ?, ?, ?)");
    this.#remove = store.prepare("DELETE FROM han_tunnel WHERE device = ?");
  }

  all(): ReadonlyMap<Eui64, OpenTunnel> {
    // The EUI-64 was checked before it was stored.
    return new Map(this.#all.all().map((row) => [text(row, "device") as Eui64, openTunnel(row)]));
  }

  put(device: Eui64, { id, ownEndpoint, endpoint, clientMaximum }: OpenTunnel): void {
    this.#store.transaction(() => this.#put.run(device, id, ownEndpoint, endpoint, clientMaximum));
  }

  remove(device: Eui64): void {
    this.#store.transaction(() => this.#remove.run(device));
  }
}

function openTunnel(row: Parameters<typeof integer>[0]): OpenTunnel {
  return {
    id: integer(row, "id"),
    ownEndpoint: integer(row, "own_endpoint"),
    endpoint: integer(row, "endpoint"),
    clientMaximum: integer(row, "client_maximum"),
  };
}
