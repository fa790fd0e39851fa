// The codec alone, which a hub needs; `build.ts` and `describe.ts` bring the tables of names along and are imported by themselves.
export type { AlertBody } from "./alert.ts";
export type { EncryptedComponent, Encryption, GbzComponent, PlainComponent } from "./component.ts";
export {
  componentsOf,
  decodeComponentPlaintext,
  type EncryptedPart,
  encodeComponentPlaintext,
  encryptedComponents,
  type Open,
  openComponent,
  type Seal,
  sealComponent,
  sealComponents,
} from "./encryption.ts";
export { decodeGbz, encodeGbz, type Gbz, isGbz } from "./gbz.ts";
