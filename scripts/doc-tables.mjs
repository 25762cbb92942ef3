// Writes the tables of docs that follow from src/options and src/variables.ts, between their marks: `<!-- NAME: begin -->` and
// `<!-- NAME: end -->` in Markdown, `// NAME: begin` in code. Part of `npm run snapshot`. `--check` writes nothing and
// prints the files that would change. It reads what the build wrote.
import {readFileSync, writeFileSync} from 'node:fs';
import {
  configKeys,
  flagOf,
  listKeys,
  mapKeys,
  resumableKeys,
  scalarKeys,
  singleKeys,
  usageOf,
} from '../dist/options/config-keys.js';
import {kindNames, partKinds} from '../dist/options/kinds.js';
import {describeSpec} from '../dist/options/options-check.js';
import {describeValues, variables} from '../dist/variables.js';

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map(
    (row) => `|${row.map((cell) => (cell === '---' ? cell : ` ${cell} `)).join('|')}|`,
  );
const code = (text) => `\`${text}\``;

/** Each makes the lines between its marks; it is given those that are there. */
const made = {
  'docs/configuration.md': {
    resumable: () => [
      `${resumableKeys
        .slice(0, -1)
        .map((key) => code(`--${flagOf(key)}`))
        .join(', ')} and ${code(`--${flagOf(resumableKeys.at(-1))}`)}`,
    ],
    parts: () =>
      table(
        ['key', 'chooses', 'default'],
        [
          ...singleKeys.map((key) => {
            const {kind, default: preset, optional} = configKeys[key];
            return [code(key), partKinds[kind].noun + (optional ? ', or `none`' : ''), code(preset)];
          }),
          ...mapKeys.map((key) => {
            const {kind, of} = configKeys[key];
            return [code(key), `${partKinds[kind].manifestKey} of ${of}, by name`, 'none'];
          }),
          ...listKeys.map((key) => [code(key), `any number of ${partKinds[configKeys[key].kind].manifestKey}`, 'none']),
        ],
      ),
    keys: () =>
      table(
        ['key', 'value', 'default without a recipe', 'meaning'],
        scalarKeys.map((key) => {
          const {spec} = configKeys[key];
          return [code(key), describeSpec(spec), String(spec.default ?? 'none'), spec.help];
        }),
      ),
    variables: () =>
      table(
        ['variable', 'value', 'meaning'],
        Object.entries(variables).flatMap(([name, facts]) => [
          [code(name), describeValues(facts), facts.help],
          ...Object.entries(facts.values ?? {}).map(([value, meaning]) => [code(`${name}=${value}`), '', meaning]),
        ]),
      ),
  },
  'docs/json.md': {
    keys: () => [
      ...singleKeys
        .filter((key) => 'part' in configKeys[key])
        .map((key) => `  ${key}${configKeys[key].optional ? '?' : ''}: PartChoice;`),
      ...mapKeys.map((key) => `  ${key}: Record<string, PartChoice>;`),
      ...listKeys.map((key) => `  ${key}: PartChoice[];`),
      ...scalarKeys.map((key) => {
        const {spec, numeric} = configKeys[key];
        const type =
          numeric || spec.type === 'int' || spec.type === 'num'
            ? 'number'
            : spec.type === 'bool'
              ? 'boolean'
              : spec.type === 'size'
                ? 'number | string'
                : 'string';
        return `  ${key}${spec.default === undefined ? '?' : ''}: ${type};`;
      }),
    ],
  },
  'docs/plugins.md': {
    kinds: (lines) => {
      const rows = lines.slice(2).map((line) => line.slice(2, -2).split(' | '));
      const returned = new Map(rows.map(([kind, , returns]) => [kind, returns]));
      return table(
        ['kind', 'key in package.json', 'what `create(options)` returns', 'used by'],
        [
          ...kindNames.map((kind) => [
            code(kind),
            code(partKinds[kind].manifestKey),
            returned.get(code(kind)) ?? 'TO BE WRITTEN',
            code(usageOf(kind, 'NAME')),
          ]),
          ...rows.filter(([kind]) => kind === code('command')), // which is no part
        ],
      );
    },
  },
};

for (const [file, marks] of Object.entries(made)) {
  const url = new URL(`../${file}`, import.meta.url);
  const before = readFileSync(url, 'utf8');
  let text = before;
  for (const [name, make] of Object.entries(marks)) {
    const marked = new RegExp(`((?:<!--|//) ${name}: begin(?: -->)?\n)([\\s\\S]*?)(\n *(?:<!--|//) ${name}: end)`);
    if (!marked.test(text)) throw new Error(`${file} has no mark ${name}`);
    text = text.replace(marked, (_, begin, lines, end) => begin + make(lines.split('\n')).join('\n') + end);
  }
  if (text === before) continue;
  if (process.argv.includes('--check')) console.log(file);
  else writeFileSync(url, text);
}
