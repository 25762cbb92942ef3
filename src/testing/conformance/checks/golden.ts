import {readdirSync} from 'node:fs';
import {runGoldenCase} from '../../golden/index.js';
import {cannotRun, type Check} from '../check.js';

/** A check for each recording of fastai in a folder; without them, one that says so. */
export function goldenChecks(recordings: string): Check[] {
  const names = recordingNames(recordings);
  if (names.length === 0)
    return [
      {
        group: 'golden',
        title: 'recordings of fastai',
        run: async () => cannotRun(`there are no recordings in ${recordings}`),
      },
    ];
  return names.map((name) => ({
    group: 'golden',
    title: `recording ${name}`,
    async run(session) {
      await session.device();
      const {deviations, mismatches} = await runGoldenCase(recordings, name);
      if (mismatches.length > 0) throw new Error(mismatches.join('; '));
      return deviations;
    },
  }));
}

function recordingNames(folder: string): string[] {
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith('.safetensors'));
    return files.map((file) => file.slice(0, -'.safetensors'.length)).sort();
  } catch {
    return [];
  }
}
