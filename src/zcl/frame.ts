import { ByteReader, ByteWriter } from "../base/bytes.ts";
import { HanwayError } from "../base/error.ts";
import { type CommandDefinition, clusterCommand, clusterCommandNamed, generalCommand } from "./cluster.ts";
import type { ClusterCommands } from "./data/types.ts";
import { readFields, writeFields } from "./fields.ts";
import { type Direction, readHeader, writeHeader, type ZclHeader } from "./header.ts";
import { inside } from "./place.ts";
import type { ZclFields } from "./value.ts";

/** A decoded ZCL frame. */
export interface ZclFrame extends ZclHeader {
  /** Cluster id, 16 bits: not part of the frame, but what gives the command id its meaning. */
  readonly cluster: number;
  /** Name of the command; undefined where the tables do not know it. */
  readonly name: string | undefined;
  /** The fields by name, in the order of the standard. An unknown command has one field `payload` with its octets. */
  readonly fields: ZclFields;
}

/** The definition behind a header: general, cluster specific, or undefined for unknown and maker's own commands. */
export function definitionOf(header: ZclHeader, cluster: number): CommandDefinition | undefined {
  if (header.frameType === "global") return generalCommand(header.command);
  if (header.manufacturerCode !== undefined) return undefined;
  return clusterCommand(cluster, header.direction, header.command);
}

/**
 * Decodes a whole ZCL frame (ZCL 2.4), integers least significant octet first. Octet strings are views into it.
 * Throws `decode/truncated`, `decode/trailing`, `decode/length`, `decode/value` or `decode/depth`, each with field
 * and offset.
 */
export function decodeZcl(frame: Uint8Array, options: { readonly cluster: number }): ZclFrame {
  return readZcl(new ByteReader(frame), options.cluster);
}

/** {@link decodeZcl} from where the reader stands to its end. */
export function readZcl(reader: ByteReader, cluster: number): ZclFrame {
  const header = readHeader(reader);
  return { ...header, cluster, ...readPayload(reader, header, cluster) };
}

/** Reads what follows a header, to the end of the reader. Errors as {@link decodeZcl}. */
export function readPayload(
  reader: ByteReader,
  header: ZclHeader,
  cluster: number,
): Pick<ZclFrame, "name" | "fields"> {
  const definition = definitionOf(header, cluster);
  if (definition === undefined) return { name: undefined, fields: { payload: reader.rest() } };
  try {
    const fields = readFields(reader, definition.layout);
    reader.finish("payload");
    return { name: definition.name, fields };
  } catch (error) {
    throw inside(error, definition.name);
  }
}

/** Encodes a frame from its values. Throws `encode/value` with the field that is missing, unknown or does not fit. */
export function encodeZcl(frame: Omit<ZclFrame, "name">): Uint8Array {
  const writer = new ByteWriter(64);
  writeHeader(writer, frame);
  writePayload(writer, frame, frame.cluster, frame.fields);
  return writer.done();
}

/** Writes what follows a header. Throws `encode/value`. */
export function writePayload(
  writer: ByteWriter,
  header: ZclHeader,
  cluster: number,
  fields: ZclFields,
): void {
  const definition = definitionOf(header, cluster);
  if (definition === undefined) {
    const { payload } = fields;
    if (!(payload instanceof Uint8Array))
      throw new HanwayError("encode/value", "octets wanted for a command that has no layout", {
        field: "payload",
      });
    writer.bytes(payload);
    return;
  }
  try {
    writeFields(writer, definition.layout, fields);
  } catch (error) {
    throw inside(error, definition.name);
  }
}

/** How to send a command. */
export interface SendOptions {
  /** Transaction sequence number, 8 bits. */
  readonly sequence: number;
  /** General commands need it; of cluster commands only those that either side may send. */
  readonly direction?: Direction;
  readonly disableDefaultResponse?: boolean;
}

/**
 * Encodes a cluster specific command by its name; the types know its fields. Throws `encode/value` where a field is
 * missing, unknown or does not fit.
 */
export function encodeCommand<C extends keyof ClusterCommands, N extends keyof ClusterCommands[C] & string>(
  cluster: C,
  name: N,
  fields: ClusterCommands[C][N] & ZclFields,
  options: SendOptions,
): Uint8Array {
  return encodeNamed(cluster, name, fields, options);
}

/** Whether a decoded frame is this command; tells the types its fields. */
export function isCommand<C extends keyof ClusterCommands, N extends keyof ClusterCommands[C] & string>(
  frame: ZclFrame,
  cluster: C,
  name: N,
): frame is ZclFrame & { readonly name: N; readonly fields: ClusterCommands[C][N] } {
  return frame.frameType === "cluster" && frame.cluster === cluster && frame.name === name;
}

/** {@link encodeCommand} for a cluster and a name that are known at run time only. */
export function encodeNamed(
  cluster: number,
  name: string,
  fields: ZclFields,
  options: SendOptions,
): Uint8Array {
  const definition = clusterCommandNamed(cluster, name, options.direction);
  if (definition?.direction === undefined)
    throw new HanwayError("encode/value", `cluster 0x${cluster.toString(16)} has no command ${name}`, {
      field: "command",
    });
  return encodeZcl({
    frameType: "cluster",
    direction: definition.direction,
    disableDefaultResponse: options.disableDefaultResponse ?? false,
    sequence: options.sequence,
    command: definition.id,
    cluster,
    fields,
  });
}

/** Encodes a general command by its id. Throws `encode/value`. */
export function encodeGeneral(
  cluster: number,
  command: number,
  fields: ZclFields,
  options: SendOptions & { readonly direction: Direction },
): Uint8Array {
  return encodeZcl({
    frameType: "global",
    direction: options.direction,
    disableDefaultResponse: options.disableDefaultResponse ?? false,
    sequence: options.sequence,
    command,
    cluster,
    fields,
  });
}
