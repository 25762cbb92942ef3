import {GanError, messageOf} from '../../errors.js';
import {didYouMean} from '../../options/nearest.js';
import {friendlyName} from '../../plugin/names.js';
import {uninstallPackage} from './npm-plugins.js';
import {findNoted, type NotedPlugin, type PluginFolder} from './plugin-folder.js';

/**
 * Removes a plug-in. It is taken out of the list even where npm cannot remove its files.
 * @returns what was left undone
 */
export async function removePlugin(folder: PluginFolder, {name, type}: NotedPlugin): Promise<string | undefined> {
  let warning: string | undefined;
  if (type === 'user' && Object.hasOwn(folder.dependencies(), name))
    await uninstallPackage(folder, name, {}).catch((error: unknown) => {
      warning = `${name} is no longer used, but its files are still in ${folder.path}: ${messageOf(error)}`;
    });
  await folder.remove(name);
  return warning;
}

/**
 * The plug-in of that name among those that are installed and linked.
 * @throws GanError GAN_PLUGIN_NOT_FOUND (exit 2)
 */
export function wantedPlugin(plugins: readonly NotedPlugin[], wanted: string): NotedPlugin {
  const found = findNoted(plugins, wanted);
  if (found !== undefined) return found;
  throw pluginNotFound(
    plugins.map(({name}) => name),
    wanted,
  );
}

export function pluginNotFound(names: readonly string[], wanted: string): GanError {
  const meant = didYouMean(
    wanted,
    names.flatMap((name) => [friendlyName(name), name]),
  );
  return new GanError('usage', 'GAN_PLUGIN_NOT_FOUND', `The plug-in ${wanted} is not installed.`, {
    suggestions: [
      ...(meant === undefined ? [] : [`Did you mean ${meant}?`]),
      'gan plugins   lists installed plug-ins',
      `gan plugins install ${wanted}`,
    ],
  });
}
