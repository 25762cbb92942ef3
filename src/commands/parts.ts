import {Args} from '@oclif/core';
import {BaseCommand} from '../cli/command/base-command.js';
import {describeParts, partLines} from '../cli/plugins/parts-report.js';
import {styleFor} from '../cli/text/style.js';
import {GanError} from '../errors.js';
import {kindNames, partKinds} from '../options/kinds.js';
import {didYouMean} from '../options/nearest.js';
import type {PartKind} from '../options/kinds.js';

export default class Parts extends BaseCommand {
  static override summary = 'List all parts (losses, networks, backends and so on) with their options.';
  static override description = `Lists built-in parts and parts of plug-ins: the package of each, its options and their defaults. KIND is one of ${kindNames.join(', ')}. A part that cannot be used is shown with the reason.`;
  static override examples = [
    {description: 'All parts', command: '<%= config.bin %> parts'},
    {description: 'The switchers, as JSON', command: '<%= config.bin %> parts switcher --json'},
  ];
  static override args = {
    kind: Args.string({description: 'show only this kind, singular or plural'}),
  };

  async run(): Promise<void> {
    const {args} = await this.parse(Parts);
    const kinds = args.kind === undefined ? kindNames : [kindOf(args.kind)];
    const registry = await this.openRegistry();
    for (const kind of kinds) {
      const parts = await describeParts(registry, kind);
      for (const part of parts) this.json(part);
      for (const line of partLines(kind, parts, styleFor(process.stdout))) this.result(line);
    }
  }
}

/** @throws GanError GAN_UNKNOWN_KIND (exit 2) */
function kindOf(wanted: string): PartKind {
  const found = kindNames.find((kind) =>
    [kind, partKinds[kind].manifestKey].some((word) => word === wanted.toLowerCase()),
  );
  if (found !== undefined) return found;
  const meant = didYouMean(wanted, [...kindNames, ...kindNames.map((kind) => partKinds[kind].manifestKey)]);
  throw new GanError('usage', 'GAN_UNKNOWN_KIND', `There is no kind of part '${wanted}'.`, {
    suggestions: [...(meant === undefined ? [] : [`Did you mean '${meant}'?`]), `Kinds: ${kindNames.join(', ')}.`],
  });
}
