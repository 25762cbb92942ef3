import {readdir} from 'node:fs/promises';
import {dirname, join} from 'node:path';
import {identifyFiles} from '../identity.js';
import {readRegularFile} from '../../io/regular-file.js';
import {slashedBelow} from '../../io/windows-names.js';
import {getImageFiles} from '../image-files.js';
import {VanishedFiles} from '../vanished.js';
import {labelsOfFolders} from './labels.js';
import {isSideList, mostListBytes, sideLabels} from './list.js';
import type {Records} from './types.js';

/**
 * The image files of a folder and its subfolders, or a single one. Their classes are those of a list in the folder
 * (`dataset.json`, `metadata.jsonl`, `metadata.csv`, `labels.csv`), else the subfolders.
 * @throws GanError of `getImageFiles`; GAN_DATA_FORMAT for a list that cannot be read
 */
export async function folderRecords(path: string): Promise<Records> {
  const files = await getImageFiles(path);
  const isFile = files[0] === path;
  const root = isFile ? dirname(path) : path;
  const names = files.map((file) => slashedBelow(root, file));
  const list = isFile ? undefined : (await readdir(path)).filter(isSideList).sort()[0];
  const listed =
    list === undefined
      ? undefined
      : await sideLabels(() => readRegularFile(join(path, list), mostListBytes), join(path, list), names);
  const labels = listed ?? (isFile ? undefined : labelsOfFolders(names));
  const vanished = new VanishedFiles(files);
  return {
    kind: isFile ? 'image file' : 'folder',
    path,
    files: list === undefined ? files : [...files, join(path, list)],
    size: files.length,
    ...(labels && {labels}),
    name: (index) => names[index]!,
    describe: (index) => files[index]!,
    read: (index) => Promise.resolve(files[index]!),
    lookInto: (index) => vanished.note(files[index]!),
    identify: () => identifyFiles(root, files),
  };
}
