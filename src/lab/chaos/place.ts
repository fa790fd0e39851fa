import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseConfig } from "../../app/config.ts";
import { wanRoot } from "../../app/settings.ts";
import { type Clock, SystemClock } from "../../base/clock.ts";
import { createEmulatedCoordinator, type EmulatedCoordinatorHandle } from "../../emulator/coordinator.ts";
import { HeadEndLink, type LinkEvents } from "../../headend/link.ts";
import { PartyStore } from "../../headend/party-store.ts";
import { KEYSTORE_FILE } from "../../headend/pki/folder.ts";
import { ChildHub, type HubWatcher } from "../demo-hub.ts";
import { hubToml } from "../demo-setup.ts";
import { DEFAULT_COORDINATOR } from "../emulator.ts";
import { Story } from "../story.ts";
import { type KeyedDevice, makeTestPki } from "../test-pki.ts";

/** Where the far end and the hub find the broker. */
export interface BrokerUrls {
  readonly farEnd: string;
  readonly hub: string;
}

/** What a chaos run needs beside its hub's process and its broker: a folder, keys, an emulated radio. */
export class Place implements AsyncDisposable {
  readonly folder: string;
  readonly clock: Clock = new SystemClock();
  readonly emulator: EmulatedCoordinatorHandle;
  readonly #scope: AsyncDisposableStack;

  private constructor(folder: string, emulator: EmulatedCoordinatorHandle, scope: AsyncDisposableStack) {
    this.folder = folder;
    this.emulator = emulator;
    this.#scope = scope;
  }

  static async make(seed: number): Promise<Place> {
    await using building = new AsyncDisposableStack();
    const folder = mkdtempSync(join(tmpdir(), "hanway-chaos-"));
    building.defer(() => rmSync(folder, { recursive: true, force: true }));
    const emulator = await createEmulatedCoordinator({
      listen: "tcp://127.0.0.1:0",
      eui64: DEFAULT_COORDINATOR,
      seed,
    });
    building.defer(() => emulator.stop());
    return new Place(folder, emulator, building.move());
  }

  /** Folder of the keys of {@link parties}. */
  get keys(): string {
    return join(this.folder, "keys");
  }

  /** Makes keys of every remote party and these devices. */
  parties(devices: readonly KeyedDevice[]): PartyStore {
    makeTestPki(this.keys, devices, this.clock);
    return PartyStore.open(this.keys);
  }

  /** Settings of a hub that executes Commands itself. */
  get chfSection(): string {
    return `[chf]\nkeystore = ${JSON.stringify(join(this.keys, KEYSTORE_FILE))}\n`;
  }

  /** `sections`: settings of the hub instead of one meter that is paired here. */
  async farEnd(brokers: BrokerUrls, sections: string | undefined, events: LinkEvents): Promise<HeadEndLink> {
    const root = wanRoot(parseConfig(this.#toml(brokers, sections)));
    return HeadEndLink.connect(brokers.farEnd, root, events, "far-end");
  }

  /** The hub, not yet started. */
  hub(
    brokers: BrokerUrls,
    sections: string | undefined,
    ports: { watcher: HubWatcher; tell: (line: string) => void },
  ): ChildHub {
    // A link that is only half open is noticed after one and a half keep-alives.
    const settings = this.#toml(brokers, sections).replace(
      "[[wan.broker]]",
      "[wan]\nkeepAliveSeconds = 5\n[[wan.broker]]",
    );
    const story = new Story(this.clock, ports.tell);
    return new ChildHub(join(this.folder, "hub.toml"), settings, { story, watcher: ports.watcher });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#scope.disposeAsync();
  }

  #toml(brokers: BrokerUrls, sections: string | undefined): string {
    const dataDir = join(this.folder, "data");
    const radio = this.emulator.url;
    return hubToml({ dataDir, broker: brokers.hub, radio, vectors: false, house: sections });
  }
}
