import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {assertPicture} from '../../cli/flags/picture-file.js';
import {inspectionLines} from '../../cli/text/inspection-report.js';

export default class DataInspect extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Look at every picture of a set: sizes, colours, labels, duplicates, broken files.';
  static override description =
    'SOURCE is a folder, an archive, an array, a list or builtin:NAME, as for gan fit. Every picture is decoded once; nothing is changed. docs/data.md says what can be read.';
  static override examples = [
    {
      description: 'What is in an archive, and what is wrong with it',
      command: '<%= config.bin %> data inspect photos.zip',
    },
    {description: 'With a contact sheet', command: '<%= config.bin %> data inspect photos --out sheet.png'},
  ];
  static override args = {
    source: Args.string({description: 'folder or archive of images, or builtin:NAME', required: true}),
  };
  static override flags = {
    out: Flags.string({
      char: 'o',
      description: 'also draw pictures from all over the set into this file: .png, .jpg or .webp',
      helpValue: 'FILE.png',
    }),
    n: Flags.integer({char: 'n', description: 'pictures on that sheet, at most', default: 64, min: 1}),
    examples: Flags.integer({description: 'names to list of each thing that is wrong', default: 10, min: 0}),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(DataInspect);
    if (flags.out !== undefined) await assertPicture(flags.out);
    const registry = await this.openRegistry();
    const {resolveConfig} = await import('../../config/resolve.js');
    const data = {value: args.source, origin: 'SOURCE', blame: 'usage'} as const;
    const {config} = await resolveConfig({registry, ...this.configSources, flags: new Map([['data', data]])});
    const [{openPictures}, {describeRecords}, {inspectRecords}] = await Promise.all([
      import('../../runs/data.js'),
      import('../../gan/data/records/open.js'),
      import('../../gan/data/inspect.js'),
    ]);
    const {records} = await openPictures(config, {registry});
    const description = describeRecords(records);
    this.talk(description);
    let told = Date.now();
    const inspection = await inspectRecords(records, {
      examples: flags.examples,
      progress: (done) => {
        if (Date.now() - told < tellEveryMs) return;
        told = Date.now();
        this.talk(`${done} of ${records.size}`);
      },
    });
    const sheet = flags.out;
    if (sheet !== undefined) {
      const [{contactSheet}, {writeImages}] = await Promise.all([
        import('../../gan/data/contact-sheet.js'),
        import('../../cli/pictures/write-images.js'),
      ]);
      await writeImages(await contactSheet(records, flags.n), {grid: sheet});
    }
    this.json({description, ...inspection, ...(sheet !== undefined && {sheet})});
    for (const line of inspectionLines(inspection)) this.result(line);
    if (sheet !== undefined) this.result(sheet);
  }
}

/** Time between two lines that say how far it is. */
const tellEveryMs = 5000;
