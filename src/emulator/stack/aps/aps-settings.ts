/** How a node sends and receives at the APS layer. */
export interface ApsSettings {
  /** How long an APS ACK is waited for, in ms (EmberZNet APS_ACK_TIMEOUT). */
  ackTimeoutMs: number;
  /** How often a frame is sent again without APS ACK (apscMaxFrameRetries). */
  retries: number;
  /** Blocks of a fragmented message that one APS ACK may answer (EmberZNet FRAGMENT_WINDOW_SIZE), 1 to 8. */
  fragmentWindow: number;
}

export const APS_DEFAULTS: ApsSettings = { ackTimeoutMs: 1_600, retries: 3, fragmentWindow: 1 };
