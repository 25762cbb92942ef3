// Writes test/commands/surface.json, what the command line offers: `npm run snapshot`, after a deliberate change or a
// merge. `--print` prints it instead. It is made from what the build wrote down; a line for each flag, so that merges
// are easy.
import {readFileSync, writeFileSync} from 'node:fs';

const describe = ({char, type, allowNo, helpValue = 'TEXT', multiple, required, default: preset}) =>
  [
    `${char ? `-${char} ` : ''}${type === 'boolean' ? 'boolean' : helpValue}`,
    ...(type === 'boolean' && allowNo ? ['also --no-'] : []),
    ...(multiple ? ['any number'] : []),
    ...(required ? ['required'] : []),
    ...(preset === undefined || preset === false ? [] : [`default ${preset}`]),
  ].join(', ');
const sorted = (entries) => Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
const spaced = (id) => id.replaceAll(':', ' ');

const {commands} = JSON.parse(readFileSync(new URL('../oclif.manifest.json', import.meta.url), 'utf8'));
const surface = sorted(
  Object.entries(commands).map(([id, {args, flags, aliases, hidden, strict}]) => [
    spaced(id),
    {
      ...(hidden && {hidden}),
      ...(aliases.length > 0 && {aliases: aliases.map(spaced)}),
      args: [
        ...Object.values(args).map(({name, required}) => (required ? name : `[${name}]`)),
        ...(strict ? [] : ['...']),
      ].join(' '),
      flags: sorted(Object.entries(flags).map(([name, flag]) => [name, describe(flag)])),
    },
  ]),
);
const text = `${JSON.stringify(surface, null, 1)}\n`;
if (process.argv.includes('--print')) process.stdout.write(text);
else writeFileSync(new URL('../test/commands/surface.json', import.meta.url), text);
