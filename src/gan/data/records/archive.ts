/** What zip and tar archives have in common: pictures with names, in any order, and lists of labels beside them. */
import {isImageName} from '../image-files.js';
import {identifyContents} from '../identity.js';
import {noPictures, wrongFile} from './format-error.js';
import {labelsFrom, labelsOfFolders, type Label} from './labels.js';
import {isSideList, mostListBytes, sideLabels} from './list.js';
import {mostPictureBytes, type Records} from './types.js';

/** A file in an archive. */
export interface Member {
  /** With `/` between folders. */
  name: string;
  /** Without compression. */
  bytes: number;
}

export interface Archive<M extends Member> {
  /** `zip archive`. */
  kind: string;
  path: string;
  members: M[];
  /** Links and the like beside them. Default 0. */
  leftOut?: number;
  /** Labels that stand in members of their own, by the names of the pictures. */
  labels?: ReadonlyMap<string, Label>;
  /** Other members that are accounted for, such as those with labels. */
  known?: (name: string) => boolean;
  /** The content of a member; several at once. @throws Error why it cannot be read */
  read(member: M): Promise<Uint8Array>;
}

/**
 * The pictures of an archive, sorted by name as those of a folder. A folder that all of them lie in does not count, so
 * that a folder and the archive of it are the same set. Of two members of one name, the later one counts. Hidden files
 * are left out.
 * @throws GanError GAN_DATA_EMPTY, GAN_DATA_FORMAT
 */
export async function archiveRecords<M extends Member>(archive: Archive<M>): Promise<Records> {
  const {kind, path, read, leftOut = 0, known = () => false} = archive;
  const members = new Map<string, M>();
  for (const member of archive.members) if (!isHidden(member.name)) members.set(member.name, member);
  const lists = [...members.keys()].filter(isSideList);
  const all = [...members.values()].filter(({name}) => isImageName(name));
  const others = leftOut + members.size - all.length - lists.length - [...members.keys()].filter(known).length;
  if (all.length === 0) throw noPictures(path, kind, others);
  const list = lists.sort((a, b) => depth(a) - depth(b) || (a < b ? -1 : 1))[0];
  const root = list === undefined ? commonFolder(all) : list.slice(0, list.lastIndexOf('/') + 1);
  const pictures = all
    .map((member) => ({member, name: member.name.startsWith(root) ? member.name.slice(root.length) : member.name}))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = pictures.map(({name}) => name);
  const readList = async (member: M): Promise<Uint8Array> => {
    assertBytes(member, mostListBytes, 'lists');
    return read(member);
  };
  const listed =
    list === undefined ? undefined : await sideLabels(() => readList(members.get(list)!), `${path}/${list}`, names);
  const own = archive.labels?.size
    ? labelsFrom(
        pictures.map(({member}) => archive.labels!.get(member.name)),
        path,
      )
    : undefined;
  const labels = listed ?? own ?? labelsOfFolders(names);
  const content = async (index: number): Promise<Uint8Array> => {
    const {member} = pictures[index]!;
    assertBytes(member, mostPictureBytes, 'pictures');
    return read(member);
  };
  return {
    kind,
    path,
    files: [path],
    size: pictures.length,
    ...(others > 0 && {others}),
    ...(labels && {labels}),
    name: (index) => names[index]!,
    describe: (index) => `${path}/${pictures[index]!.member.name}`,
    read: content,
    identify: () =>
      identifyContents({
        names,
        sizes: pictures.map(({member}) => member.bytes),
        read: content,
      }),
  };
}

function assertBytes({bytes}: Member, most: number, what: string): void {
  if (bytes > most) throw new Error(`it has ${bytes} bytes; ${what} of at most ${most} are read`);
}

/**
 * A member's name without `./`.
 * @throws GanError GAN_DATA_FORMAT for one that would lie outside of the folder that the archive is unpacked in
 */
export function memberName(name: string, path: string): string {
  const parts = name.split('/').filter((part) => part !== '.' && part !== '');
  if (name.startsWith('/') || /^[a-z]:/i.test(name) || parts.includes('..') || name.includes('\0'))
    throw wrongFile(path, `names a file outside of it: ${JSON.stringify(name.slice(0, 200))}`, [
      'Such archives are made to overwrite files of whoever unpacks them. Look where it comes from.',
    ]);
  return parts.join('/');
}

const isHidden = (name: string): boolean => /(^|\/)(\.|__MACOSX\/)/.test(name);
const depth = (name: string): number => name.split('/').length;

/** `photos/`, where all members lie in it. */
function commonFolder(members: readonly Member[]): string {
  const first = members[0]!.name;
  const folder = first.slice(0, first.indexOf('/') + 1);
  return members.every(({name}) => name.startsWith(folder)) ? folder : '';
}
