import {Flags} from '@oclif/core';
import type {Given} from '../../options/options-check.js';

/** `--device`, which is handed to the backend's option `device`. */
export const deviceFlag = Flags.string({
  description: 'which device of the backend, by number or a part of its name; gan backends lists them',
  helpValue: 'DEVICE',
});

/** The flag's value for `selectBackend`. */
export const deviceOf = ({device}: {device?: string | undefined}): Given | undefined =>
  device === undefined ? undefined : {value: device, origin: '--device', blame: 'usage'};
