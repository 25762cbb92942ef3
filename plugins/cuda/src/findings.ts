import type {DeviceFacts} from './driver/driver.js';

/** The driver's answer from a separate process: its cards, or why there are none. */
export type DriverAnswer =
  {ok: true; version: number; devices: DeviceFacts[]} | {ok: false; error: string; code?: number};
