import { Eui64 } from "../../base/eui64.ts";
import {
  changed,
  eui64,
  i8,
  ifThere,
  octets,
  payload,
  rest,
  since,
  u8,
  u16,
  u32,
  until,
  words,
} from "./codec.ts";
import { command } from "./command.ts";
import { ezspStatus, scanStatus, slStatus, status } from "./status.ts";
import {
  apsFrame,
  bindingEntry,
  childData,
  clusterLists,
  dutyCycleLimits,
  gpAddress,
  key,
  keyContext,
  keyMetadata,
  multicastEntry,
  neighborEntry,
  networkKeyInfo,
  networkParameters,
  radioParameters,
  routeEntry,
} from "./structures.ts";

const NO_EUI = Eui64("0000000000000000");
const noContext = {
  coreKeyType: 0,
  keyIndex: 0,
  derivedType: 0,
  eui64: NO_EUI,
  multiNetworkIndex: 0,
  flags: 0,
  psaKeyAlgorithm: 0,
};
const messageTag = changed(14, u8, u16);

/** Protocol, configuration, values, tokens (UG100 sections 5 and 6). */
const general = {
  version: command(
    "version",
    0x0000,
    { desiredVersion: u8 },
    { protocolVersion: u8, stackType: u8, stackVersion: u16 },
  ),
  getLibraryStatus: command("getLibraryStatus", 0x0001, { libraryId: u8 }, { status: u8 }),
  addEndpoint: command(
    "addEndpoint",
    0x0002,
    { endpoint: u8, profileId: u16, deviceId: u16, deviceVersion: u8, clusters: clusterLists },
    { status: ezspStatus },
  ),
  getExtendedValue: command(
    "getExtendedValue",
    0x0003,
    { valueId: u8, characteristics: u32 },
    { status: ezspStatus, value: payload },
  ),
  nop: command("nop", 0x0005, {}, {}),
  callback: command("callback", 0x0006, {}, {}),
  setToken: command("setToken", 0x0009, { tokenId: u8, data: octets(8) }, { status }),
  getToken: command("getToken", 0x000a, { tokenId: u8 }, { status, data: octets(8) }),
  getMfgToken: command("getMfgToken", 0x000b, { tokenId: u8 }, { data: payload }),
  setMfgToken: command("setMfgToken", 0x000c, { tokenId: u8, data: payload }, { status }),
  getXncpInfo: command("getXncpInfo", 0x0013, {}, { status, manufacturerId: u16, versionNumber: u16 }),
  setManufacturerCode: command("setManufacturerCode", 0x0015, { code: u16 }, {}),
  setPowerDescriptor: command(
    "setPowerDescriptor",
    0x0016,
    { descriptor: u16 },
    { status: since(14, slStatus, 0) },
  ),
  getEui64: command("getEui64", 0x0026, {}, { eui64 }),
  getNodeId: command("getNodeId", 0x0027, {}, { nodeId: u16 }),
  customFrame: command("customFrame", 0x0047, { payload }, { status, reply: payload }),
  getRandomNumber: command("getRandomNumber", 0x0049, {}, { status, value: u16 }),
  getTrueRandomEntropySource: command("getTrueRandomEntropySource", 0x004f, {}, { source: u8 }),
  getConfigurationValue: command(
    "getConfigurationValue",
    0x0052,
    { configId: u8 },
    { status: ezspStatus, value: u16 },
  ),
  setConfigurationValue: command(
    "setConfigurationValue",
    0x0053,
    { configId: u8, value: u16 },
    { status: ezspStatus },
  ),
  setPolicy: command("setPolicy", 0x0055, { policyId: u8, decisionId: u8 }, { status: ezspStatus }),
  getPolicy: command("getPolicy", 0x0056, { policyId: u8 }, { status: ezspStatus, decisionId: u8 }),
  invalidCommand: command("invalidCommand", 0x0058, {}, { reason: u8 }),
  readAndClearCounters: command("readAndClearCounters", 0x0065, {}, { values: words }),
  echo: command("echo", 0x0081, { data: payload }, { data: payload }),
  getStandaloneBootloaderVersion: command(
    "getStandaloneBootloaderVersionPlatMicroPhy",
    0x0091,
    {},
    { bootloaderVersion: u16, platform: u8, micro: u8, phy: u8 },
  ),
  getValue: command("getValue", 0x00aa, { valueId: u8 }, { status: ezspStatus, value: payload }),
  setValue: command("setValue", 0x00ab, { valueId: u8, value: payload }, { status: ezspStatus }),
  getManufacturerCode: command("getManufacturerCode", 0x00ca, {}, { code: u16 }),
  readCounters: command("readCounters", 0x00f1, {}, { values: words }),
  getPhyInterfaceCount: command("getPhyInterfaceCount", 0x00fc, {}, { count: u8 }),
  setPassiveAckConfig: command("setPassiveAckConfig", 0x0105, { config: u8, minAcksNeeded: u8 }, { status }),
};

/** Networking (UG100 section 7). */
const networking = {
  setConcentrator: command(
    "setConcentrator",
    0x0010,
    {
      on: u8,
      concentratorType: u16,
      minTime: u16,
      maxTime: u16,
      routeErrorThreshold: u8,
      deliveryFailureThreshold: u8,
      maxHops: u8,
    },
    { status },
  ),
  setBrokenRouteErrorCode: command("setBrokenRouteErrorCode", 0x0011, { errorCode: u8 }, { status }),
  networkInit: command("networkInit", 0x0017, { bitmask: ifThere(u16) }, { status }),
  networkState: command("networkState", 0x0018, {}, { state: u8 }),
  startScan: command(
    "startScan",
    0x001a,
    { scanType: u8, channelMask: u32, duration: u8 },
    { status: scanStatus },
  ),
  stopScan: command("stopScan", 0x001d, {}, { status }),
  formNetwork: command("formNetwork", 0x001e, { parameters: networkParameters }, { status }),
  leaveNetwork: command("leaveNetwork", 0x0020, { options: since(14, u8, 0) }, { status }),
  permitJoining: command("permitJoining", 0x0022, { duration: u8 }, { status }),
  getNetworkParameters: command(
    "getNetworkParameters",
    0x0028,
    {},
    { status, nodeType: u8, parameters: networkParameters },
  ),
  getParentChildParameters: command(
    "getParentChildParameters",
    0x0029,
    {},
    { childCount: u8, parentEui64: eui64, parentNodeId: u16 },
  ),
  getChildData: command("getChildData", 0x004a, { index: u8 }, { status, childData }),
  setSourceRouteDiscoveryMode: command(
    "setSourceRouteDiscoveryMode",
    0x005a,
    { mode: u8 },
    { remainingTimeMs: u32 },
  ),
  getNeighbor: command("getNeighbor", 0x0079, { index: u8 }, { status, neighbor: neighborEntry }),
  neighborCount: command("neighborCount", 0x007a, {}, { count: u8 }),
  getRouteTableEntry: command("getRouteTableEntry", 0x007b, { index: u8 }, { status, entry: routeEntry }),
  setRadioIeee802154CcaMode: command("setRadioIeee802154CcaMode", 0x0095, { mode: u8 }, { status }),
  setRadioPower: command("setRadioPower", 0x0099, { power: i8 }, { status }),
  setRadioChannel: command("setRadioChannel", 0x009a, { channel: u8 }, { status }),
  energyScanRequest: command(
    "energyScanRequest",
    0x009c,
    { target: u16, scanChannels: u32, scanDuration: u8, scanCount: u16 },
    { status },
  ),
  setLogicalAndRadioChannel: command("setLogicalAndRadioChannel", 0x00b9, { channel: u8 }, { status }),
  getSourceRouteTableEntry: command(
    "getSourceRouteTableEntry",
    0x00c1,
    { index: u8 },
    { status, destination: u16, closerIndex: u8 },
  ),
  getSourceRouteTableFilledSize: command("getSourceRouteTableFilledSize", 0x00c2, {}, { size: u8 }),
  getSourceRouteTableTotalSize: command("getSourceRouteTableTotalSize", 0x00c3, {}, { size: u8 }),
  findUnusedPanId: command("findUnusedPanId", 0x00d3, { channelMask: u32, duration: u8 }, { status }),
  getRadioParameters: command(
    "getRadioParameters",
    0x00fd,
    { phyIndex: u8 },
    { status, parameters: radioParameters },
  ),
  writeNodeData: command("writeNodeData", 0x00fe, { erase: u8 }, { status }),
  getRadioChannel: command("getRadioChannel", 0x00ff, {}, { channel: u8 }),
  childId: command("childId", 0x0106, { childIndex: u8 }, { childId: u16 }),
  childIndex: command("childIndex", 0x0107, { childId: u16 }, { childIndex: u8 }),
};

/** Second radio and duty cycle: defined by EZSP, in no stock firmware. */
const multiPhy = {
  getDutyCycleState: command("getDutyCycleState", 0x0035, {}, { status, state: u8 }),
  setDutyCycleLimits: command("setDutyCycleLimitsInStack", 0x0040, { limits: dutyCycleLimits }, { status }),
  getDutyCycleLimits: command("getDutyCycleLimits", 0x004b, {}, { status, limits: dutyCycleLimits }),
  getCurrentDutyCycle: command(
    "getCurrentDutyCycle",
    0x004c,
    { maxDevices: u8 },
    { status, devices: octets(134) },
  ),
  sendLinkPowerDeltaRequest: command("sendLinkPowerDeltaRequest", 0x00f7, {}, { status }),
  multiPhyStart: command(
    "multiPhyStart",
    0x00f8,
    { phyIndex: u8, page: u8, channel: u8, power: i8, bitmask: u8 },
    { status },
  ),
  multiPhyStop: command("multiPhyStop", 0x00f9, { phyIndex: u8 }, { status }),
  multiPhySetRadioPower: command("multiPhySetRadioPower", 0x00fa, { phyIndex: u8, power: i8 }, { status }),
  multiPhySetRadioChannel: command(
    "multiPhySetRadioChannel",
    0x00fb,
    { phyIndex: u8, page: u8, channel: u8 },
    { status },
  ),
};

/** Bindings (UG100 section 8). */
const binding = {
  clearBindingTable: command("clearBindingTable", 0x002a, {}, { status }),
  setBinding: command("setBinding", 0x002b, { index: u8, entry: bindingEntry }, { status }),
  getBinding: command("getBinding", 0x002c, { index: u8 }, { status, entry: bindingEntry }),
  deleteBinding: command("deleteBinding", 0x002d, { index: u8 }, { status }),
  bindingIsActive: command("bindingIsActive", 0x002e, { index: u8 }, { active: u8 }),
  getBindingRemoteNodeId: command("getBindingRemoteNodeId", 0x002f, { index: u8 }, { nodeId: u16 }),
  setBindingRemoteNodeId: command("setBindingRemoteNodeId", 0x0030, { index: u8, nodeId: u16 }, {}),
};

/** Messaging and the address table (UG100 section 9). */
const messaging = {
  maximumPayloadLength: command("maximumPayloadLength", 0x0033, {}, { length: u8 }),
  sendUnicast: command(
    "sendUnicast",
    0x0034,
    { type: u8, indexOrDestination: u16, apsFrame, messageTag, message: payload },
    { status, sequence: u8 },
  ),
  sendBroadcast: command(
    "sendBroadcast",
    0x0036,
    {
      alias: since(14, u16, 0xffff),
      destination: u16,
      nwkSequence: since(14, u8, 0),
      apsFrame,
      radius: u8,
      messageTag,
      message: payload,
    },
    { status, sequence: u8 },
  ),
  sendMulticast: command(
    "sendMulticast",
    0x0038,
    {
      apsFrame,
      hops: u8,
      nonmemberRadius: until(13, u8, 7),
      broadcastAddress: since(14, u16, 0xfffd),
      alias: since(14, u16, 0xffff),
      nwkSequence: since(14, u8, 0),
      messageTag,
      message: payload,
    },
    { status, sequence: u8 },
  ),
  sendReply: command("sendReply", 0x0039, { sender: u16, apsFrame, message: payload }, { status }),
  sendManyToOneRouteRequest: command(
    "sendManyToOneRouteRequest",
    0x0041,
    { concentratorType: u16, radius: u8 },
    { status },
  ),
  addressTableEntryIsActive: command("addressTableEntryIsActive", 0x005b, { index: u8 }, { active: u8 }),
  setAddressTableRemoteEui64: command(
    "setAddressTableRemoteEui64",
    0x005c,
    { index: u8, eui64 },
    { status },
    { until: 13 },
  ),
  setAddressTableInfo: command(
    "setAddressTableInfo",
    0x005c,
    { index: u8, eui64, nodeId: u16 },
    { status },
    { since: 14 },
  ),
  setAddressTableRemoteNodeId: command(
    "setAddressTableRemoteNodeId",
    0x005d,
    { index: u8, nodeId: u16 },
    {},
    { until: 13 },
  ),
  getAddressTableRemoteEui64: command(
    "getAddressTableRemoteEui64",
    0x005e,
    { index: u8 },
    { eui64 },
    { until: 13 },
  ),
  getAddressTableInfo: command(
    "getAddressTableInfo",
    0x005e,
    { index: u8 },
    { status, nodeId: u16, eui64 },
    { since: 14 },
  ),
  getAddressTableRemoteNodeId: command(
    "getAddressTableRemoteNodeId",
    0x005f,
    { index: u8 },
    { nodeId: u16 },
    { until: 13 },
  ),
  lookupNodeIdByEui64: command(
    "lookupNodeIdByEui64",
    0x0060,
    { eui64 },
    { status: since(14, slStatus, 0), nodeId: u16 },
  ),
  lookupEui64ByNodeId: command("lookupEui64ByNodeId", 0x0061, { nodeId: u16 }, { status, eui64 }),
  getMulticastTableEntry: command(
    "getMulticastTableEntry",
    0x0063,
    { index: u8 },
    { status, entry: multicastEntry },
  ),
  setMulticastTableEntry: command(
    "setMulticastTableEntry",
    0x0064,
    { index: u8, entry: multicastEntry },
    { status },
  ),
  setExtendedTimeout: command(
    "setExtendedTimeout",
    0x007e,
    { eui64, extendedTimeout: u8 },
    { status: since(14, slStatus, 0) },
  ),
  /** Up to EZSP 13 the answer is a boolean, from 14 a status: OK for extended. */
  getExtendedTimeout: command(
    "getExtendedTimeout",
    0x007f,
    { eui64 },
    { extendedTimeout: until(13, u8, 0), status: since(14, slStatus, 0) },
  ),
  replaceAddressTableEntry: command(
    "replaceAddressTableEntry",
    0x0082,
    { index: u8, newEui64: eui64, newNodeId: u16, newExtendedTimeout: u8 },
    { status, oldEui64: eui64, oldNodeId: u16, oldExtendedTimeout: u8 },
  ),
};

/** Security and the Trust Centre (UG100 sections 10 and 11). */
const security = {
  requestLinkKey: command("requestLinkKey", 0x0014, { partner: eui64 }, { status }),
  unicastCurrentNetworkKey: command(
    "unicastCurrentNetworkKey",
    0x0050,
    { targetShort: u16, targetLong: eui64, parentShortId: u16 },
    { status },
  ),
  sendTrustCenterLinkKey: command(
    "sendTrustCenterLinkKey",
    0x0067,
    { destinationNodeId: u16, destinationEui64: eui64 },
    { status },
  ),
  setInitialSecurityState: command(
    "setInitialSecurityState",
    0x0068,
    {
      bitmask: u16,
      preconfiguredKey: key,
      networkKey: key,
      networkKeySequence: u8,
      preconfiguredTrustCenterEui64: eui64,
    },
    { status },
  ),
  getCurrentSecurityState: command(
    "getCurrentSecurityState",
    0x0069,
    {},
    { status, bitmask: u16, trustCenterEui64: eui64 },
  ),
  clearTransientLinkKeys: command("clearTransientLinkKeys", 0x006b, {}, {}),
  broadcastNextNetworkKey: command("broadcastNextNetworkKey", 0x0073, { key }, { status }),
  broadcastNetworkKeySwitch: command("broadcastNetworkKeySwitch", 0x0074, {}, { status }),
  findKeyTableEntry: command("findKeyTableEntry", 0x0075, { address: eui64, linkKey: u8 }, { index: u8 }),
  eraseKeyTableEntry: command("eraseKeyTableEntry", 0x0076, { index: u8 }, { status }),
  removeDevice: command(
    "removeDevice",
    0x00a8,
    { destinationShort: u16, destinationLong: eui64, targetLong: eui64 },
    { status },
  ),
  unicastNwkKeyUpdate: command(
    "unicastNwkKeyUpdate",
    0x00a9,
    { destinationShort: u16, destinationLong: eui64, key },
    { status },
  ),
  clearKeyTable: command("clearKeyTable", 0x00b1, {}, { status }),
  getApsKeyInfo: command(
    "getApsKeyInfo",
    0x010c,
    { context: keyContext },
    {
      status: slStatus,
      metadata: keyMetadata,
      eui64: until(13, eui64, NO_EUI),
      context: since(14, keyContext, noContext),
    },
    { responseBefore14: ["eui64", "metadata", "status", "context"] },
  ),
  exportLinkKeyByEui: command(
    "exportLinkKeyByEui",
    0x010d,
    { eui64 },
    {
      status: slStatus,
      context: since(14, keyContext, noContext),
      key,
      index: until(13, u8, 0),
      metadata: keyMetadata,
    },
    { responseBefore14: ["key", "index", "metadata", "status", "context"] },
  ),
  importLinkKey: command("importLinkKey", 0x010e, { index: u8, address: eui64, key }, { status: slStatus }),
  exportLinkKeyByIndex: command(
    "exportLinkKeyByIndex",
    0x010f,
    { index: u8 },
    {
      status: slStatus,
      context: since(14, keyContext, noContext),
      eui64: until(13, eui64, NO_EUI),
      key,
      metadata: keyMetadata,
    },
    { responseBefore14: ["eui64", "key", "metadata", "status", "context"] },
  ),
  checkKeyContext: command("checkKeyContext", 0x0110, { context: keyContext }, { status: slStatus }),
  importTransientKey: command(
    "importTransientKey",
    0x0111,
    { eui64, key, flags: until(13, u8, 0) },
    { status: slStatus },
  ),
  exportTransientKeyByIndex: command(
    "exportTransientKeyByIndex",
    0x0112,
    { index: u8 },
    { status: slStatus, context: keyContext, key, metadata: keyMetadata },
    { responseBefore14: ["context", "key", "metadata", "status"] },
  ),
  exportTransientKeyByEui: command(
    "exportTransientKeyByEui",
    0x0113,
    { eui64 },
    { status: slStatus, context: keyContext, key, metadata: keyMetadata },
    { responseBefore14: ["context", "key", "metadata", "status"] },
  ),
  exportKey: command(
    "exportKey",
    0x0114,
    { context: keyContext },
    { status: slStatus, key, context: since(14, keyContext, noContext) },
    { responseBefore14: ["key", "status", "context"] },
  ),
  importKey: command(
    "importKey",
    0x0115,
    { context: keyContext, key },
    { status: slStatus, context: since(14, keyContext, noContext) },
  ),
  getNetworkKeyInfo: command("getNetworkKeyInfo", 0x0116, {}, { status: slStatus, info: networkKeyInfo }),
};

/** Certificates and key establishment on the NCP: in no stock firmware. */
const cbke = {
  generateCbkeKeys: command("generateCbkeKeys", 0x00a4, {}, { status }),
  getCertificate: command("getCertificate", 0x00a5, {}, { status, certificate: octets(48) }),
  generateCbkeKeys283k1: command("generateCbkeKeys283k1", 0x00e8, {}, { status }),
  calculateSmacs283k1: command(
    "calculateSmacs283k1",
    0x00ea,
    { amInitiator: u8, partnerCertificate: octets(74), partnerEphemeralPublicKey: octets(37) },
    { status },
  ),
  getCertificate283k1: command("getCertificate283k1", 0x00ec, {}, { status, certificate: octets(74) }),
  savePreinstalledCbkeData283k1: command("savePreinstalledCbkeData283k1", 0x00ed, {}, { status }),
  clearTemporaryData283k1: command(
    "clearTemporaryDataMaybeStoreLinkKey283k1",
    0x00ee,
    { storeLinkKey: u8 },
    { status },
  ),
};

/**
 * Green Power: only so that recorded sessions can be read. Table entries stay unread: a refused index brings octets
 * of no meaning, and hosts differ in how much of an unused sink they write.
 */
const greenPower = {
  gpSinkTableInit: command("gpSinkTableInit", 0x0070, {}, {}),
  gpProxyTableGetEntry: command("gpProxyTableGetEntry", 0x00c8, { proxyIndex: u8 }, { status, entry: rest }),
  gpProxyTableProcessGpPairing: command(
    "gpProxyTableProcessGpPairing",
    0x00c9,
    {
      options: u32,
      address: gpAddress,
      communicationMode: u8,
      sinkNetworkAddress: u16,
      sinkGroupId: u16,
      assignedAlias: u16,
      sinkIeeeAddress: eui64,
      key,
      securityFrameCounter: u32,
      forwardingRadius: u8,
    },
    { added: u8 },
  ),
  gpSinkTableGetEntry: command("gpSinkTableGetEntry", 0x00dd, { sinkIndex: u8 }, { status, entry: rest }),
  gpSinkTableSetEntry: command("gpSinkTableSetEntry", 0x00df, { sinkIndex: u8, entry: rest }, { status }),
  gpSinkTableFindOrAllocateEntry: command(
    "gpSinkTableFindOrAllocateEntry",
    0x00e1,
    { address: gpAddress },
    { index: u8 },
  ),
  gpSinkTableClearAll: command("gpSinkTableClearAll", 0x00e2, {}, {}),
};

/** Every command that the emulator can read and write; which of them it answers is up to the NCP. */
export const commands = {
  ...general,
  ...networking,
  ...multiPhy,
  ...binding,
  ...messaging,
  ...security,
  ...cbke,
  ...greenPower,
};
