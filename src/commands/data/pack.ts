import {Args, Flags} from '@oclif/core';
import {BaseCommand} from '../../cli/command/base-command.js';
import {listenForStop} from '../../cli/command/signals.js';
import {assignmentsOf, configFlags} from '../../cli/flags/config-flags.js';
import {sidesOf, sizeInWords} from '../../options/image-size.js';

const shared = configFlags();
const pick = (...names: string[]) => Object.fromEntries(names.map((name) => [name, shared[name]!]));

export default class DataPack extends BaseCommand {
  static override makesThings = true;
  static override summary = 'Decode and resize the pictures of a set once, into a file to train on.';
  static override description =
    'SOURCE is what gan fit takes. The file holds the pictures with checksums, names and labels; a training with the same --size, --channels and --depth reads them without decoding. Broken pictures are left out. A packing that was stopped goes on when the command is repeated. The format is safetensors (docs/data.md).';
  static override examples = [
    {
      description: 'Photos, ready for a training at 64x64',
      command: '<%= config.bin %> data pack photos photos-64.safetensors --size 64',
    },
    {
      description: 'In four files',
      command: '<%= config.bin %> data pack photos.zip packed/photos.safetensors --size 64 --shards 4',
    },
  ];
  static override args = {
    source: Args.string({description: 'folder or archive of images, or builtin:NAME', required: true}),
    file: Args.string({description: 'file to write: .safetensors', required: true}),
  };
  static override flags = {
    shards: Flags.integer({
      description: 'files to spread the pictures over: FILE-00000-of-00004.safetensors',
      default: 1,
      min: 1,
    }),
    ...pick('size', 'channels', 'resize', 'depth'),
  };

  async run(): Promise<void> {
    const {args, flags} = await this.parse(DataPack);
    const {shards, ...others} = flags;
    const registry = await this.openRegistry();
    const {resolveConfig} = await import('../../config/resolve.js');
    const chosen = assignmentsOf(others).set('data', {value: args.source, origin: 'SOURCE', blame: 'usage'});
    const {config} = await resolveConfig({registry, ...this.configSources, flags: chosen});
    const [{openPictures}, {describeRecords}, {packRecords}, {mkdir}, path] = await Promise.all([
      import('../../runs/data.js'),
      import('../../gan/data/records/open.js'),
      import('../../gan/data/pack.js'),
      import('node:fs/promises'),
      import('node:path'),
    ]);
    const {records} = await openPictures(config, {registry});
    const {size, channels, resize, depth, decoding} = config;
    this.talk(
      `${describeRecords(records)}; packing at ${sizeInWords(size)}, ${channels} channel${channels === 1 ? '' : 's'}${depth === 8 ? '' : `, ${depth} bits`}`,
    );
    await mkdir(path.dirname(path.resolve(args.file)), {recursive: true});
    let told = Date.now();
    const stop = listenForStop((name) => this.talk(`${name}: keeping what is done; once more ends at once.`));
    try {
      const packed = await packRecords(records, args.file, {
        size: sidesOf(size),
        channels,
        resize,
        ...(depth !== 8 && {depth}), // packings of before go on
        decoding,
        warn: (message) => this.warning(message),
        shards,
        signal: stop.signal,
        progress: (done) => {
          if (Date.now() - told < tellEveryMs) return;
          told = Date.now();
          this.talk(`${done} of ${records.size}`);
        },
      });
      for (const {path: name, reason} of packed.skipped) this.warning(`left out ${name}: ${reason}`);
      if (packed.resumed > 0) this.talk(`${packed.resumed} pictures were there already`);
      this.json(packed);
      if (packed.interrupted) {
        this.talk('Stopped. To go on, give the same command again.');
        process.exitCode = stop.exitCode;
      } else for (const file of packed.files) this.result(file);
    } finally {
      stop.dispose();
    }
  }
}

/** Time between two lines that say how far it is. */
const tellEveryMs = 5000;
