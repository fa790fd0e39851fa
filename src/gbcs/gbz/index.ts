export type { AlertBody } from "./alert.ts";
export { buildGbzCommand, type GbzFields, gbzFields } from "./build.ts";
export type { EncryptedComponent, Encryption, GbzComponent, PlainComponent } from "./component.ts";
export { type DescribedComponent, describeGbz, type Opened, type ScaledField } from "./describe.ts";
export {
  componentsOf,
  decodeComponentPlaintext,
  type EncryptedPart,
  encodeComponentPlaintext,
  encryptedComponents,
  openComponent,
  sealComponent,
} from "./encryption.ts";
export { decodeGbz, encodeGbz, type Gbz, isGbz } from "./gbz.ts";
