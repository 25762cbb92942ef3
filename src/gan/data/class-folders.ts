import {relative, sep} from 'node:path';
import {getImageFiles, imageSource} from './image-files.js';
import type {DecodeOptions} from './decode.js';
import type {FiniteSource} from './types.js';

/** The images of a folder with a folder for each class. */
export interface ClassFolders {
  /** Names of the folders, sorted by UTF-16 code units; the position is the class. */
  classes: string[];
  source(options: DecodeOptions): FiniteSource;
}

/**
 * Images whose class is the name of the folder they lie in, directly or deeper. Images beside the folders are left out.
 * @throws GanError of `getImageFiles`
 */
export async function classFolders(dir: string): Promise<ClassFolders> {
  const labelled = (await getImageFiles(dir)).flatMap((path) => {
    const [name, ...below] = relative(dir, path).split(sep);
    return below.length > 0 ? [{path, name: name!}] : [];
  });
  const classes = [...new Set(labelled.map(({name}) => name))].sort();
  const numbers = new Map(classes.map((name, i) => [name, i]));
  return {
    classes,
    source: (options) => ({
      ...imageSource(
        labelled.map(({path}) => path),
        options,
      ),
      classes: classes.length,
      label: (index) => numbers.get(labelled[index]!.name)!,
    }),
  };
}
