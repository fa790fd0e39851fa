import { diffieHellman, type KeyObject } from "node:crypto";
import type { Eui64 } from "../../base/eui64.ts";
import { concatKdf } from "./kdf.ts";

/** Two parties that agree a key; the order makes no difference. */
export interface Pair {
  readonly a: Eui64;
  readonly b: Eui64;
  /** Key Agreement public key that came with the message (the certificate of a supplementary party), if any. */
  readonly suppliedKey?: { readonly of: Eui64; readonly publicKey: KeyObject };
}

/**
 * Static unified P-256 key agreement with the key derivation of GBCS 4.3.3 behind it.
 *
 * Synchronous on purpose: a Command is executed and answered without an await in between. Only derived keys come out,
 * so a secure element can implement it with the shared secret kept inside, blocking for its few milliseconds.
 */
export interface KeyAgreement {
  /** The 16-octet key of the pair for this OtherInfo, or undefined where no key of the pair is held. */
  deriveKey(pair: Pair, otherInfo: Uint8Array): Uint8Array | undefined;
  /** Drops what was agreed with a party: its credentials were replaced. */
  forget?(party: Eui64): void;
}

/** Where the Key Agreement public key of a party comes from: a trust anchor cell, or a certificate on file. */
export type PublicKeyLookup = (party: Eui64) => KeyObject | undefined;
/** The private key of a party of which this side holds one. */
export type PrivateKeyLookup = (party: Eui64) => KeyObject | undefined;

/** Shared secrets of the pairs used last. They never leave this object except as derived keys. */
class SecretCache {
  readonly #limit: number;
  readonly #secrets = new Map<string, Uint8Array>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: string): Uint8Array | undefined {
    return this.#secrets.get(key);
  }

  set(key: string, secret: Uint8Array): void {
    if (this.#secrets.size >= this.#limit) {
      const oldest = this.#secrets.keys().next().value;
      if (oldest !== undefined) this.#drop(oldest);
    }
    this.#secrets.set(key, secret);
  }

  forget(party: Eui64): void {
    for (const key of this.#secrets.keys()) if (key.includes(party)) this.#drop(key);
  }

  #drop(key: string): void {
    this.#secrets.get(key)?.fill(0);
    this.#secrets.delete(key);
  }
}

/**
 * Key agreement in software. `privateKeyOf` answers for the own EUI-64 only on a device; with recorded messages it
 * answers for the remote party whose private key is published, and the device's key comes from its certificate.
 */
export class SoftwareKeyAgreement implements KeyAgreement {
  readonly #privateKeyOf: PrivateKeyLookup;
  readonly #publicKeyOf: PublicKeyLookup;
  readonly #cache: SecretCache;

  /** `cacheLimit` bounds the shared secrets kept; the oldest goes first. */
  constructor(privateKeyOf: PrivateKeyLookup, publicKeyOf: PublicKeyLookup, cacheLimit = 256) {
    this.#privateKeyOf = privateKeyOf;
    this.#publicKeyOf = publicKeyOf;
    this.#cache = new SecretCache(cacheLimit);
  }

  deriveKey(pair: Pair, otherInfo: Uint8Array): Uint8Array | undefined {
    if (pair.suppliedKey !== undefined) {
      const secret = this.#agree(pair);
      const key = secret === undefined ? undefined : concatKdf(secret, otherInfo);
      secret?.fill(0);
      return key;
    }
    const name = pair.a < pair.b ? pair.a + pair.b : pair.b + pair.a;
    let secret = this.#cache.get(name);
    if (secret === undefined) {
      secret = this.#agree(pair);
      if (secret === undefined) return undefined;
      this.#cache.set(name, secret);
    }
    return concatKdf(secret, otherInfo);
  }

  /** Drops what was agreed with a party: its credentials were replaced. */
  forget(party: Eui64): void {
    this.#cache.forget(party);
  }

  #agree(pair: Pair): Uint8Array | undefined {
    return this.#agreeAs(pair.a, pair.b, pair) ?? this.#agreeAs(pair.b, pair.a, pair);
  }

  #agreeAs(own: Eui64, other: Eui64, pair: Pair): Uint8Array | undefined {
    const privateKey = this.#privateKeyOf(own);
    if (privateKey === undefined) return undefined;
    const supplied = pair.suppliedKey?.of === other ? pair.suppliedKey.publicKey : undefined;
    const publicKey = supplied ?? this.#publicKeyOf(other);
    return publicKey === undefined ? undefined : diffieHellman({ privateKey, publicKey });
  }
}
