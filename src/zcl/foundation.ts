import type { ZclValue } from "./value.ts";

/**
 * The general commands (ZCL 2.5), one a line: id, name, its answer's id where it has one, and its fields in the
 * notation of `layout.ts`. The direction bit says whose attributes are meant, not which command it is.
 */
export const FOUNDATION = `
00 ReadAttributes / ReadAttributesResponse : u16 attributeIds*
01 ReadAttributesResponse : [u16 attributeId, e8:Status status, u8:DataType dataType{status=0}, value value{status=0}] records*
02 WriteAttributes / WriteAttributesResponse : [u16 attributeId, u8:DataType dataType, value value] records*
03 WriteAttributesUndivided / WriteAttributesResponse : [u16 attributeId, u8:DataType dataType, value value] records*
04 WriteAttributesResponse : [e8:Status status, u16 attributeId?] records*
05 WriteAttributesNoResponse : [u16 attributeId, u8:DataType dataType, value value] records*
06 ConfigureReporting / ConfigureReportingResponse : [u8 direction, u16 attributeId, u8:DataType dataType{direction=0}, u16 minimumReportingInterval{direction=0}, u16 maximumReportingInterval{direction=0}, change reportableChange{direction=0}, u16 timeoutPeriod{direction=1}] records*
07 ConfigureReportingResponse : [e8:Status status, u8 direction?, u16 attributeId?] records*
08 ReadReportingConfiguration / ReadReportingConfigurationResponse : [u8 direction, u16 attributeId] records*
09 ReadReportingConfigurationResponse : [e8:Status status, u8 direction, u16 attributeId, u8:DataType dataType{status=0}{direction=0}, u16 minimumReportingInterval{status=0}{direction=0}, u16 maximumReportingInterval{status=0}{direction=0}, change reportableChange{status=0}{direction=0}, u16 timeoutPeriod{status=0}{direction=1}] records*
0A ReportAttributes : [u16 attributeId, u8:DataType dataType, value value] records*
0B DefaultResponse : u8 commandId, e8:Status status
0C DiscoverAttributes / DiscoverAttributesResponse : u16 startAttributeId, u8 maximumAttributeIds
0D DiscoverAttributesResponse : bool discoveryComplete, [u16 attributeId, u8:DataType dataType] attributes*
0E ReadAttributesStructured / ReadAttributesResponse : [u16 attributeId, selector selector] records*
0F WriteAttributesStructured / WriteAttributesStructuredResponse : [u16 attributeId, selector selector, u8:DataType dataType, value value] records*
10 WriteAttributesStructuredResponse : [e8:Status status, u16 attributeId?, selector selector?] records*
11 DiscoverCommandsReceived / DiscoverCommandsReceivedResponse : u8 startCommandId, u8 maximumCommandIds
12 DiscoverCommandsReceivedResponse : bool discoveryComplete, u8 commandIds*
13 DiscoverCommandsGenerated / DiscoverCommandsGeneratedResponse : u8 startCommandId, u8 maximumCommandIds
14 DiscoverCommandsGeneratedResponse : bool discoveryComplete, u8 commandIds*
15 DiscoverAttributesExtended / DiscoverAttributesExtendedResponse : u16 startAttributeId, u8 maximumAttributeIds
16 DiscoverAttributesExtendedResponse : bool discoveryComplete, [u16 attributeId, u8:DataType dataType, m8 access] attributes*
`;

/** Ids of the general commands that the hub uses itself. */
export const READ_ATTRIBUTES = 0x00;
export const READ_ATTRIBUTES_RESPONSE = 0x01;
export const WRITE_ATTRIBUTES = 0x02;
export const REPORT_ATTRIBUTES = 0x0a;
export const DEFAULT_RESPONSE = 0x0b;

/** What Read Attributes Response says of an attribute: data type id and value, or the status why there is none. */
export type AttributeAnswer =
  | { readonly status: 0; readonly dataType: number; readonly value: ZclValue }
  | { readonly status: number };
