import type {Interfaces} from '@oclif/core';
import {openRegistry} from '../../plugin/discover.js';
import {kindNames} from '../../options/kinds.js';
import type {PartKind} from '../../options/kinds.js';

/** A plug-in that was installed or linked. */
export interface InstalledPlugin {
  name: string;
  version: string;
  /** Installed from a registry, a file or a repository; or a folder that is used as it is. */
  type: 'user' | 'link';
  root: string;
  /** Names as the user types them. */
  parts: {kind: PartKind; name: string}[];
  /** The command as the user types it: `hello world`. */
  commands: string[];
  /** Why it, or a part of it, is left out. */
  problems: string[];
}

/** Returns installed and linked plug-ins by name. Plug-ins that cannot be read are included, with the reason. */
export function installedPlugins({
  plugins,
  dataDir,
}: Pick<Interfaces.Config, 'plugins' | 'dataDir'>): InstalledPlugin[] {
  const registry = openRegistry(plugins.values(), dataDir);
  const parts = kindNames.flatMap((kind) => registry.list(kind));
  const reasons = (name: string): string[] =>
    registry.problems.filter((problem) => problem.package === name).map(({reason}) => reason);
  const known = [...plugins.values()]
    .filter(({type}) => type === 'user' || type === 'link')
    .map(({name, version, type, root, commands, pjson}): InstalledPlugin => ({
      name,
      version,
      root,
      type: type === 'link' ? 'link' : 'user',
      parts: parts.filter((part) => part.package === name).map(({kind, name: part}) => ({kind, name: part})),
      commands: commands.map(({id}) => id.replaceAll(':', ' ')),
      problems: [...reasons(name), ...hooksOf(pjson)],
    }));
  const lost = registry.problems
    .filter((problem) => !plugins.has(problem.package))
    .map(({package: name, reason}): InstalledPlugin => ({
      name,
      version: '',
      type: 'user',
      root: '',
      parts: [],
      commands: [],
      problems: [reason],
    }));
  return [...known, ...lost].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Hooks that its package.json has. */
function hooksOf({oclif}: {oclif?: {hooks?: unknown}}): string[] {
  const names = Object.keys(oclif?.hooks ?? {});
  return names.length === 0 ? [] : [`its hooks (${names.join(', ')}) are not run: gan runs no hooks of plug-ins`];
}

/** Describes in words what a plug-in brings. */
export const brings = ({parts, commands}: Pick<InstalledPlugin, 'parts' | 'commands'>): string =>
  [...parts.map(({kind, name}) => `${kind} ${name}`), ...commands.map((id) => `command ${id}`)].join(', ') || 'nothing';
