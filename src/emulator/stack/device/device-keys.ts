import { fromHex, toHex } from "../../../base/bytes.ts";
import type { Eui64 } from "../../../base/eui64.ts";
import { aesMmo } from "../../../cbke/aes-mmo.ts";
import { LinkKey } from "../security/link-key.ts";

/** Where the Trust Centre link key comes from; `hashed` is that of a Trust Centre that took another one's place. */
type Origin = "install-code" | "established" | "hashed";

/** What a device keeps of its keys in its flash. */
export interface DeviceKeysSnapshot {
  trustCenterIncoming: number;
  /** Where it is no longer the install code's key. */
  trustCenterKey?: string;
  trustCenterKeyIs?: "hashed";
  /** The established key of the network that was left last. */
  formerKey?: string;
  partnerKeys?: { eui64: Eui64; key: string; incoming: number }[];
}

/** The link keys of one device: that with the Trust Centre, and one with each partner. */
export class DeviceKeys {
  readonly partners = new Map<Eui64, LinkKey>();
  readonly #eui64: Eui64;
  readonly #installCodeKey: Uint8Array;
  #trustCenterLink: LinkKey;
  #origin: Origin = "install-code";
  #former: Uint8Array | undefined;
  /** Keys under which the network key may come, besides the present one. */
  #others: { link: LinkKey; origin: Origin }[] | undefined;

  constructor(eui64: Eui64, installCodeKey: Uint8Array, snapshot: DeviceKeysSnapshot | undefined) {
    this.#eui64 = eui64;
    this.#installCodeKey = installCodeKey;
    const { trustCenterKey, formerKey, trustCenterIncoming = 0 } = snapshot ?? {};
    if (trustCenterKey !== undefined) this.#origin = snapshot?.trustCenterKeyIs ?? "established";
    if (formerKey !== undefined) this.#former = fromHex(formerKey);
    const key = trustCenterKey === undefined ? installCodeKey : fromHex(trustCenterKey);
    this.#trustCenterLink = new LinkKey(eui64, key, trustCenterIncoming);
    for (const { eui64: peer, key: shared, incoming } of snapshot?.partnerKeys ?? [])
      this.partners.set(peer, new LinkKey(peer, fromHex(shared), incoming));
  }

  /** Whether key establishment has replaced the install code's key. */
  get established(): boolean {
    return this.#origin === "established";
  }

  get trustCenterLink(): LinkKey {
    return this.#trustCenterLink;
  }

  establish(key: Uint8Array): void {
    this.#take(new LinkKey(this.#eui64, Uint8Array.from(key)), "established");
    this.#former = undefined;
  }

  /** The network is left: only the install code's key counts, and the former one should the network be met again. */
  forget(): void {
    if (this.established) this.#former = this.#trustCenterLink.key;
    this.partners.clear();
    this.#take(new LinkKey(this.#eui64, this.#installCodeKey), "install-code");
  }

  /**
   * Keys under which a Trust Centre may hand over its network key, the likeliest first: the present one, the install
   * code's, that of former days, and its hash, by which a new hub on the old network shows that it took over.
   */
  forNetworkKey(): readonly LinkKey[] {
    this.#others ??= this.#makeOthers();
    return [this.#trustCenterLink, ...this.#others.map(({ link }) => link)];
  }

  /** The network key came under this one of {@link forNetworkKey}: it is the Trust Centre link key from now on. */
  proven(link: LinkKey): void {
    const other = this.#others?.find((each) => each.link === link);
    if (other) this.#take(other.link, other.origin);
  }

  snapshot(): DeviceKeysSnapshot {
    const { key, incoming } = this.#trustCenterLink;
    const partnerKeys = [...this.partners.values()].map((link) => ({
      eui64: link.eui64,
      key: toHex(link.key),
      incoming: link.incoming,
    }));
    return {
      trustCenterIncoming: incoming,
      ...(this.#origin === "install-code" ? {} : { trustCenterKey: toHex(key) }),
      ...(this.#origin === "hashed" ? { trustCenterKeyIs: "hashed" } : {}),
      ...(this.#former ? { formerKey: toHex(this.#former) } : {}),
      ...(partnerKeys.length > 0 ? { partnerKeys } : {}),
    };
  }

  #take(link: LinkKey, origin: Origin): void {
    this.#trustCenterLink = link;
    this.#origin = origin;
    this.#others = undefined;
  }

  #makeOthers(): { link: LinkKey; origin: Origin }[] {
    const known = this.established ? this.#trustCenterLink.key : this.#former;
    const candidates: [Uint8Array | undefined, Origin][] = [
      [this.#origin === "install-code" ? undefined : this.#installCodeKey, "install-code"],
      [this.established ? undefined : this.#former, "established"],
      [known && aesMmo(known), "hashed"],
    ];
    return candidates.flatMap(([key, origin]) =>
      key === undefined ? [] : [{ link: new LinkKey(this.#eui64, key), origin }],
    );
  }
}
