import type {DeviceFacts} from './driver/driver.js';

/** What the driver says, asked in a process of its own: its cards, or why there are none. */
export type DriverAnswer =
  {ok: true; version: number; devices: DeviceFacts[]} | {ok: false; error: string; code?: number};
