import type { ModemFault } from "./modem-state.ts";

/** What a person reads, once: what is wrong, and what to do. */
export const MODEM_FAULTS: Readonly<Record<ModemFault, string>> = {
  port: "the modem's port cannot be opened or closes by itself",
  deaf: "the modem does not answer; check its power, its cable and modem.baudRate",
  "no-sim": "there is no SIM in the modem",
  "sim-failure": "the modem cannot use its SIM: it is broken, or locked to another network",
  puk: "the SIM is locked and wants its PUK; unlock it in a phone",
  "pin-missing": "the SIM wants a PIN; put it into modem.pin",
  "pin-refused": "the SIM refused the PIN in modem.pin; it is not sent again, correct the setting",
  "pin-unsure":
    "the PIN was sent and the answer never came; it is not sent again while it may have been refused, so check it, and switch the SIM's PIN off or enter it in a phone once",
  "pin-withheld":
    "the SIM has one try left before it is locked; the PIN is not sent, enter it in a phone once",
  denied: "the network refuses this SIM",
  "no-network": "the modem finds no network; check the aerial and the SIM's contract",
  bearer: "the network gives no bearer; check modem.apn",
};
