import {hasValue} from '../variables.js';

/** `GAN_PLUGINS=off`: installed and linked plug-ins are left alone, except by `gan plugins`. */
export const pluginsAreOff = (): boolean => hasValue('GAN_PLUGINS', 'off');
