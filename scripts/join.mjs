// Joins the modules of a `dist` folder into a few files: Node takes longer to find, read and link a module than to
// compile it (docs/adr/0084). Each module can still be imported from its own file, which passes on what a joined file
// exports. So there is one instance of each, whoever imports it and from where. What a module does when it is loaded it
// does when its joined file is: it should do nothing but make what it exports.
import {cpSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {build} from 'esbuild';

/**
 * @param folder a package with `src` and, compiled from it, `dist`
 * @param options.starts modules of `dist`: what each of them imports, directly or not, is joined apart from the rest, so
 * that a process that needs no more loads no more. In the order in which they are loaded
 * @param options.needs packages that modules load otherwise than by an import, by module
 * @param options.replaced packages, and the files of `dist` that are imported in their place
 */
export async function joinModules(folder, {starts = [], needs = {}, replaced = {}} = {}) {
  const dist = path.join(folder, 'dist');
  const names = readdirSync(dist, {recursive: true, encoding: 'utf8'})
    .map((name) => name.replaceAll('\\', '/'))
    .filter((name) => name.endsWith('.js') && existsSync(path.join(folder, 'src', name.replace(/js$/, 'ts'))))
    .filter((name) => !/^ui\/(page|export-page)\//.test(name)) // for browsers
    .sort();
  const modules = await readModules(dist, names, needs);
  const places = findPlaces(modules, starts);

  const write = async (file, input) => {
    const {outputFiles} = await build({
      ...input,
      absWorkingDir: dist,
      outfile: path.join(dist, file),
      plugins: [linker({dist, file, modules, places, replaced})],
      bundle: true,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      sourcemap: true,
      sourcesContent: false,
      legalComments: 'none',
      logLevel: 'warning',
      write: false,
    });
    return outputFiles;
  };
  const joined = [...new Set(places.values())].map((file) => {
    const members = names.filter((name) => places.get(name) === file);
    const contents = members.map((name) => passOn(modules, name, `./${name}`, {joined: true})).join('\n');
    return write(file, {stdin: {contents, resolveDir: dist, sourcefile: file}});
  });
  const others = names.filter((name) => !places.has(name)).map((name) => write(name, {entryPoints: [name]}));
  const outputs = await Promise.all([...joined, ...others]); // nothing is written before all is read

  const apart = path.join(dist, '.apart');
  for (const each of [apart, path.join(dist, 'joined')]) rmSync(each, {recursive: true, force: true});
  mkdirSync(path.join(dist, 'joined'));
  for (const name of names
    .flatMap((each) => [each, `${each}.map`])
    .filter((each) => existsSync(path.join(dist, each)))) {
    mkdirSync(path.dirname(path.join(apart, name)), {recursive: true});
    renameSync(path.join(dist, name), path.join(apart, name));
  }
  // without it tsc compiles every file again, so that it leaves no joined ones among others
  if (existsSync(path.join(dist, '.tsbuildinfo')))
    renameSync(path.join(dist, '.tsbuildinfo'), path.join(apart, '.tsbuildinfo'));
  for (const {path: file, contents} of outputs.flat()) writeFileSync(file, contents);
  for (const [name, file] of places)
    writeFileSync(path.join(dist, name), `${passOn(modules, name, relative(name, file))}\n`);
}

/** Undoes `joinModules`, as far as nobody has compiled the package since then: tsc then compiles what has changed. */
export function separateModules(folder) {
  const dist = path.join(folder, 'dist');
  const apart = path.join(dist, '.apart');
  if (existsSync(apart) && !existsSync(path.join(dist, '.tsbuildinfo'))) cpSync(apart, dist, {recursive: true});
  for (const each of [apart, path.join(dist, 'joined')]) rmSync(each, {recursive: true, force: true});
}

/** What each module exports, imports when it is loaded, and needs of other packages. */
async function readModules(dist, names, needs) {
  const {metafile} = await build({
    absWorkingDir: dist,
    entryPoints: names,
    outdir: 'unwritten',
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const entries = Object.values(metafile.outputs).filter(({entryPoint}) => entryPoint !== undefined);
  const exports = new Map(entries.map((entry) => [entry.entryPoint, entry.exports]));
  return new Map(
    names.map((name) => {
      const imports = metafile.inputs[name].imports.filter(({kind}) => kind === 'import-statement');
      const packages = imports.filter(({external, path}) => external && !path.startsWith('node:'));
      return [
        name,
        {
          exports: exports.get(name),
          imports: imports.filter(({external}) => !external).map(({path}) => path),
          packages: [...packages.map(({path}) => path), ...(needs[name] ?? [])],
        },
      ];
    }),
  );
}

/**
 * The joined file of each module that another imports when it is loaded. Modules are joined that need the same packages,
 * themselves or through what they import, so that no process loads a package because of what else is in a file; and
 * that the same one of `starts` needs first. Hence a joined file imports others in one direction only.
 */
function findPlaces(modules, starts) {
  const closure = (name, found = new Set()) => {
    if (found.has(name)) return found;
    found.add(name);
    for (const each of modules.get(name).imports) closure(each, found);
    return found;
  };
  const startClosures = starts.map((start) => [start, closure(start)]);
  const imported = new Set([...modules.values()].flatMap(({imports}) => imports));
  return new Map(
    [...modules.keys()]
      .filter((name) => imported.has(name))
      .map((name) => {
        const packages = new Set([...closure(name)].flatMap((each) => modules.get(each).packages));
        const [start = 'rest'] = startClosures.find(([, needed]) => needed.has(name)) ?? [];
        const parts = [start.replace(/\.js$/, ''), ...[...packages].sort()];
        return [name, `joined/${parts.map((part) => part.replace(/\W+/g, '-').replace(/^-/, '')).join('.')}.js`];
      }),
  );
}

/** An esbuild plug-in for one file: it holds the modules that have their place there, and imports the others. */
function linker({dist, file, modules, places, replaced}) {
  return {
    name: 'linker',
    setup({onResolve, onLoad}) {
      onResolve({filter: /.*/}, ({path: specifier, kind, resolveDir, namespace}) => {
        if (kind === 'entry-point') return undefined;
        if (Object.hasOwn(replaced, specifier)) return {path: relative(file, replaced[specifier]), external: true};
        if (namespace === 'elsewhere' || !specifier.startsWith('.')) return {path: specifier, external: true};
        const name = path.relative(dist, path.resolve(resolveDir, specifier)).replaceAll('\\', '/');
        if (kind === 'dynamic-import' || !places.has(name)) return {path: relative(file, name), external: true};
        return places.get(name) === file ? {path: path.join(dist, name)} : {path: name, namespace: 'elsewhere'};
      });
      onLoad({filter: /.*/, namespace: 'elsewhere'}, ({path: name}) => ({
        contents: passOn(modules, name, relative(file, places.get(name))),
      }));
      // a module finds what lies beside its own file
      onLoad({filter: /\.js$/, namespace: 'file'}, ({path: from}) => {
        const own = relative(file, path.relative(dist, from).replaceAll('\\', '/'));
        const url = `new URL(${JSON.stringify(own)}, import.meta.url).href`;
        return {contents: readFileSync(from, 'utf8').replaceAll('import.meta.url', url)};
      });
    },
  };
}

/** Exports what a module exports, from where it is; `joined`: under the names that it has in a joined file. */
function passOn(modules, name, from, {joined = false} = {}) {
  const prefix = `${name.replace(/\.js$/, '').replace(/\W/g, '_')}$`;
  const {exports} = modules.get(name);
  if (exports.length === 0) return `import '${from}';`;
  const pairs = exports.map((each) => (joined ? `${each} as ${prefix}${each}` : `${prefix}${each} as ${each}`));
  return `export {${pairs.join(', ')}} from '${from}';`;
}

/** The specifier of one file of `dist` in another. */
function relative(from, to) {
  const specifier = path.posix.relative(path.posix.dirname(from), to);
  return specifier.startsWith('.') ? specifier : `./${specifier}`;
}
