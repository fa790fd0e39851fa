import { EzspStatus } from "../ezsp/status.ts";
import type { NcpCore } from "./core.ts";
import { Config, RETIRED_CONFIG } from "./profile.ts";

/** Tables that a host may make smaller but not larger than compiled; too large is OUT_OF_MEMORY. */
const TABLES: readonly number[] = [
  Config.NEIGHBOR_TABLE_SIZE,
  Config.APS_UNICAST_MESSAGE_COUNT,
  Config.ADDRESS_TABLE_SIZE,
  Config.MULTICAST_TABLE_SIZE,
  Config.BINDING_TABLE_SIZE,
  Config.KEY_TABLE_SIZE,
  Config.BROADCAST_TABLE_SIZE,
];
/** The same, but too large is INVALID_VALUE. */
const LIMITED: readonly number[] = [
  Config.SOURCE_ROUTE_TABLE_SIZE,
  Config.MAX_END_DEVICE_CHILDREN,
  Config.ROUTE_TABLE_SIZE,
  Config.DISCOVERY_TABLE_SIZE,
];
/** What a refusing stick refuses even where nothing would change. */
const TOUCHY: readonly number[] = [
  Config.NEIGHBOR_TABLE_SIZE,
  Config.APS_UNICAST_MESSAGE_COUNT,
  Config.ADDRESS_TABLE_SIZE,
  Config.MULTICAST_TABLE_SIZE,
];
/** The neighbour table has fixed sizes (UG100 section 4.2). */
const NEIGHBOR_SIZES: readonly number[] = [1, 8, 16, 26];

function verdict(id: number, value: number, ncp: NcpCore): number {
  const compiled = ncp.profile.config[id];
  if (compiled === undefined || RETIRED_CONFIG.includes(id) || id === Config.PACKET_BUFFER_COUNT)
    return EzspStatus.INVALID_ID;
  const isTable = TABLES.includes(id) || LIMITED.includes(id);
  if (isTable && ncp.ram.state !== "down") return EzspStatus.INVALID_CALL;
  if (id === Config.NEIGHBOR_TABLE_SIZE && !NEIGHBOR_SIZES.includes(value)) return EzspStatus.INVALID_VALUE;
  if (ncp.profile.refusesSameSize && TOUCHY.includes(id) && value >= compiled)
    return EzspStatus.OUT_OF_MEMORY;
  if (TABLES.includes(id) && value > compiled) return EzspStatus.OUT_OF_MEMORY;
  if (LIMITED.includes(id) && value > compiled) return EzspStatus.INVALID_VALUE;
  if (id === Config.SECURITY_LEVEL && value !== 0 && value !== 5) return EzspStatus.INVALID_VALUE;
  return EzspStatus.SUCCESS;
}

/** getConfigurationValue; firmware from 8.0 reads ids of old stacks as zero. */
export function getConfiguration(id: number, ncp: NcpCore): { status: number; value: number } {
  const value = ncp.ram.config.get(id);
  if (value !== undefined) return { status: EzspStatus.SUCCESS, value };
  const readsZero = RETIRED_CONFIG.includes(id) && ncp.profile.version.major >= 8;
  return { status: readsZero ? EzspStatus.SUCCESS : EzspStatus.INVALID_ID, value: 0 };
}

/** setConfigurationValue with the refusals of real firmware; returns the EzspStatus. */
export function setConfiguration(id: number, value: number, ncp: NcpCore): number {
  const status = verdict(id, value, ncp);
  if (status !== EzspStatus.SUCCESS) return status;
  ncp.ram.config.set(id, value);
  if (id === Config.KEY_TABLE_SIZE) ncp.stack.setKeyTableSize(value);
  if (id === Config.TRANSIENT_KEY_TIMEOUT_S) ncp.stack.setTransientKeyTimeout(value);
  return status;
}

/** Tells the stack below what the firmware starts with. */
export function applyConfiguration(ncp: NcpCore): void {
  ncp.stack.setKeyTableSize(ncp.ram.size(Config.KEY_TABLE_SIZE));
  ncp.stack.setTransientKeyTimeout(ncp.ram.size(Config.TRANSIENT_KEY_TIMEOUT_S));
}
