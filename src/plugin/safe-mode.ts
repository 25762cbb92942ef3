/** `GAN_PLUGINS=off`: installed and linked plug-ins are left alone, except by `gan plugins`. */
export const pluginsAreOff = (): boolean => process.env['GAN_PLUGINS'] === 'off';
