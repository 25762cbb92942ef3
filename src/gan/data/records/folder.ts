import {readdir} from 'node:fs/promises';
import {dirname, extname, join} from 'node:path';
import {identifyFiles} from '../identity.js';
import {readRegularFile} from '../../io/regular-file.js';
import {slashedBelow} from '../../io/windows-names.js';
import type {Decoding} from '../decode-options.js';
import {listImageFiles, type FileKinds} from '../image-files.js';
import {VanishedFiles} from '../vanished.js';
import {labelsOfFolders} from './labels.js';
import {isSideList, mostListBytes, sideLabels} from './list.js';
import type {Records} from './types.js';

/**
 * The image files of a folder and its subfolders, or a single one. Their classes are those of a list in the folder
 * (`dataset.json`, `metadata.jsonl`, `metadata.csv`, `labels.csv`), else the subfolders.
 * @param decoding 1: files are images by their names only
 * @throws GanError of `getImageFiles`; GAN_DATA_FORMAT for a list that cannot be read
 */
export async function folderRecords(path: string, decoding?: Decoding): Promise<Records> {
  const {files, others} = await listImageFiles(path, decoding === undefined ? {} : {decoding});
  const isFile = files[0] === path;
  const root = isFile ? dirname(path) : path;
  const names = files.map((file) => slashedBelow(root, file));
  const list = isFile ? undefined : (await readdir(path)).filter(isSideList).sort()[0];
  const listed =
    list === undefined
      ? undefined
      : await sideLabels(() => readRegularFile(join(path, list), mostListBytes), join(path, list), names);
  const labels = listed ?? (isFile ? undefined : labelsOfFolders(names));
  const otherKinds = list === undefined ? others : withoutOne(others, extname(list));
  const vanished = new VanishedFiles(files);
  return {
    kind: isFile ? 'image file' : 'folder',
    path,
    files: list === undefined ? files : [...files, join(path, list)],
    size: files.length,
    ...(otherKinds.size > 0 && {otherKinds}),
    ...(labels && {labels}),
    name: (index) => names[index]!,
    describe: (index) => files[index]!,
    read: (index) => Promise.resolve(files[index]!),
    lookInto: (index) => vanished.note(files[index]!),
    identify: () => identifyFiles(root, files),
  };
}

function withoutOne(kinds: FileKinds, ending: string): FileKinds {
  const left = new Map(kinds);
  const count = left.get(ending) ?? 0;
  if (count > 1) left.set(ending, count - 1);
  else left.delete(ending);
  return left;
}
