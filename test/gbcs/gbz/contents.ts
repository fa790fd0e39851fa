import { fromHex } from "../../../src/base/bytes.ts";
import type { Gbz } from "../../../src/gbcs/gbz/index.ts";

const hex = (text: string) => fromHex(text.replaceAll(" ", ""));

/** A GBZ payload of every shape: what it is, message code, octets, kind. All values are made up. */
export const CONTENTS: [string, number, Uint8Array, Gbz["kind"]][] = [
  [
    "two reads of attributes",
    0x008d,
    hex("0109 02  00 0702 0005 00 00 00 000A  01 0705 0005 00 01 00 0100"),
    "command",
  ],
  [
    "From-Date-Time before the ZCL header",
    0x00c5,
    hex("0109 01  11 0705 000C 1C374A80 01 00 08 00F9351C 05"),
    "command",
  ],
  [
    "a failed attribute, then a component that was not reached",
    0x008d,
    hex("0109 02  00 0702 0006 08 00 01 000A C0  01 0705 0005 08 01 0B FF 01"),
    "response",
  ],
  ["nothing found", 0x0014, hex("0109 01  01 0709 0005 08 00 0B 00 8B"), "response"],
  [
    "a clear and an encrypted component",
    0x0075,
    hex(
      "0109 02  00 0700 0008 08 00 01 1706 00 18 50  03 0705 001C 00 00 08 01 01 0015 31 00000000 A1B2C3D4 000102030405060708090A0B",
    ),
    "response",
  ],
  ["an unknown command of a known cluster", 0x008d, hex("0109 01  01 0702 0005 01 00 7E BEEF"), "command"],
  ["no component at all", 0x008d, hex("0109 00"), "response"],
  ["alert without a body", 0x1000, hex("0109 00 8F30 1C374A80"), "alert"],
  [
    "future-dated Command took effect",
    0x00cd,
    hex("0109 01 8F66 38188890 0E 006B 00000000000003ED 0700 09 06"),
    "alert",
  ],
  ["firmware receipt", 0x00cf, hex(`0109 01 8F72 1C374A80 09 20 ${"5A".repeat(32)}`), "alert"],
  ["meter integrity", 0x00f2, hex("0109 01 81A0 1C374A80 0005"), "alert"],
  [
    "billing data log, encrypted",
    0x008b,
    hex("0109 01 8F0A 1C374A80  03 0702 0018 00 00 19 00 06 0011 31 00000000 000102030405060708090A0B"),
    "alert",
  ],
  ["an alert body without a layout", 0x7777, hex("0109 03 8F99 1C374A80 0102"), "alert"],
];
