import {BaseCommand} from '../cli/command/base-command.js';
import {complete} from '../cli/completion/completions.js';
import {friendlyName} from '../plugin/names.js';

/**
 * The command that shells call: the words after `gan`, the last one after an equals sign. Prints one candidate per
 * line.
 */
export default class Complete extends BaseCommand {
  static override summary = 'Complete a command line, for the scripts of `gan autocomplete`.';
  static override hidden = true;
  static override strict = false;

  async run(): Promise<void> {
    const {argv} = await this.parse(Complete);
    const words = argv as string[];
    const found = await complete([...words.slice(0, -1), (words.at(-1) ?? '=').slice(1)], {
      commands: this.config.commands,
      registry: () => this.openRegistry(),
      runs: async () => {
        const found = await (await import('../runs/run-summary.js')).findRuns('runs');
        return found.length === 0 ? [] : ['latest', ...found];
      },
      plugins: () =>
        [...this.config.plugins.values()]
          .filter(({type}) => type === 'user' || type === 'link')
          .map(({name}) => friendlyName(name)),
    });
    this.json(found);
    for (const each of found) this.result(each);
  }
}
