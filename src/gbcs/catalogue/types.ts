import type { DataType } from "../dlms/index.ts";

export type DeviceKind =
  | "ESME"
  | "GSME"
  | "CHF"
  | "GPF"
  | "PPMID"
  | "HCALCS"
  | "SAPC"
  | "IHD"
  | "CAD"
  | "ANY";

export type PartyRole =
  | "supplier"
  | "networkOperator"
  | "accessControlBroker"
  | "transitionalCoS"
  | "wanProvider"
  | "recovery"
  | "contingency"
  | "loadController";

/** One use case of the GBCS (section 20 and the mapping table), or one mode of CS02b and CS02g. */
export interface UseCase {
  /** Unique name: the GBCS code, with the mode for CS02b and CS02g, or a short name for an alert that has no code. */
  readonly code: string;
  /** GBCS code, shared by the modes of CS02b and CS02g. */
  readonly useCase: string;
  readonly title: string;
  /** Shared by Command and Response. Null where there is no GBCS message (firmware distribution). */
  readonly messageCode: number | null;
  /** Devices that execute the Command or send the Alert. */
  readonly targets: readonly DeviceKind[];
  readonly format: "DLMS" | "GBZ" | "ASN.1" | "DLMS|GBZ" | "ZSE" | null;
  readonly kind: "command" | "alert" | "han-only";
  /** Whether Command or Alert is signed; null for the variant messages and where the sources do not say. */
  readonly critical: boolean | null;
  /** Between two devices on the HAN, without the Access Control Broker. */
  readonly hanOnly: boolean;
  /** null: the sources do not say. */
  readonly futureDatable: boolean | null;
  /** null: the sources do not say. */
  readonly replayProtected: boolean | null;
  /** Remote parties that may send it; null: the sources do not say. */
  readonly roles: readonly PartyRole[] | null;
  /** A GSME Command that the Gas Proxy Function listens to and applies to its copy. */
  readonly gpfTapOff: boolean;
  /** In one line, what limits a target ("GSME: supplier only", "dual band hub only"). */
  readonly targetRestriction: string | null;
  /** No longer in the tables, or only known from published messages. */
  readonly superseded: boolean;
  /** Service reference variants by which service users ask for it. */
  readonly services: readonly string[];
}

/** A type with the names that the tables give its parts. */
export interface Shape {
  readonly type: DataType;
  readonly name?: string;
  /** What the field always holds; octets as hex, bits as 0 and 1. */
  readonly constant?: number | string;
  /** Names of the values of an enumeration. */
  readonly values?: Readonly<Record<string, string>>;
  /** What the octets or the number say: a COSEM date-time of 12 octets, or seconds since 2000-01-01. */
  readonly form?: "date-time" | "utc-seconds";
  readonly members?: readonly Shape[];
  /** A member that only a twin element meter has. */
  readonly twinOnly?: true;
  readonly element?: Shape;
}

export interface CosemAttribute {
  readonly class: number;
  readonly obis: string;
  /** Attribute number, or method number of an action. */
  readonly index: number;
  /** Name of the tables. */
  readonly name: string;
  /** COSEM name of the attribute or method. */
  readonly attribute: string;
  /** What the attribute holds; absent where the tables do not tell. */
  readonly shape?: Shape;
  /** COSEM unit code (Blue Book), where the object's scaler_unit is fixed. */
  readonly unit?: number;
}

/** One item of an Access-Request. */
export interface AccessItem extends CosemAttribute {
  readonly operation: "get" | "set" | "action";
  /** The item is there in some Commands only. */
  readonly optional?: true;
  /** The log is read by selective access: entries from one time to another. */
  readonly byTime?: true;
  /** What a method returns. */
  readonly returns?: Shape;
  /** The attributes read through get_protected_attributes of class 30. */
  readonly protects?: readonly CosemAttribute[];
  /** The protected entries are restricted to those from one time to another. */
  readonly protectedByTime?: true;
}

/** What a DLMS use case carries. */
export interface DlmsTemplate {
  readonly access?: readonly AccessItem[];
  /** Alert body behind alert code and time. */
  readonly alert?: readonly Shape[];
  /** The attributes that an Alert carries under protection. */
  readonly protects?: readonly CosemAttribute[];
}

/** One component of a GBZ message. */
export interface GbzComponent {
  readonly name: string;
  /** ZCL cluster and command identifiers. */
  readonly cluster: number;
  readonly command: number;
  readonly commandName?: string;
  readonly clusterSpecific: boolean;
  readonly direction: string;
  readonly frameControl?: number;
  readonly control?: readonly number[];
  readonly encrypted?: true;
  /** How often it is there; `n` is open. */
  readonly min: number | string;
  readonly max: number | string;
  readonly attributes?: readonly number[];
  readonly fields?: readonly GbzField[];
  /** An error or an empty answer. */
  readonly alternative?: true;
}

export interface GbzField {
  readonly name: string;
  readonly type: string;
  readonly value?: string | number;
  readonly range?: string;
  readonly of?: string;
}

export interface GbzTemplate {
  readonly commands?: readonly GbzComponent[];
  readonly responses?: readonly GbzComponent[];
  readonly alerts?: readonly GbzComponent[];
}

/** A service request by which a service user asks for a use case. */
export interface Service {
  readonly reference: string;
  readonly variant: string;
  readonly name: string;
  readonly element: string;
  readonly critical: boolean;
  /** DUIS user roles. */
  readonly roles: readonly string[];
  readonly useCases: readonly string[];
}
