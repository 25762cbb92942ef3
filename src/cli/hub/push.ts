/** Sends a folder to a model repository of the Hugging Face hub, by the hub's own client. */
import {readdir, stat} from 'node:fs/promises';
import path from 'node:path';
import {pathToFileURL} from 'node:url';
import {GanError} from '../../errors.js';
import {hubError, type Upload} from './hub-error.js';
import type {HubToken} from './token.js';

export interface PushRequest {
  /** OWNER/NAME. */
  repository: string;
  /** Address of the hub. */
  hub: string;
  token: HubToken;
  /** Whether a new repository is private. A public one that is there is then refused. */
  private: boolean;
  /** The commit's message. */
  message: string;
  /** Seconds to wait for an answer; longer where much is sent. */
  timeout: number;
  /** Told what comes next. */
  notify?(text: string): void;
}

export interface Pushed {
  /** Address of the repository. */
  url: string;
  commit: string;
  isNew: boolean;
  files: {path: string; bytes: number}[];
}

/** The slowest way of sending that is waited for, in bytes per second. */
const slowest = 16_384;

type Client = typeof import('@huggingface/hub');

/**
 * Makes the repository where it is missing, and sends all files of the folder in one commit: all of them are there
 * afterwards, or none.
 * @throws GanError GAN_HUB_... (exit 2, 3, 5), GAN_HUB_CLIENT (3) where the client is not installed
 */
export async function pushFolder(folder: string, request: PushRequest): Promise<Pushed> {
  const {repository, hub, token, message, notify = () => {}} = request;
  const client = await loadClient();
  const files = await filesOf(folder);
  const upload: Upload = {repository, hub, token, stage: 'repository'};
  const fetchInTime = inTime(request.timeout, (url) => {
    if (url.startsWith(`${hub}/api/models/${repository}/commit/`)) upload.stage = 'commit';
  });
  const common = {hubUrl: hub, accessToken: token.value, fetch: fetchInTime};
  try {
    const isNew = await makeRepository(client, request, common);
    notify(isNew ? `Made ${hub}/${repository}` : `${hub}/${repository} is there already`);
    upload.stage = 'files';
    const bytes = files.reduce((sum, each) => sum + each.bytes, 0);
    notify(`Sending ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB`);
    const done = await client.uploadFiles({
      ...common,
      repo: {type: 'model', name: repository},
      commitTitle: message,
      files: files.map((each) => ({path: each.path, content: pathToFileURL(path.join(folder, each.path))})),
    });
    return {url: `${hub}/${repository}`, commit: done?.commit.oid ?? '', isNew, files};
  } catch (error) {
    throw hubError(error, upload);
  }
}

/** @throws GanError GAN_HUB_CLIENT (exit 3) */
async function loadClient(): Promise<Client> {
  try {
    return await import('@huggingface/hub');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new GanError(
      'config',
      'GAN_HUB_CLIENT',
      'gan push needs the package @huggingface/hub, which is not installed.',
      {
        suggestions: [
          'npm install -g @huggingface/hub   where gan is installed for all folders',
          'npm install @huggingface/hub   in a project that has gankit',
        ],
        cause,
      },
    );
  }
}

/** @returns whether it was made now */
async function makeRepository(
  client: Client,
  {repository, private: isPrivate}: PushRequest,
  common: {hubUrl: string; accessToken: string; fetch: typeof fetch},
): Promise<boolean> {
  try {
    await client.createRepo({
      ...common,
      repo: {type: 'model', name: repository},
      ...(isPrivate && {visibility: 'private'}), // else as the owner has it for new repositories
    });
    return true;
  } catch (error) {
    if ((error as {statusCode?: unknown}).statusCode !== 409) throw error;
  }
  if (!isPrivate) return false;
  const there = await client.modelInfo({...common, name: repository});
  if (there.private) return false;
  throw new GanError('usage', 'GAN_HUB_PUBLIC', `${repository} is there already, and it is public. Nothing was sent.`, {
    suggestions: ['Use another name, make it private on the hub, or leave out --private.'],
  });
}

/** `fetch` that gives up: after so many seconds, and as many more as what is sent takes on the slowest way. */
function inTime(seconds: number, asked: (url: string) => void): typeof fetch {
  return (input, init) => {
    const {body, signal} = init ?? {};
    const bytes = typeof body === 'string' ? body.length : body instanceof Blob ? body.size : 0;
    const limit = AbortSignal.timeout(Math.min(2 ** 31 - 1, Math.ceil(1000 * (seconds + bytes / slowest))));
    asked(input instanceof Request ? input.url : String(input));
    return fetch(input, {...init, signal: signal ? AbortSignal.any([signal, limit]) : limit});
  };
}

/** The files of a folder, subfolders included. What is hidden and what is a link stays here. */
async function filesOf(folder: string): Promise<{path: string; bytes: number}[]> {
  const entries = await readdir(folder, {withFileTypes: true, recursive: true});
  const names = entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)).split(path.sep))
    .filter((parts) => !parts.some((part) => part.startsWith('.')))
    .map((parts) => parts.join('/'))
    .sort();
  return Promise.all(names.map(async (name) => ({path: name, bytes: (await stat(path.join(folder, name))).size})));
}
