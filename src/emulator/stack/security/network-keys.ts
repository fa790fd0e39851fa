export interface NetworkKey {
  key: Uint8Array;
  sequence: number;
}

/** The active network key and, while a new one is being handed out, the other (Zigbee 4.3.3). */
export class NetworkKeys {
  active: NetworkKey | undefined;
  other: NetworkKey | undefined;

  bySequence(sequence: number): NetworkKey | undefined {
    if (this.active?.sequence === sequence) return this.active;
    return this.other?.sequence === sequence ? this.other : undefined;
  }

  /** Makes the other key the active one. Returns false where there is none with this sequence number. */
  switchTo(sequence: number): boolean {
    if (this.other?.sequence !== sequence) return this.active?.sequence === sequence;
    [this.active, this.other] = [this.other, this.active];
    return true;
  }

  clear(): void {
    this.active = undefined;
    this.other = undefined;
  }
}
