export {
  type ClusterDefinition,
  CommandDefinition,
  cluster,
  clusterCommandNamed,
  clusterIds,
  generalCommand,
} from "./cluster.ts";
export { DEVICE_TYPE_NAMES, STATUS, STATUS_NAMES } from "./data/names.ts";
export type { ClusterCommands, ZclDate } from "./data/types.ts";
export { DATA_TYPES, type DataType, dataType, dataTypeNamed } from "./data-type.ts";
export * from "./foundation.ts";
export {
  decodeZcl,
  encodeCommand,
  encodeGeneral,
  encodeNamed,
  encodeZcl,
  isCommand,
  readPayload,
  type SendOptions,
  writePayload,
  type ZclFrame,
} from "./frame.ts";
export { type Direction, readHeader, writeHeader, type ZclHeader } from "./header.ts";
export {
  type AttributeDefinition,
  attribute,
  attributeNamed,
  attributes,
  type ValueNames,
  valueNames,
} from "./names.ts";
export * from "./reply.ts";
export * from "./tunnelling.ts";
export type { ZclFields, ZclValue } from "./value.ts";
