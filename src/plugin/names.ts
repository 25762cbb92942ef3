/**
 * How plug-in packages are called: `gan-plugin-foo` or `@scope/gan-plugin-foo`, and `foo` or `@scope/foo` for short.
 */

const prefix = 'gan-plugin-';

/** True if the name of a package marks it as a plug-in. */
export const isPluginName = (name: string): boolean => /^(@[^/]+\/)?gan-plugin-/.test(name);

/** `gan-plugin-foo` to `foo`, `@scope/gan-plugin-foo` to `@scope/foo`. */
export const friendlyName = (name: string): string => name.replace(/^(@[^/]+\/)?gan-plugin-/, '$1');

/** `foo` to `gan-plugin-foo`, `@scope/foo` to `@scope/gan-plugin-foo`; a full name to itself. */
export const fullPluginName = (name: string): string =>
  isPluginName(name) ? name : name.replace(/^(@[^/]+\/)?/, `$1${prefix}`);

/** True if a package has this name, full or friendly. */
export const isCalled = (packageName: string, name: string): boolean =>
  packageName === name || friendlyName(packageName) === name;

/** A part's name without its package, `gan-plugin-x:name` to `name`: that of its column in the log. */
export const shortName = (part: string): string => part.replace(/^.*:/, '');
