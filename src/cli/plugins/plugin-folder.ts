import {existsSync, readFileSync, renameSync} from 'node:fs';
import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {GanError, messageOf} from '../../errors.js';
import {isCalled} from '../../plugin/names.js';

/** What is noted of a plug-in. oclif reads it when it starts. */
export interface NotedPlugin {
  name: string;
  /** Installed by npm in the folder, or a folder elsewhere that is used as it is. */
  type: 'user' | 'link';
  /** user: the version or range that was asked for, or a tag of the registry. */
  tag?: string;
  /** user: what was asked for, where it does not come from a registry: a file, a folder, a repository. */
  url?: string;
  /** link: the folder. */
  root?: string;
}

interface Manifest {
  private?: boolean;
  dependencies?: Record<string, string>;
  oclif?: {schema?: number; plugins?: (string | NotedPlugin)[]};
}

/**
 * The folder in which npm installs plug-ins. Its package.json has npm's dependencies, and the list of plug-ins that
 * oclif reads.
 */
export class PluginFolder {
  readonly path: string;

  /** @param dataDir oclif's folder for data: GAN_DATA_DIR, or the place that the system has for it */
  constructor(dataDir: string) {
    this.path = dataDir;
  }

  get file(): string {
    return path.join(this.path, 'package.json');
  }

  /** @throws GanError GAN_PLUGINS_FILE (exit 3) when package.json cannot be read */
  list(): NotedPlugin[] {
    return notedIn(this.#read());
  }

  /** The dependencies that npm keeps: a version, a file or an address by name. */
  dependencies(): Record<string, string> {
    return this.#read().dependencies ?? {};
  }

  /** Makes the folder and its package.json, which npm needs. */
  async prepare(): Promise<void> {
    if (!existsSync(this.file)) await this.#write({dependencies: {}});
  }

  /** Notes a plug-in, in place of one with its name. */
  async add(plugin: NotedPlugin): Promise<void> {
    const manifest = this.#read();
    const others = notedIn(manifest).filter(({name}) => name !== plugin.name);
    await this.#write({...manifest, oclif: {...manifest.oclif, plugins: [...others, plugin]}});
  }

  /** Takes a plug-in out of package.json; its files stay. */
  async remove(name: string): Promise<void> {
    const manifest = this.#read();
    const {[name]: _, ...dependencies} = manifest.dependencies ?? {};
    const plugins = notedIn(manifest).filter((plugin) => plugin.name !== name);
    await this.#write({...manifest, dependencies, oclif: {...manifest.oclif, plugins}});
  }

  /** Begins anew; a file that cannot be read is kept under another name. */
  setAside(): void {
    renameSync(this.file, `${this.file}.broken`);
  }

  #read(): Manifest {
    if (!existsSync(this.file)) return {};
    try {
      const manifest = JSON.parse(readFileSync(this.file, 'utf8')) as Manifest | null;
      if (typeof manifest === 'object' && manifest !== null && !Array.isArray(manifest)) return manifest;
      throw new Error('it is no object');
    } catch (error) {
      throw new GanError(
        'config',
        'GAN_PLUGINS_FILE',
        `The list of plug-ins, ${this.file}, cannot be read: ${messageOf(error)}`,
        {cause: error, suggestions: ['Mend the file, or begin anew: gan plugins reset --yes']},
      );
    }
  }

  async #write(manifest: Manifest): Promise<void> {
    const {writeFileAtomic} = await import('../../gan/io/atomic-write.js');
    await mkdir(this.path, {recursive: true});
    const whole = {private: true, ...manifest, oclif: {schema: 1, plugins: [], ...manifest.oclif}};
    await writeFileAtomic(this.file, JSON.stringify(whole, null, 2));
  }
}

const notedIn = ({oclif}: Manifest): NotedPlugin[] =>
  (Array.isArray(oclif?.plugins) ? oclif.plugins : []).map((plugin) =>
    typeof plugin === 'string' ? {name: plugin, type: 'user', tag: 'latest'} : plugin,
  );

/** The plug-in of a full or short name, a name with a version, or the folder of a linked one. */
export function findNoted(plugins: readonly NotedPlugin[], wanted: string): NotedPlugin | undefined {
  const name = wanted.replace(/(?<=.)@[^/]*$/, '');
  return (
    plugins.find((plugin) => plugin.name === name) ??
    plugins.find((plugin) => isCalled(plugin.name, name)) ??
    plugins.find(({type, root}) => type === 'link' && root !== undefined && path.resolve(root) === path.resolve(wanted))
  );
}
